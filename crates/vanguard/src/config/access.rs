//! What calling tools takes, as it is written.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use globset::{Glob, GlobBuilder};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use vanguard_engine::access::Requirement;

/// By glob over tool names.
pub(crate) type Access = BTreeMap<Tools, Takes>;

/// What calling a tool takes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Parts")]
pub(crate) struct Takes {
    #[serde(skip_serializing_if = "Option::is_none")]
    require_scope: Option<Names>,
    #[serde(skip_serializing_if = "Option::is_none")]
    require_role: Option<Names>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    require_scope: Option<Names>,
    require_role: Option<Names>,
}

impl TryFrom<Parts> for Takes {
    type Error = &'static str;

    fn try_from(Parts { require_scope, require_role }: Parts) -> Result<Self, Self::Error> {
        if require_scope.is_none() && require_role.is_none() {
            return Err("it takes nothing; write `require_scope` or `require_role`, or leave the tools out");
        }
        Ok(Self { require_scope, require_role })
    }
}

impl Takes {
    /// The requirement as the engine takes it.
    pub(crate) fn of(&self, tools: &Tools) -> Requirement {
        let names =
            |names: &Option<Names>| names.iter().flat_map(|names| &names.0).map(|name| (**name).into()).collect();
        let (scopes, roles) = (names(&self.require_scope), names(&self.require_role));
        Requirement { tools: tools.0.compile_matcher(), scopes, roles }
    }
}

/// A glob over tool names. Servers differ in what they take for the same name, so case is no difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tools(Glob);

impl Ord for Tools {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.glob().cmp(other.0.glob())
    }
}

impl PartialOrd for Tools {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.glob())
    }
}

impl<'de> Deserialize<'de> for Tools {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let glob = GlobBuilder::new(&text).case_insensitive(true).build();
        let no_glob = |error: globset::Error| format!("`{text}` is not a glob over tool names: {}", error.kind());
        glob.map(Self).map_err(|error| de::Error::custom(no_glob(error)))
    }
}

/// Names of scopes or roles, of which one may be written without brackets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Names(Vec<String>);

impl Names {
    fn one<E: de::Error>(name: &str) -> Result<String, E> {
        // What may stand in a scope by RFC 6749, section 3.3; a role is no other.
        let stands = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !name.is_empty() && name.bytes().all(stands) {
            return Ok(name.to_owned());
        }
        let hint = if name.contains(' ') { "; write several as a list" } else { "" };
        Err(E::custom(format!("`{name}` is not the name of a scope or role{hint}")))
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a list of names")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![Names::one(name)?]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = list.next_element::<Cow<'de, str>>()? {
                    names.push(Names::one(&name)?);
                }
                if names.is_empty() {
                    Err(de::Error::custom("an empty list of names asks for nothing"))
                } else {
                    Ok(Names(names))
                }
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Takes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Takes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names = json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }] });
        json_schema!({
            "type": "object",
            "properties": { "require_scope": names, "require_role": names },
            "minProperties": 1,
            "additionalProperties": false
        })
    }
}

impl JsonSchema for Tools {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Tools".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::parse;

    #[test]
    fn one_name_needs_no_brackets() {
        let written = parse("tools:\n  'delete_*': {require_scope: files:admin}\n  x: {require_role: [a, b]}\n", "x");
        let tools = written.expect("valid").tools.expect("some");
        let all: Vec<Requirement> = tools.iter().map(|(tools, takes)| takes.of(tools)).collect();
        assert_eq!((all[0].scopes.len(), &*all[0].scopes[0], all[0].roles.len()), (1, "files:admin", 0));
        assert!(all[0].tools.is_match("Delete_File") && !all[0].tools.is_match("undelete_x"));
        assert_eq!((all[1].scopes.len(), all[1].roles.len()), (0, 2));
    }

    #[test]
    fn what_cannot_be_meant_is_said_with_its_place_and_how_to_mend_it() {
        for (text, place, expected) in [
            ("tools:\n  a: {require_scope: x y}\n", "x:2:", "write several as a list"),
            ("tools:\n  a: {require_scope: [x, '']}\n", "x:2:", "is not the name of a scope or role"),
            ("tools:\n  a: {require_role: []}\n", "x:2:", "asks for nothing"),
            ("tools:\n  a: {}\n", "x:2:", "write `require_scope` or `require_role`"),
            ("tools:\n  a: {require_scopes: x}\n", "x:2:", "did you mean `require_scope`?"),
            ("tools:\n  '[a': {require_scope: x}\n", "x:2:", "is not a glob over tool names"),
            ("tools:\n  a: {require_scope: 7}\n", "x:2:", "a name or a list of names"),
        ] {
            let fault = parse(text, "x").expect_err("refused").to_string();
            assert!(fault.starts_with(place) && fault.contains(expected), "{text}: {fault}");
        }
    }
}
