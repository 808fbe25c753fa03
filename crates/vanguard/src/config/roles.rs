//! Corrections of arguments' roles as they are written.

use std::collections::BTreeMap;
use std::fmt;

use globset::Glob;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{self, IntoDeserializer as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use vanguard_engine::role::{Correction, Role, Roles};

/// By glob over tool names, then by argument.
pub(crate) type Corrections = BTreeMap<String, BTreeMap<String, RoleChange>>;

/// A change of one argument's roles. A role, or a list of them, is short for `add`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RoleChange {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    add: Vec<Role>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remove: Vec<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<Vec<Role>>,
}

impl RoleChange {
    /// Whether rules may see less of the argument than without it.
    pub(crate) fn loosens(&self) -> bool {
        !self.remove.is_empty()
            || self.only.is_some()
            || self.add.iter().any(|role| matches!(role, Role::Text | Role::Opaque))
    }

    /// The correction as the engine takes it.
    pub(crate) fn correction(&self, tool: &str, argument: &str) -> Result<Correction, String> {
        let glob = |text: &str| {
            Glob::new(text)
                .map(|glob| glob.compile_matcher())
                .map_err(|error| format!("`{text}` is not a glob: {error}"))
        };
        // A pointer is a path with a slash in front and array indices, which paths are without.
        let pointer = argument.strip_prefix("/params/arguments/").or_else(|| argument.strip_prefix('/'));
        let path = pointer.map_or_else(
            || argument.to_owned(),
            |pointer| {
                let steps = pointer.split('/').filter(|step| !step.bytes().all(|b| b.is_ascii_digit()));
                steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect::<Vec<_>>().join("/")
            },
        );
        if path.is_empty() {
            return Err("names no argument; write its property path, e.g. `edits/newText`".to_owned());
        }
        let set = |roles: &[Role]| roles.iter().copied().collect::<Roles>();
        Ok(Correction {
            tool: glob(tool)?,
            argument: glob(&path)?,
            add: set(&self.add),
            remove: set(&self.remove),
            only: self.only.as_deref().map(set),
        })
    }
}

impl<'de> Deserialize<'de> for RoleChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Form)
    }
}

/// A change written as a role, a list of roles or a map.
struct Form;

impl<'de> Visitor<'de> for Form {
    type Value = RoleChange;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a role, a list of roles, or a map of `add`, `remove` and `only`")
    }

    fn visit_str<E: de::Error>(self, role: &str) -> Result<RoleChange, E> {
        Ok(RoleChange { add: vec![Role::deserialize(role.into_deserializer())?], ..RoleChange::default() })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, roles: A) -> Result<RoleChange, A::Error> {
        Ok(RoleChange { add: Vec::deserialize(SeqAccessDeserializer::new(roles))?, ..RoleChange::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RoleChange, A::Error> {
        let Parts { add, remove, only } = Parts::deserialize(MapAccessDeserializer::new(map))?;
        let list = |roles: OneOrMany| roles.0;
        Ok(RoleChange { add: list(add), remove: list(remove), only: only.map(list) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    #[serde(default)]
    add: OneOrMany,
    #[serde(default)]
    remove: OneOrMany,
    only: Option<OneOrMany>,
}

/// Roles of which one may be written without brackets.
#[derive(Default)]
struct OneOrMany(Vec<Role>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a role or a list of roles")
            }

            fn visit_str<E: de::Error>(self, role: &str) -> Result<OneOrMany, E> {
                Form.visit_str(role).map(|change| OneOrMany(change.add))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, roles: A) -> Result<OneOrMany, A::Error> {
                Form.visit_seq(roles).map(|change| OneOrMany(change.add))
            }
        }
        deserializer.deserialize_any(List)
    }
}

impl JsonSchema for RoleChange {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RoleChange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let role = json_schema!({
            "enum": ["path", "command", "url", "host", "sql", "code", "text", "secret", "id", "opaque"]
        });
        let roles = json_schema!({ "anyOf": [role, { "type": "array", "items": role }] });
        json_schema!({
            "anyOf": [
                roles,
                {
                    "type": "object",
                    "properties": { "add": roles, "remove": roles, "only": roles },
                    "additionalProperties": false
                }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::parse;

    fn change(text: &str) -> RoleChange {
        let written = parse(&format!("roles: {{t: {{a: {text}}}}}\n"), "x").expect("valid");
        written.roles.expect("some")["t"]["a"].clone()
    }

    #[test]
    fn a_change_has_short_forms() {
        assert_eq!(change("path"), change("[path]"));
        assert_eq!(change("[path, command]"), change("{add: [path, command]}"));
        assert_eq!(change("{only: []}").only, Some(Vec::new()));
    }

    #[test]
    fn an_unknown_role_is_named_with_its_place_and_a_suggestion() {
        for (text, expected) in [
            ("roles: {t: {a: [paht]}}\n", "`paht` is not a value of this key; did you mean `path`?"),
            ("roles: {t: {a: {remove: sequel}}}\n", "`sequel` is not a value of this key; known are path, command,"),
            ("roles: {t: {a: {ad: path}}}\n", "unknown key `ad`; did you mean `add`?"),
            ("roles: {t: {a: 7}}\n", "x:1:"),
        ] {
            let fault = parse(text, "x").expect_err("refused").to_string();
            assert!(fault.starts_with("x:1:") && fault.contains(expected), "{fault}");
        }
    }

    #[test]
    fn arguments_are_named_by_path_or_by_pointer() {
        let change = change("path");
        for (argument, path) in [
            ("edits/newText", "edits/newText"),
            ("/edits/0/newText", "edits/newText"),
            ("/params/arguments/a", "a"),
            ("*", "x"),
        ] {
            assert!(change.correction("t", argument).expect("valid").argument.is_match(path), "{argument}");
        }
        assert!(change.correction("t", "/").is_err() && change.correction("[", "a").is_err());
    }
}
