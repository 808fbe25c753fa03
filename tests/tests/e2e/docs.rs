//! The pages name rules, files and settings that exist, and the JSON to paste is JSON.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use e2e::{repository, vanguard};
use serde_json::Value;

/// Ids that stand in a page as examples of one's own.
const INVENTED: &[&str] = &["FS-042"];

fn pages() -> Vec<PathBuf> {
    let of = |folder: &str| {
        let entries = fs::read_dir(repository().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect::<Vec<_>>()
    };
    [of(""), of("docs"), of("deploy"), of("tests/scenarios")].concat()
}

#[test]
fn every_rule_that_a_page_names_exists() {
    let listed = vanguard().args(["rules", "list", "--json"]).output().unwrap();
    let rules: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let rules = rules.as_array().or_else(|| rules["rules"].as_array()).unwrap();
    let known: BTreeSet<&str> =
        rules.iter().filter_map(|rule| rule["id"].as_str()).chain(INVENTED.iter().copied()).collect();
    let families: BTreeSet<&str> = known.iter().filter_map(|id| id.split('-').next()).collect();
    let mut named = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        for word in words.map(|word| word.trim_matches('-')) {
            let Some((family, number)) = word.split_once('-') else { continue };
            if families.contains(family) && number.starts_with(|c: char| c.is_ascii_digit()) {
                named += 1;
                assert!(known.contains(word), "{}: there is no rule {word}", page.display());
            }
        }
    }
    assert!(named > 100, "only {named} rules are named: is the pattern right?");
}

#[test]
fn every_file_that_a_page_names_exists() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        // Links, from the page's own folder; and paths in code marks, from the root.
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap();
            assert!(page.parent().unwrap().join(file).exists(), "{}: there is no {link}", page.display());
        }
        let marked = text.split('`').filter(|mark| !mark.contains([' ', '\n', '*', '<']) && !mark.contains(".."));
        let paths = marked
            .filter(|mark| ["tests/", "docs/", "crates/", "rules/", "fuzz/"].iter().any(|root| mark.starts_with(root)));
        for path in paths {
            assert!(repository().join(path).exists(), "{}: there is no {path}", page.display());
        }
    }
    for scenario in
        fs::read_to_string(repository().join("docs/threats.md")).unwrap().split('`').filter(|mark| !mark.contains('/'))
    {
        let is_page = Path::new(scenario).extension().is_some_and(|extension| extension == "md");
        assert!(
            !is_page || repository().join("tests/scenarios").join(scenario).exists(),
            "there is no scenario {scenario}"
        );
    }
}

#[test]
fn the_json_to_paste_is_json_that_starts_the_proxy() {
    let text = fs::read_to_string(repository().join("docs/clients.md")).unwrap();
    let blocks: Vec<&str> = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 5);
    let mut wrapped = 0;
    for block in blocks {
        let value: Value = serde_json::from_str(block).unwrap_or_else(|e| panic!("{e}: {block}"));
        let servers = ["mcpServers", "servers"].iter().find_map(|key| value.get(key).and_then(Value::as_object));
        for server in servers.map_or(vec![&value], |servers| servers.values().collect()) {
            let arguments: Vec<&str> = server["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            if server["command"].as_str().unwrap().ends_with("vanguard") {
                assert!(
                    arguments[0] == "start" && (arguments.contains(&"--") || arguments.contains(&"--server")),
                    "{block}"
                );
                wrapped += 1;
            }
        }
    }
    assert!(wrapped >= 5);
}
