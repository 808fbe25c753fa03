use std::fs;
use std::path::Path;
use std::time::Instant;

use super::*;
use crate::pdp::Panel;

const TOOLS: &str = r#"
package mcp

default allow := {"allow": false, "reason": "this tool is on no list"}

allow if {
    some role in input.principal.roles
    input.resource.tool in data.tools[role]
}
"#;

fn config(path: &Path) -> RegoConfig {
    let deadline = Duration::from_millis(250);
    RegoConfig { path: path.to_owned(), rule: RegoConfig::RULE.to_owned(), deadline, lenient: false }
}

/// Policies that are one file.
fn of(text: &str, deadline: Duration) -> (tempfile::TempDir, Result<Arc<Rego>, BundleError>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tools.rego"), text).unwrap();
    let rego = Rego::read(RegoConfig { deadline, ..config(folder.path()) }).map(Arc::new);
    (folder, rego)
}

fn denies(why: &str) -> Ruling {
    Ruling::Denies(why.to_owned())
}

#[test]
fn a_call_is_decided_by_policies_and_the_data_in_their_folders() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    write("policy/tools.rego", TOOLS);
    write("tools/data.json", r#"{"agent": ["read_file"]}"#);
    write("tools/ops/data.json", r#"{"ignored": true}"#);
    write(".editor/broken.rego", "not rego");
    let rego = Arc::new(Rego::read(config(folder.path())).unwrap());
    let on = |tool: &str| {
        let decision = Decision { tool: Some(tool.to_owned()), ..crate::log::tests::decision() };
        rego.about("files").rule(&decision, None)
    };
    assert_eq!(on("read_file"), Ruling::Allows);
    assert_eq!(on("delete_file"), denies("this tool is on no list"));
    // Both are asked, and each can refuse.
    let none = of("package mcp\nallow if input.resource.server == \"other\"\n", Duration::from_secs(1)).1.unwrap();
    let panel = Panel(vec![Arc::new(rego.about("files")), Arc::new(none.about("files"))]);
    let decision = Decision { tool: Some("read_file".to_owned()), ..crate::log::tests::decision() };
    assert_eq!(panel.rule(&decision, None), denies(UNDEFINED));
}

#[test]
fn what_is_undefined_is_denied_and_what_is_no_decision_refuses_unless_told_otherwise() {
    let decide =
        |body: &str| of(&format!("package mcp\n{body}\n"), Duration::from_secs(1)).1.unwrap().decide(r#"{"a": 1}"#);
    assert_eq!(decide("allow if input.a == 1"), Ruling::Allows);
    assert_eq!(decide("allow if input.a == 2"), denies(UNDEFINED));
    assert_eq!(decide("allow if input.b"), denies(UNDEFINED));
    assert_eq!(decide("allow := true if to_number(\"x\") == 1"), denies(UNDEFINED), "as OPA has it");
    assert_eq!(decide("allow := {\"allow\": false, \"reason\": \"not\\non Fridays\"}"), denies("noton Fridays"));
    for body in ["allow := \"yes\"", "allow := 1", "allow := {\"allow\": \"yes\"}", "allow contains 1"] {
        assert_eq!(decide(body), Ruling::Silent { why: UNDECIDED.to_owned(), passes: false }, "{body}");
    }
    for except in ["[\"FS-003\"]", "{\"FS-003\"}"] {
        let ruling = decide(&format!("allow := {{\"allow\": true, \"except\": {except}, \"reason\": \"known\"}}"));
        let by = "lifted by policies in Rego (data.mcp.allow): known".to_owned();
        assert_eq!(ruling, Ruling::Excepts { rules: vec!["FS-003".to_owned()], by });
    }
    for except in ["\"FS-003\"", "[1]", "true"] {
        let ruling = decide(&format!("allow := {{\"allow\": true, \"except\": {except}}}"));
        assert_eq!(ruling, Ruling::Silent { why: UNDECIDED.to_owned(), passes: false }, "{except}");
    }
    let (folder, _) = of("package mcp\nallow := 1\n", Duration::from_secs(1));
    let lenient = Rego::read(RegoConfig { lenient: true, ..config(folder.path()) }).unwrap();
    assert_eq!(lenient.decide("{}"), Ruling::Silent { why: UNDECIDED.to_owned(), passes: true });
}

#[test]
fn what_takes_too_long_is_broken_off() {
    let slow =
        "package mcp\nallow if { some x in numbers.range(1, 3000); some y in numbers.range(1, 3000); x * y == 0 }\n";
    let (_folder, rego) = of(slow, Duration::from_millis(20));
    let (rego, begun) = (rego.unwrap(), Instant::now());
    let ruling = rego.decide("{}");
    assert!(matches!(&ruling, Ruling::Silent { why, passes: false } if why.contains("time limit")), "{ruling:?}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(!matches!(rego.decide("{}"), Ruling::Allows), "nor does the next time");
}

#[test]
fn what_cannot_be_read_is_named_with_its_line() {
    let error = |text: &str| of(text, Duration::from_secs(1)).1.unwrap_err().to_string();
    let wrong = error("package mcp\n\nallow if {\n");
    assert!(wrong.contains("tools.rego:3:") || wrong.contains("tools.rego:4:"), "{wrong}");
    let wrong = error("package other\nallow := true\n");
    assert!(wrong.contains("data.mcp.allow cannot be evaluated: not a valid rule path"), "{wrong}");
    let wrong = error("package mcp\nallow if http.send({\"url\": \"http://localhost\"})\n");
    assert!(wrong.contains("there is no function http.send here"), "{wrong}");

    let (folder, _) = of("package mcp\nallow := true\n", Duration::from_secs(1));
    let read = || Rego::read(config(folder.path()));
    fs::write(folder.path().join("data.json"), "{\n  \"a\": \n}").unwrap();
    let wrong = read().unwrap_err().to_string();
    assert!(wrong.contains("data.json") && wrong.contains("line 3"), "{wrong}");
    fs::write(folder.path().join("data.json"), "[1]").unwrap();
    assert!(read().unwrap_err().to_string().contains("must be object"));
    fs::write(folder.path().join("data.json"), vec![b' '; 1024 * 1024 + 1]).unwrap();
    assert!(read().unwrap_err().to_string().ends_with("longer than 1 MiB"));
    fs::remove_file(folder.path().join("tools.rego")).unwrap();
    assert!(read().unwrap_err().to_string().ends_with("no .rego file"));
    assert!(Rego::read(config(Path::new("/nowhere"))).unwrap_err().to_string().starts_with("/nowhere: "));
}

#[test]
fn they_are_asked_by_many_at_once_and_read_again_meanwhile() {
    let (folder, rego) = of("package mcp\nallow if input.n >= 0\n", Duration::from_secs(5));
    let rego = rego.unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..200 {
                    assert_eq!(rego.decide(&format!("{{\"n\": {n}}}")), Ruling::Allows);
                }
            });
        }
        (0..20).for_each(|_| rego.read_again().unwrap());
    });
    assert!(lock(&lock(&rego.read).idle).len() <= MAX_IDLE);
    fs::write(folder.path().join("tools.rego"), "package mcp\nallow if\n").unwrap();
    assert!(rego.read_again().is_err());
    assert_eq!(rego.decide("{\"n\": 1}"), Ruling::Allows, "what was read before holds on");
}

