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

#[test]
fn the_build_prepares_packs_as_loading_would_read_them() {
    let overrides = BTreeMap::new();
    let tuning = Tuning { profile: Profile::Strict, overrides: &overrides };
    // A pack of another name is no built-in one, and is read from its text.
    let names: Vec<String> = builtin().iter().map(|pack| format!("my-{}", pack.name)).collect();
    let texts: Vec<_> = builtin().iter().zip(&names).map(|(pack, name)| PackSource::new(name, pack.text)).collect();
    let (prepared, read) = (RuleSet::load(builtin(), &tuning).unwrap(), RuleSet::load(&texts, &tuning).unwrap());
    assert_eq!(prepared.rules().len(), read.rules().len());
    for (prepared, read) in prepared.rules().iter().zip(read.rules()) {
        assert_eq!(prepared.info, read.info);
        assert_eq!((prepared.action, prepared.mask, prepared.line), (read.action, read.mask, read.line));
        assert_eq!(prepared.cases(), read.cases());
        let hints = |rule: &Rule| rule.probes().iter().map(|probe| probe.hint.clone()).collect::<Vec<_>>();
        assert_eq!(hints(prepared), hints(read));
    }
}
