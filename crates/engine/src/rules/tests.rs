use std::collections::BTreeMap;

use super::*;
use crate::views::{Chain, ViewKind};

mod catalogue;
mod errors;
mod properties;
mod reference;

fn tuned(text: &str, profile: Profile, overrides: &BTreeMap<String, Action>) -> Result<RuleSet, Vec<PackError>> {
    RuleSet::load(&[PackSource::new("test.yaml", text)], &Tuning { profile, overrides })
}

fn load(text: &str) -> Result<RuleSet, Vec<PackError>> {
    tuned(text, Profile::Balanced, &BTreeMap::new())
}

/// A rule with everything but what `rest` says, which begins at the margin.
fn rule(id: &str, rest: &str) -> String {
    let rest = rest.trim().replace('\n', "\n  ");
    format!("- id: {id}\n  title: t\n  family: f\n  severity: high\n  action: block\n  message: m\n  {rest}\n")
}

/// Ids of the rules that fire.
fn fired(set: &RuleSet, target: &Target<'_>, kind: ViewKind, text: &str) -> Result<Vec<String>, BudgetExceeded> {
    let chain = if kind == ViewKind::Raw { Chain::default() } else { Chain([kind].into_iter().collect()) };
    let mut scratch = ScanScratch::default();
    scratch.begin_message();
    let mut ids = Vec::new();
    set.scan(text, &chain, false, target, &mut scratch, &mut |rule, range| {
        assert!(text.get(range).is_some());
        ids.push(rule.info.id.to_string());
    })?;
    Ok(ids)
}

fn field(roles: Roles) -> Target<'static> {
    Target { roles, direction: Direction::REQUEST, tool: None, pointer: &|| "/params/arguments/path".to_owned() }
}

fn fires(set: &RuleSet, roles: Roles, text: &str) -> bool {
    !fired(set, &field(roles), ViewKind::Raw, text).unwrap().is_empty()
}