/// What is refused when it is read, each with what to write instead: `docs/policy.md` lists it.
#[test]
fn what_differs_from_opa_is_refused_by_file_and_line() {
    for (policy, why) in [
        ("allow if http.send({})", "there is no function http.send here"),
        ("allow if walk(input, [p, x])", "there is no function walk here"),
        ("allow if typo(input.x)", "there is no function typo here"),
        ("count(x) := 1\n\nallow if count(input) == 1", "count is a built-in function: give the rule another name"),
        ("allow if lower(input.x, x)", "write `x := lower(…)`: its result is no argument here"),
        ("allow if input.x == 1.50", "write a plain decimal"),
        ("allow if input.x == 1e3", "write a plain decimal"),
        ("allow if input.x == 9223372036854775808", "write a plain decimal"),
        ("allow if input.x == -(1 + 1)", "a sign stands before a number alone"),
        ("allow if input.x == \"\\ud83d\\ude00\"", "write the character itself"),
        ("deny contains 1 if { input.a } { input.b }\n\nallow if not deny", "else cannot be used with set rules"),
        ("deny[x] := 1 if { x := input.a } { x := input.b }\n\nallow if not deny", "write a second rule"),
        ("x := 1\n\nallow if { some x in [1]; x == 1 }", "x is a rule, too: give the variable another name"),
        ("x := 1\n\nallow if { some x; x = 1 }", "x is a rule, too"),
        ("x := 1\n\nallow if every x in [1] { x == 1 }", "x is a rule, too"),
        ("f(x) := x\n\nallow if f(1) with count as f", "`with` takes `input` or `data` here, and no function"),
        ("allow if sprintf(input.x, []) == \"\"", "the format is written out here"),
        ("allow if sprintf(\"%t\", [true]) == \"\"", "%t is not known here; %s %v %d %q %x %f are"),
        ("allow if sprintf(\"%.2v\", [1]) == \"\"", "%v takes no precision here"),
        ("allow if sprintf(\"%\", []) == \"\"", "the format ends within a verb"),
        ("allow if sprintf(\"%d %d\", [1]) == \"\"", "the format takes 2 values, and these are 1"),
        ("allow if regex.match(`a\\Bb`, input.x)", "\\B in a pattern is not held to OPA"),
        ("allow if regex.match(`\\p{Runic}`, input.x)", "such a \\p in a pattern is not held to OPA"),
        ("allow if glob.match(\"a}\", [], input.x)", "a `}` that closes nothing is not held to OPA"),
        ("allow if glob.match(\"[[a]\", [], input.x)", "a `[` in a class is not held to OPA"),
    ] {
        let wrong = of(&format!("package mcp\n\n{policy}\n"), Duration::from_secs(1)).1.map(drop);
        let wrong = wrong.expect_err(policy).to_string();
        assert!(wrong.contains(why), "{policy}\n{wrong}");
        let named = wrong.contains("tools.rego:3:") || wrong.contains("tools.rego:5:");
        assert!(named, "{policy}\n{wrong}");
    }
    let (folder, _) = of("package mcp\nallow := true\n", Duration::from_secs(1));
    fs::write(folder.path().join("data.json"), "{\"n\": 1.0}").unwrap();
    let wrong = Rego::read(config(folder.path())).unwrap_err().to_string();
    assert!(wrong.contains("data.json: the number 1.0 would be written in another way by OPA"), "{wrong}");
}

