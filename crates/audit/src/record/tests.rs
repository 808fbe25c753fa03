use std::borrow::Cow;
use std::sync::Arc;

use serde::Deserialize;
use vanguard_engine::finding::RuleInfo;
use vanguard_engine::verdict::{Flow, Verdict};
use vanguard_engine::views::{Chain, ViewKind};
use vanguard_engine::zone::Standing;

use super::*;

#[derive(Deserialize)]
struct Line {
    findings: Vec<FindingRead>,
    #[serde(default)]
    findings_left_out: usize,
    method: Option<String>,
}

#[derive(Deserialize)]
struct FindingRead {
    pointer: String,
}

fn finding(pointer: String, evidence: Evidence) -> Finding {
    let rule = RuleInfo {
        id: Cow::Borrowed("FS-003"),
        title: Cow::Borrowed("Climbs out of its directory"),
        family: Cow::Borrowed("path"),
        message: Cow::Borrowed("Give a path inside the project."),
        severity: Severity::High,
        confidence: Confidence::High,
        references: vec![Cow::Borrowed("CWE-22")],
        tune: None,
    };
    Finding {
        rule: Arc::new(rule),
        layer: Layer::L1,
        action: Action::Block,
        pointer,
        span: 0..9,
        chain: Chain([ViewKind::Percent, ViewKind::Path].into_iter().collect()),
        evidence,
        excepted: None,
    }
}

fn decision(findings: Vec<Finding>) -> Decision {
    Decision {
        flow: Flow::ToServer,
        method: Some("tools/call".to_owned()),
        tool: Some("read_file".to_owned()),
        id: Some("7".to_owned()),
        trace: None,
        verdict: Verdict::Block,
        would_be: None,
        findings,
        places: Vec::new(),
        past: None,
        coverage: Coverage { fields: 1, views: 3, opaque: 0, truncated: 0 },
    }
}

fn line(decision: &Decision) -> String {
    let entry = Entry {
        decision,
        timing: Timing { parse_ns: 1_234, judge_ns: 56_789 },
        digest: Some(Digest::of(b"abc")),
        bytes: 3,
        material: None,
    };
    let (session, mut rest, mut out) = (session_part("s", "files", None), Vec::new(), Vec::new());
    write_rest(&mut rest, session.len(), &entry);
    write_line(&mut out, "2026-11-23T02:13:20.007Z", &session, 12, &rest);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_record_reads_as_documented() {
    let decision = decision(vec![finding("/params/arguments/path".to_owned(), Evidence::new("../../etc", false))]);
    let expected = concat!(
        r#"{"time":"2026-11-23T02:13:20.007Z","session":"s","server":"files","seq":12,"flow":"client-to-server","#,
        r#""method":"tools/call","tool":"read_file","id":"7","verdict":"block","findings":[{"rule":"FS-003","#,
        r#""title":"Climbs out of its directory","layer":"l1","severity":"high","confidence":"high","action":"block","#,
        r#""pointer":"/params/arguments/path","view":"percent → path","span":[0,9],"evidence":"../../etc","#,
        r#""references":["CWE-22"]}],"coverage":{"fields":1,"views":3,"opaque":0,"truncated":0},"#,
        r#""timing":{"parse_us":1.2,"judge_us":56.7},"#,
        r#""message_sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","bytes":3}"#,
        "\n"
    );
    assert_eq!(line(&decision), expected);
}

#[test]
fn a_record_says_who_asked_and_how_they_entered() {
    let identity = vanguard_engine::Identity { entry: vanguard_engine::Entry::Key, name: "de\nsk".into() };
    let part = session_part("s", "files", Some(&identity));
    assert_eq!(
        String::from_utf8(part).unwrap(),
        r#","session":"s","server":"files","principal":"de\nsk","entered_by":"key""#
    );
}

#[test]
fn an_exception_is_recorded_with_its_reason() {
    let mut excepted = finding("/params/arguments/path".to_owned(), Evidence::default());
    excepted.excepted = Some("read by the build".into());
    assert!(line(&decision(vec![excepted])).contains(r#""excepted":"read by the build""#));
}

#[test]
fn secrets_are_masked() {
    let secret = "AKIAIOSFODNN7EXAMPLE";
    let decision = decision(vec![finding("/params/arguments/text".to_owned(), Evidence::new(secret, true))]);
    let line = line(&decision);
    assert!(!line.contains("IOSFODNN7"), "{line}");
    assert!(line.contains("20 characters, masked"), "{line}");
}

#[test]
fn a_record_stays_within_its_bound() {
    // A control character takes six bytes once escaped: the worst a peer can do with a key.
    let pointer = "/\u{1}".repeat(100_000);
    let findings = (0..200).map(|_| finding(pointer.clone(), Evidence::new(&pointer, false))).collect();
    let mut decision = decision(findings);
    decision.method = Some("\u{2}".repeat(1_000_000));
    let line = line(&decision);
    assert!(line.len() <= MAX_RECORD_BYTES, "{}", line.len());
    // What stands before it is counted, whatever its length.
    let beginning = line.find(",\"flow\"").unwrap() - session_part("s", "files", None).len();
    assert!(beginning + "18446744073709551615".len() <= BEGINNING, "{beginning}");
    let read: Line = serde_json::from_str(&line).unwrap();
    assert!(!read.findings.is_empty());
    assert_eq!(read.findings.len() + read.findings_left_out, 200);
    assert!(read.findings[0].pointer.ends_with('…'));
    assert!(read.method.unwrap().ends_with('…'));
}

#[test]
fn one_record_is_one_line() {
    let mut decision = decision(Vec::new());
    decision.tool = Some("a\nb\r\u{2028}".to_owned());
    let line = line(&decision);
    assert_eq!(line.matches('\n').count(), 1);
    assert!(!line.contains('\r'));
}

#[test]
fn where_a_path_led_is_recorded_so_that_the_decision_replays() {
    let within = Within { zone: 0, depth: 1, hidden: false, link: true, mount: false };
    let standing = Standing {
        place: "/srv/data/a".to_owned(),
        what: What::File(2),
        within: [within].into_iter().collect(),
        left: [1].into_iter().collect(),
        trouble: Some(Trouble::Denied),
    };
    let place =
        Place { pointer: "/params/arguments/path".to_owned(), shown: Evidence::new("/srv/data/a", false), standing };
    let line = line(&Decision { places: vec![place; 64], ..decision(Vec::new()) });
    let places = concat!(
        r#""places":[{"pointer":"/params/arguments/path","place":"/srv/data/a","what":{"file":2},"#,
        r#""within":[{"zone":0,"depth":1,"hidden":false,"link":true,"mount":false}],"left":[1],"trouble":"denied"},"#
    );
    assert!(line.contains(places), "{line}");
    assert!(line.len() <= MAX_RECORD_BYTES);
}
