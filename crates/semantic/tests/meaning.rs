//! The rules that ask what texts mean, against their own cases, with the scorer that comes with the program.

use std::collections::BTreeMap;

use vanguard_engine::Profile;
use vanguard_engine::meaning::Meaning;
use vanguard_engine::rules::{RuleSet, Tuning, builtin, failures};

#[test]
fn rules_that_ask_for_meaning_do_as_their_cases_say() {
    let tuning = Tuning { profile: Profile::Balanced, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(builtin(), &tuning).unwrap();
    let meaning = vanguard_semantic::embedded(Meaning::WARN, Meaning::BLOCK).unwrap();
    let failures = failures(&rules.asking(meaning));
    assert!(failures.is_empty(), "{failures:#?}");
}