/// What only shows when it is evaluated refuses the call, and says why.
#[test]
fn what_would_differ_from_opa_when_it_is_evaluated_decides_nothing() {
    for (policy, input, why) in [
        ("allow if input.x / 3 < 1", r#"{"x": 1}"#, "the result has no short decimal"),
        ("allow if 1 - input.x < 1", r#"{"x": 0.9}"#, "the result has no short decimal"),
        ("allow if input.x * 3 > 1", r#"{"x": 9223372036854775807}"#, "more than 64 bits"),
        ("allow if sum([input.x, 1]) > 1", r#"{"x": 9223372036854775807}"#, "more than 64 bits"),
        ("allow if input.x + 1 > 1", r#"{"x": 0.12345678901234567}"#, "so many digits is not calculated with"),
        ("allow if floor(input.x) == 0", r#"{"x": -0.5}"#, "round numbers between -1 and 0 differently"),
        ("allow if regex.match(input.x, \"a\")", r#"{"x": "a\\B"}"#, "\\B in a pattern is not held"),
        ("allow if glob.match(input.x, [], \"a\")", r#"{"x": "a}"}"#, "a `}` that closes nothing"),
        (
            "allow if net.cidr_contains(\"10.0.0.0/8\", input.x)",
            r#"{"x": "::ffff:10.0.0.1"}"#,
            "an IPv4 address in an IPv6 one",
        ),
        ("allow if json.unmarshal(input.x) == 1", r#"{"x": "1.0"}"#, "the number 1.0 would be written in another way"),
        ("allow if json.unmarshal(input.x) == 1", r#"{"x": "\"\\ud800\""}"#, "half a character"),
        ("allow if json.marshal({input.x: 1}) == \"\"", r#"{"x": 1}"#, "a key that is no text"),
        ("allow if to_number(input.x) == 1", r#"{"x": "+1"}"#, "written in a way that is not held"),
        ("allow if units.parse_bytes(input.x) > 1", r#"{"x": "1P"}"#, "is not held to OPA: write digits"),
        ("allow if base64.decode(input.x) == \"\"", r#"{"x": "/w=="}"#, "what was encoded is no text"),
        (
            "allow if strings.replace_n({input.x: \"a\"}, \"b\") == \"\"",
            r#"{"x": ""}"#,
            "nothing cannot be replaced here",
        ),
        (
            "allow if time.parse_rfc3339_ns(input.x) > 0",
            r#"{"x": "2026-11-27T1:00:00Z"}"#,
            "this time is written in a way",
        ),
        ("allow if time.weekday([0, input.x]) == \"\"", r#"{"x": "Local"}"#, "the zone of the machine"),
        ("allow if sprintf(\"%x\", [input.x]) == \"\"", r#"{"x": 2.5}"#, "%x of a fraction is not known here"),
        ("allow if sprintf(\"%q\", [input.x]) == \"\"", r#"{"x": 2}"#, "%q of a number is not known here"),
    ] {
        let ruling = of(&format!("package mcp\n\n{policy}\n"), Duration::from_secs(1)).1.unwrap().decide(input);
        assert!(
            matches!(&ruling, Ruling::Silent { why: said, passes: false } if said.contains(why)),
            "{policy}\n{ruling:?}"
        );
    }
}
