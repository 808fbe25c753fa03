//! The JSON Schema of the configuration file, and the reference table made from it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Deserialize;

use super::Written;
use super::variables::{Effect, VARIABLES};

/// The schema as pretty JSON with a final line break.
pub(crate) fn json() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(Written)).unwrap_or_default();
    text.push('\n');
    text
}

/// The part of a JSON Schema that the reference shows.
#[derive(Deserialize)]
struct Node {
    #[serde(default)]
    description: String,
    #[serde(default)]
    properties: BTreeMap<String, Node>,
}

/// Every key with its description, dotted, in alphabetical order.
pub(crate) fn keys() -> Vec<(String, String)> {
    fn walk(node: &Node, prefix: &str, keys: &mut Vec<(String, String)>) {
        for (name, child) in &node.properties {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if child.properties.is_empty() {
                keys.push((key, child.description.replace('\n', " ")));
            } else {
                walk(child, &key, keys);
            }
        }
    }
    let mut keys = Vec::new();
    if let Ok(root) = serde_json::from_str::<Node>(&json()) {
        walk(&root, "", &mut keys);
    }
    keys
}

/// The reference of keys and variables as Markdown tables; `docs/configuration.md` holds exactly this.
pub(crate) fn reference() -> String {
    let mut text = String::from("| key | variable | meaning |\n| --- | --- | --- |\n");
    for (key, meaning) in keys() {
        let variable = VARIABLES.iter().find(|v| matches!(v.effect, Effect::Sets(set, _) if set == key));
        let variable = variable.map(|v| format!("`{}`", v.name)).unwrap_or_default();
        let _ = writeln!(text, "| `{key}` | {variable} | {meaning} |");
    }
    text.push_str("\n| variable | effect in this release |\n| --- | --- |\n");
    for variable in VARIABLES {
        let effect = match variable.effect {
            Effect::Sets(key, _) => format!("sets `{key}`"),
            Effect::Steers(what) => what.to_owned(),
            Effect::Idle(what) => format!("none: {what}"),
        };
        let _ = writeln!(text, "| `{}` | {effect} |", variable.name);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(path: &str) -> String {
        std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).expect("readable")
    }

    #[test]
    fn the_committed_schema_is_current() {
        assert!(committed("schema/config.json") == json(), "run `vanguard config schema > schema/config.json`");
    }

    #[test]
    fn the_committed_reference_is_current() {
        let docs = committed("docs/configuration.md");
        assert!(
            docs.contains(&reference()),
            "put the output of `vanguard config schema --markdown` into docs/configuration.md"
        );
    }

    #[test]
    fn every_key_says_what_it_means() {
        let keys = keys();
        assert!(keys.len() > 20);
        for (key, meaning) in keys {
            assert!(meaning.ends_with('.'), "{key}: {meaning}");
        }
    }

    #[test]
    fn every_variable_that_sets_a_key_names_one_that_exists() {
        let keys = keys();
        for variable in VARIABLES {
            if let Effect::Sets(key, _) = variable.effect {
                // An entry of a map, such as one rule's override, is below a key.
                let names = |known: &String| key == known || key.starts_with(&format!("{known}."));
                assert!(keys.iter().any(|(known, _)| names(known)), "{key}");
            }
        }
    }
}
