//! What a person reads whose pack is wrong.

use super::*;

fn errors(text: &str) -> String {
    lines(&load(text).unwrap_err())
}

#[test]
fn all_errors_of_a_pack_are_reported_at_once_in_its_order() {
    let pack = "- id: A\n  titel: y\n  family: 3\n  severity: hgh\n- id: B\n  pattern: 'x('\n";
    let said = errors(pack);
    for line in [
        "test.yaml:2:3: rule A: `titel` is no key of a rule\n  mend: Did you mean `title`?",
        "test.yaml:3:11: rule A: `family` takes a text, and this is a number\n  mend: Put it in 'single quotes'.",
        "test.yaml:4:13: rule A: `hgh` is no value of `severity`\n  mend: Did you mean `high`?",
        "test.yaml:1:3: rule A: the rule has no `roles`",
        "test.yaml:5:3: rule B: the rule has no `title`",
    ] {
        assert!(said.contains(line), "{line}\nnot in\n{said}");
    }
    let places: Vec<u32> = load(pack).unwrap_err().iter().map(|error| error.line).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_pack_that_is_no_list_or_no_yaml_is_refused() {
    assert!(errors("{a: 1}").starts_with("test.yaml:1:1: a pack is a list of rules, and this is a map"));
    assert!(errors("- id: [a\n").contains("this is not valid YAML"));
    assert!(errors("- a: 1\n  a: 2\n").starts_with("test.yaml:2:3: this is not valid YAML: duplicate"));
    assert!(errors("- just text\n").contains("a rule is a map of keys, and this is a text"));
}

#[test]
fn a_wrong_pattern_shows_where_and_what_to_do() {
    let said = errors(&rule(
        "A",
        "roles: [text]\npatterns: ['foo(', '(?<=x)foo', '[a-z]+', 'a?', 'a|bcd', 'x{9}(?:abc){1,65000}']",
    ));
    assert!(said.contains("unclosed group"), "{said}");
    assert!(said.contains("There is no look-around"), "{said}");
    assert!(said.contains("no literal that every match contains"), "{said}");
    assert!(said.contains("matches the empty text"), "{said}");
    let rare = "no literal in its alternative `a` that is rare enough to look for first; its best is `a`";
    assert!(said.contains(rare), "{said}");
    assert!(said.contains("is too large a pattern"), "{said}");
    assert_eq!(load(&rule("A", "roles: [text]\npatterns: ['foo(', 'bar(']")).unwrap_err().len(), 2);
}

#[test]
fn a_detector_must_be_known_and_stand_alone() {
    let said = errors(&rule("A", "roles: [path]\ndetector: sign.dgit"));
    assert!(said.contains("`sign.dgit` is no detector\n  mend: Did you mean `sign.digit`?"), "{said}");
    assert!(errors(&rule("A", "roles: [path]\ndetector: sign.digit\npattern: xyz")).contains("both"));
    assert!(errors(&rule("A", "roles: [path]")).contains("`detector:` with a name"));
}

#[test]
fn a_short_literal_will_do_in_short_fields_only() {
    assert!(load(&rule("A", "roles: [id]\npattern: '; *ls\\b'")).is_ok());
    assert!(errors(&rule("A", "roles: [id, text]\npattern: 'e ?t'")).contains("rare enough"));
}

#[test]
fn an_id_is_unique_over_all_packs() {
    let (one, two) = (rule("A", "roles: [text]\npattern: 'needle'"), rule("A", "roles: [text]\npattern: 'noodle'"));
    let overrides = BTreeMap::new();
    let tuning = Tuning { profile: Profile::Balanced, overrides: &overrides };
    let packs = [PackSource::new("one.yaml", &one), PackSource::new("two.yaml", &two)];
    let said = lines(&RuleSet::load(&packs, &tuning).unwrap_err());
    assert!(said.starts_with("two.yaml:1:3: rule A: the id is taken: one.yaml:1 has it too"), "{said}");
    let old = "- {id: A, match_fields: [params], pattern: needle}";
    let packs = [PackSource::new("one.yaml", &one), PackSource::new("old.yaml", old)];
    let set = RuleSet::load(&packs, &tuning).unwrap();
    assert!(lines(set.warnings()).contains("both run"), "an old pack may carry any id");
}

#[test]
fn an_override_of_no_rule_is_said() {
    let overrides = BTreeMap::from([("SEC-01".to_owned(), Action::Off)]);
    let set = tuned(&rule("SEC-001", "roles: [text]\npattern: 'needle'"), Profile::Balanced, &overrides).unwrap();
    assert!(lines(set.warnings()).contains("`SEC-01: off` concerns no rule; did you mean `SEC-001`?"));
}

#[test]
fn packs_rules_and_patterns_are_bounded() {
    let long = rule("A", &format!("roles: [text]\npattern: '{}'", "x".repeat(MAX_PATTERN_BYTES + 1)));
    assert!(errors(&long).contains("the most is 16384"));
    let exact = rule("A", &format!("roles: [text]\npattern: '{}'", "x".repeat(MAX_PATTERN_BYTES)));
    assert!(load(&exact).is_ok());
    assert!(errors(&"- {}\n".repeat(MAX_RULES + 1)).contains("the most is 5000"));
    assert!(errors(&format!("#{}", " ".repeat(MAX_PACK_BYTES))).contains("the most is 4194304"));
    assert!(errors(&"[".repeat(10_000)).contains("not valid YAML"));
}

#[test]
fn a_case_is_one_of_five_things() {
    let tests = "tests: {stop: ['a', {path: b}, {tool: t, args: {n: 1}}, {result: c}, {description: d}], pass: []}";
    let set = load(&rule("A", &format!("roles: [text]\npattern: 'needle'\n{tests}"))).unwrap();
    assert_eq!(set.rules()[0].cases().len(), 5);
    assert_eq!(
        set.rules()[0].cases()[2].subject,
        Subject::Call { tool: "t".to_owned(), args: r#"{"n":1}"#.to_owned() }
    );
    let said = errors(&rule(
        "A",
        "roles: [text]\npattern: 'needle'\ntests: {stop: [{pth: a}, 3, {path: a, url: b}], halt: []}",
    ));
    assert!(said.contains("`pth` is no role") && said.contains("a case cannot be a number"), "{said}");
    assert!(said.contains("this is no case") && said.contains("`halt` is no key of `tests`"), "{said}");
}
