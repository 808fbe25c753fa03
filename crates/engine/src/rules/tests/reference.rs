//! The language reference tells the truth.

use super::*;

const REFERENCE: &str = include_str!("../../../../../docs/rules.md");

#[test]
fn the_example_loads_and_passes_its_own_cases() {
    let example = REFERENCE.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let set = load(example).unwrap_or_else(|errors| panic!("{}", lines(&errors)));
    assert_eq!(set.rules()[0].cases().len(), 4);
    assert!(failures(&set).is_empty(), "{}", lines(&failures(&set)));
}

#[test]
fn every_key_role_view_and_limit_is_named() {
    let roles = words::ROLES.iter().map(|(name, _)| *name);
    let views = words::VIEWS.iter().map(|(name, _)| *name);
    for name in form::KEYS.iter().copied().chain(roles).chain(views) {
        assert!(REFERENCE.contains(&format!("`{name}`")), "docs/rules.md does not name `{name}`");
    }
    for limit in [MAX_RULES, MAX_PACK_BYTES >> 20, MAX_PATTERN_BYTES >> 10] {
        let limit = if limit >= 1000 { format!("{},{:03}", limit / 1000, limit % 1000) } else { limit.to_string() };
        assert!(REFERENCE.contains(&limit), "docs/rules.md does not name the limit {limit}");
    }
}
