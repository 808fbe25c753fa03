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
    assert!(wrong.contains("could not find function http.send"), "{wrong}");

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
