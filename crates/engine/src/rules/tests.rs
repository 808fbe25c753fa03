use std::collections::BTreeMap;

use super::*;
use crate::views::Chain;

fn load(text: &str) -> Result<RuleSet, Vec<PackError>> {
    let overrides = BTreeMap::new();
    RuleSet::load(&[PackSource::new("test.yaml", text)], &Tuning { profile: Profile::Balanced, overrides: &overrides })
}

fn fired(set: &RuleSet, roles: Roles, text: &str) -> Vec<String> {
    let target =
        Target { roles, direction: Direction::REQUEST, tool: None, pointer: &|| "/params/arguments/x".to_owned() };
    let mut scratch = ScanScratch::default();
    scratch.begin_message();
    let mut ids = Vec::new();
    set.scan(text, &Chain::default(), &target, &mut scratch, &mut |rule, _| ids.push(rule.info.id.to_string()))
        .unwrap();
    ids
}

fn lines(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

const CLIMB: &str = r"
- id: FS-003
  title: Climbs out
  family: path
  severity: high
  action: block
  roles: [path]
  pattern: '(?:^|/)\.\./'
  message: No.
  tests:
    stop: ['../../etc/passwd']
    pass: ['docs/..hidden/file']
";

#[test]
fn a_rule_fires_on_its_role_only() {
    let set = load(CLIMB).unwrap();
    assert_eq!(fired(&set, Roles::PATH, "a/../../b"), ["FS-003"]);
    assert!(fired(&set, Roles::TEXT, "a/../../b").is_empty());
    assert!(fired(&set, Roles::PATH, "a/b..").is_empty());
}

#[test]
fn builtin_packs() {
    let overrides = BTreeMap::new();
    let tuning = Tuning { profile: Profile::Balanced, overrides: &overrides };
    let set = match RuleSet::load(builtin(), &tuning) {
        Ok(set) => set,
        Err(errors) => panic!("{}", lines(&errors)),
    };
    let failures = failures(&set);
    assert!(failures.is_empty(), "\n{}", lines(&failures));
}