fn lines(items: &[impl ToString]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn built_in() -> RuleSet {
    let overrides = BTreeMap::new();
    let tuning = Tuning { profile: Profile::Balanced, overrides: &overrides };
    RuleSet::load(builtin(), &tuning).unwrap_or_else(|errors| panic!("{}", lines(&errors)))
}

#[test]
fn builtin_packs() {
    let failures = failures(&built_in());
    assert!(failures.is_empty(), "\n{}", lines(&failures));
}

#[test]
fn every_built_in_pattern_compiles() {
    for rule in built_in().rules() {
        for lazy in rule.lazies() {
            assert!(lazy.get().is_some(), "{}: rule {}: a pattern does not compile", rule.pack, rule.info.id);
        }
    }
}

#[test]
fn the_build_prepares_packs_as_loading_would_read_them() {
    let overrides = BTreeMap::new();
    let tuning = Tuning { profile: Profile::Balanced, overrides: &overrides };
    // A pack of another name is no built-in one, and is read from its text.
    let names: Vec<String> = builtin().iter().map(|pack| format!("my-{}", pack.name)).collect();
    let texts: Vec<_> = builtin().iter().zip(&names).map(|(pack, name)| PackSource::new(name, pack.text)).collect();
    for pack in builtin() {
        assert!(builtin::prepared(pack).is_some(), "{} would be read from its text at every start", pack.name);
    }
    let (prepared, read) = (built_in(), RuleSet::load(&texts, &tuning).unwrap());
    assert_eq!(prepared.rules().len(), read.rules().len());
    for (prepared, read) in prepared.rules().iter().zip(read.rules()) {
        assert_eq!(prepared.info, read.info);
        assert_eq!((prepared.action, prepared.mask, prepared.line), (read.action, read.mask, read.line));
        assert_eq!(prepared.cases(), read.cases());
        let hints = |rule: &Rule| rule.probes().iter().map(|probe| probe.hint.without_needles()).collect::<Vec<_>>();
        assert_eq!(hints(prepared), hints(read));
    }
    // Each literal under the same number, in the same tables, and with the same places.
    let literals = |set: &RuleSet| format!("{:?}", set.index.literals);
    assert!(literals(&prepared) == literals(&read), "the build numbers literals as loading does");
}

#[test]
fn literals_lead_to_the_same_patterns_whatever_packs_stand_beside() {
    let overrides = BTreeMap::new();
    let tuning = Tuning { profile: Profile::Balanced, overrides: &overrides };
    let all = built_in();
    let places = |set: &RuleSet, rule: &str| {
        let at = set.rules().iter().position(|known| known.info.id == rule).unwrap();
        let slots: Vec<usize> = set.rules()[at].probes().iter().map(|probe| probe.pattern.slot).collect();
        let own = set.index.literals.each().filter(|(_, place)| place.rule() == at);
        let mut own: Vec<String> = own
            .map(|(needle, place)| {
                assert_eq!(slots[place.probe()], place.slot());
                format!("{needle:?} {} {} {}", place.probe, place.gate, place.paired)
            })
            .collect();
        own.sort();
        own
    };
    // The second of three packs is read from its text, and stands before the first.
    let packs = [PackSource::new("mine", builtin()[1].text), builtin()[0], builtin()[2]];
    let some = RuleSet::load(&packs, &tuning).unwrap();
    for rule in some.rules() {
        assert_eq!(places(&some, &rule.info.id), places(&all, &rule.info.id), "{}", rule.info.id);
    }
}

#[test]
fn a_rule_reads_its_roles_directions_views_and_tools_only() {
    let set = load(&rule("A", "roles: [path]\nviews: [percent]\ntools: ['*READ*']\npattern: 'needle'")).unwrap();
    let reader = Target { tool: Some("fs_read_file"), ..field(Roles::PATH | Roles::TEXT) };
    assert_eq!(fired(&set, &reader, ViewKind::Percent, "a Needle").unwrap(), ["A"]);
    assert!(fired(&set, &reader, ViewKind::Raw, "a needle").unwrap().is_empty());
    let other_role = Target { roles: Roles::COMMAND, ..reader };
    assert!(fired(&set, &other_role, ViewKind::Percent, "a needle").unwrap().is_empty());
    let other_tool = Target { tool: Some("write"), ..field(Roles::PATH) };
    assert!(fired(&set, &other_tool, ViewKind::Percent, "a needle").unwrap().is_empty());
    assert!(fired(&set, &field(Roles::PATH), ViewKind::Percent, "a needle").unwrap().is_empty(), "no tool at all");
    let answer = Target { direction: Direction::RESPONSE, tool: Some("read"), ..field(Roles::PATH) };
    assert!(fired(&set, &answer, ViewKind::Percent, "a needle").unwrap().is_empty());
}

#[test]
fn unless_and_also_qualify_a_match() {
    let set = load(&rule("A", "roles: [text]\npattern: 'curl\\b'\nunless: 'curlew'\nalso: ['bash', 'http']")).unwrap();
    assert!(fires(&set, Roles::TEXT, "bash it: curl http://x"));
    assert!(!fires(&set, Roles::TEXT, "curl http://x"), "also needs all");
    assert!(!fires(&set, Roles::TEXT, "bash http curl, not the curlew"));
    let far = format!("curlew {} curl http://x | bash", "x ".repeat(400));
    assert!(fires(&set, Roles::TEXT, &far), "an excuse counts near the match only");
}

#[test]
fn unless_reads_the_whole_line_of_a_command() {
    let set = load(&rule("A", "roles: [command]\nviews: [shell]\npattern: '^rm -r'\nunless: 'safe'")).unwrap();
    assert!(load(&rule("A", "roles: [command]\npattern: '^rm -r'\nunless: 'safe'")).is_ok());
    let line = |text: &str| fired(&set, &field(Roles::COMMAND), ViewKind::Shell, text).unwrap();
    assert_eq!(line("rm -r /\necho safe"), ["A"]);
    assert!(line(&format!("rm -r {} safe\necho", "x".repeat(2000))).is_empty());
}

#[test]
fn a_profile_and_an_override_change_the_action() {
    let pack = rule("A", "roles: [text]\npattern: 'needle'\nprofiles: {monitor: off}").replace("block", "review");
    let action =
        |profile, overrides: &BTreeMap<String, Action>| tuned(&pack, profile, overrides).unwrap().rules()[0].action;
    let none = BTreeMap::new();
    assert_eq!(action(Profile::Balanced, &none), Action::Review);
    assert_eq!(action(Profile::Strict, &none), Action::Block);
    assert_eq!(action(Profile::Monitor, &none), Action::Off);
    let warn = BTreeMap::from([("A".to_owned(), Action::Warn)]);
    assert_eq!(action(Profile::Strict, &warn), Action::Warn);
    assert!(!fires(&tuned(&pack, Profile::Monitor, &none).unwrap(), Roles::TEXT, "needle"), "off is off");
}

#[test]
fn letters_beyond_ascii_match_in_either_case_and_in_classes() {
    let set = load(&rule("A", "roles: [text]\npatterns: ['игнорируй', 'x[àé]yz', '[\\u200b-\\u200f]{3}']")).unwrap();
    for text in ["ИГНОРИРУЙ это", "xÉyz", "a\u{200b}\u{200c}\u{200d}b"] {
        assert!(fires(&set, Roles::TEXT, text), "{text}");
    }
    assert!(!fires(&set, Roles::TEXT, "игнор xeyz"));
}

#[test]
fn what_an_anchored_pattern_cannot_reach_is_not_searched() {
    let set = load(&rule("A", "roles: [text]\npattern: '\\A.{0,10}needle'")).unwrap();
    assert!(fires(&set, Roles::TEXT, "a needle"));
    assert!(!fires(&set, Roles::TEXT, "rather far to the needle"));
}

#[test]
fn what_begins_a_line_is_searched_near_the_beginning_of_one() {
    let set = load(&rule("A", "roles: [command]\npattern: '(?m)^x.{0,10}needle'")).unwrap();
    let far = "x far from the needle, ".repeat(400);
    for text in ["x needle".to_owned(), format!("{far}\nx needle"), format!("{far}needle\nx the needle{far}")] {
        assert!(fires(&set, Roles::COMMAND, &text), "{text}");
    }
    for text in [far.clone(), format!("{far}x needle"), format!("{far}\ny needle\n")] {
        assert!(!fires(&set, Roles::COMMAND, &text), "{text}");
    }
}

#[test]
fn a_message_that_sets_off_too_much_is_refused() {
    let patterns = "'abc[^z]*[wxyz]{3}', ".repeat(60);
    let set = load(&rule("A", &format!("roles: [command]\npatterns: [{patterns}]"))).unwrap();
    let exceeded = fired(&set, &field(Roles::COMMAND), ViewKind::Raw, &"abc ".repeat(1 << 18)).unwrap_err();
    assert_eq!(exceeded.rule, "A");
}

#[test]
fn a_scratch_serves_any_set() {
    let (one, two) = (load(&rule("A", "roles: [text]\npattern: 'one.two'")).unwrap(), built_in());
    let mut scratch = ScanScratch::default();
    for set in [&one, &two, &one] {
        scratch.begin_message();
        let mut hits = 0;
        set.scan("one two", &Chain::default(), false, &field(Roles::TEXT), &mut scratch, &mut |_, _| hits += 1)
            .unwrap();
        assert_eq!(hits, usize::from(std::ptr::eq(set, &raw const one)));
    }
}

const OLD: &str = r#"
- id: "OLD-1"
  description: "Block access to /etc/"
  severity: CRITICAL
  action: BLOCK
  match_fields: ["params.arguments.path", "params.path"]
  pattern: '(^|[\\/])etc[\\/]'
  message: "No."
- id: "OLD-2"
  severity: MEDIUM
  action: WARN
  match_fields: ["params"]
  pattern: '(.)\1{20,}'
- id: "OLD-3"
  description: "d"
  action: LOG
  pattern: '(?<!x)y+(?!z)end'
  colour: red
"#;

#[test]
fn old_form_rules_keep_their_meaning() {
    let set = load(OLD).unwrap();
    let at = |pointer: &'static str, text: &str| {
        let pointer = || pointer.to_owned();
        fired(&set, &Target { pointer: &pointer, ..field(Roles::TEXT) }, ViewKind::Raw, text).unwrap()
    };
    assert_eq!(at("/params/arguments/path", "/ETC/x"), ["OLD-1"]);
    assert!(at("/params/arguments/pathology", "/etc/x").is_empty());
    assert!(at("/result/path", "/etc/x").is_empty());
    assert_eq!(at("/params/arguments/path/0", "/etc/x"), ["OLD-1"], "a list is searched as a whole");
    assert_eq!(at("/params/arguments/deep/1", &"a".repeat(30)), ["OLD-2"]);
    assert_eq!(at("/params/name", "yyend"), ["OLD-3"], "without match_fields all of params");
    let [one, two, three] = set.rules() else { panic!() };
    assert_eq!((&*one.info.title, one.action), ("Block access to /etc/", Action::Block));
    assert_eq!((&*two.info.title, two.action, &*two.info.message), ("OLD-2", Action::Warn, "Rule OLD-2 triggered"));
    assert_eq!((three.action, three.info.severity), (Action::Warn, crate::finding::Severity::Medium));
    let warnings = lines(set.warnings());
    assert!(warnings.contains("rule OLD-2: its pattern has back-references"), "{warnings}");
    assert!(warnings.contains("`colour` means nothing"), "{warnings}");
}

#[test]
fn a_backtracking_pattern_that_takes_too_long_refuses_the_message() {
    let set = load(r"- {id: X, match_fields: [params], pattern: '(a+)(a+)\1\2c'}").unwrap();
    let exceeded = fired(&set, &field(Roles::TEXT), ViewKind::Raw, &"a".repeat(5_000)).unwrap_err();
    assert!(exceeded.to_string().contains("too many steps"), "{exceeded}");
}

#[test]
fn safe_zones_among_rules_are_said_to_hold_elsewhere() {
    let set = load("- tool: read_file\n  allowed_prefixes: [/home/project]\n  recursive: true\n").unwrap();
    assert!(set.rules().is_empty());
    assert!(lines(set.warnings()).contains("hold only in a file called safe_zones.yaml"));
}

#[test]
fn a_detector_stands_in_place_of_a_pattern_and_its_rule_decides_the_rest() {
    let rest = |detector: &str| format!("roles: [path]\ntools: ['read*']\nunless: 'v[0-9]'\ndetector: {detector}");
    let set = load(&format!("{}{}", rule("A", &rest("sign.digit")), rule("B", &rest("sign.question")))).unwrap();
    let of = |tool, roles, text| fired(&set, &Target { tool, ..field(roles) }, ViewKind::Raw, text).unwrap();
    assert_eq!(of(Some("read_file"), Roles::PATH, "a?7"), ["A", "B"]);
    assert_eq!(of(Some("read_file"), Roles::PATH, "a?"), ["B"]);
    assert!(of(Some("read_file"), Roles::PATH, "v7").is_empty(), "`unless` excuses it");
    assert!(of(Some("write_file"), Roles::PATH, "7").is_empty(), "another tool");
    assert!(of(Some("read_file"), Roles::URL, "7").is_empty(), "another role");
    assert_eq!(set.rule("A").and_then(|rule| rule.detector.as_deref()), Some("sign.digit"));
}
