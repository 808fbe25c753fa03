#![expect(clippy::disallowed_types, reason = "a test looks at what was asked")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};
use vanguard_engine::principal::{Entry as Entered, Identity};

use super::*;

/// A server that gives these answers, one a connection, and tells what it was asked.
fn server(answers: Vec<(u16, &'static str)>) -> (Endpoint, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (asked, questions) = channel();
    thread::spawn(move || {
        for (status, answer) in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let (mut reader, mut head, mut length) = (BufReader::new(stream.try_clone().unwrap()), String::new(), 0);
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push_str(&line);
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            asked.send((head, serde_json::from_slice(&body).unwrap())).unwrap();
            let length = answer.len();
            write!(stream, "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{answer}")
                .unwrap();
        }
    });
    (url, questions)
}

fn config(kind: PdpKind, url: Endpoint) -> PdpConfig {
    let token = Some("let-me-in-please".parse().unwrap());
    PdpConfig { kind, url, token, deadline: Duration::from_millis(500), lenient: false }
}

fn decision() -> Decision {
    Decision { tool: Some("delete_file".to_owned()), ..crate::log::tests::decision() }
}

fn eve() -> Principal {
    let identity = Identity { entry: Entered::Key, name: "eve".into() };
    Principal { identity, roles: ["ops".into()].into(), scopes: ["files:admin".into()].into() }
}

fn silent(why: &str) -> Ruling {
    Ruling::Silent { why: why.to_owned(), passes: false }
}

#[test]
fn each_interface_is_asked_as_it_wants_and_its_answer_decides() {
    for (kind, path, answer, expected) in [
        (PdpKind::Opa, "/", r#"{"result":true}"#, Ruling::Allows),
        (
            PdpKind::Opa,
            "/",
            r#"{"result":{"allow":false,"reason":"not on\nFridays"}}"#,
            Ruling::Denies("not onFridays".into()),
        ),
        (PdpKind::Opa, "/", "{}", Ruling::Denies(UNDEFINED.into())),
        (PdpKind::Opa, "/", r#"{"result":"true"}"#, silent("its answer decides nothing")),
        (
            PdpKind::Cerbos,
            "/api/check/resources",
            r#"{"results":[{"actions":{"tools/call":"EFFECT_ALLOW"}}]}"#,
            Ruling::Allows,
        ),
        (
            PdpKind::Cerbos,
            "/api/check/resources",
            r#"{"results":[{"actions":{"tools/call":"EFFECT_DENY"}}]}"#,
            Ruling::Denies(String::new()),
        ),
        (PdpKind::Cerbos, "/api/check/resources", r#"{"results":[]}"#, silent("its answer decides nothing")),
        (PdpKind::AuthZen, "/access/v1/evaluation", r#"{"decision":true}"#, Ruling::Allows),
        (
            PdpKind::AuthZen,
            "/access/v1/evaluation",
            r#"{"decision":false,"context":{"reason":"no"}}"#,
            Ruling::Denies("no".into()),
        ),
    ] {
        let (url, questions) = server(vec![(200, answer)]);
        let pdp = Pdp::new(config(kind, url), "files");
        assert_eq!(pdp.rule(&decision(), Some(&eve())), expected, "{answer}");
        let (head, asked) = questions.recv().unwrap();
        assert!(head.starts_with(&format!("POST {path} ")), "{head}");
        assert!(head.to_ascii_lowercase().contains("authorization: bearer let-me-in-please"), "{head}");
        match kind {
            PdpKind::Opa => {
                let input = &asked["input"];
                assert_eq!(
                    (&input["principal"]["id"], &input["principal"]["roles"]),
                    (&json!("eve"), &json!(["agent", "ops"]))
                );
                assert_eq!(input["principal"]["scopes"], json!(["files:admin"]));
                assert_eq!(
                    (&input["action"]["name"], &input["resource"]["tool"]),
                    (&json!("tools/call"), &json!("delete_file"))
                );
            }
            PdpKind::Cerbos => {
                assert_eq!(asked["principal"]["roles"], json!(["agent", "ops"]));
                assert_eq!(asked["principal"]["attr"]["scopes"], json!(["files:admin"]));
                assert_eq!(asked["resources"][0]["resource"]["id"], "files/delete_file");
            }
            PdpKind::AuthZen => {
                assert_eq!(
                    (&asked["subject"]["id"], &asked["resource"]["id"]),
                    (&json!("eve"), &json!("files/delete_file"))
                );
                assert_eq!(asked["subject"]["properties"]["roles"], json!(["ops"]));
            }
        }
    }
}

#[test]
fn what_is_no_decision_refuses_unless_told_otherwise_and_shows_no_secret() {
    for (status, answer, why) in [
        (500, "{}", "it answered with status 500"),
        (401, r#"{"result":true}"#, "it answered with status 401"),
        (200, "<html>", "its answer is no JSON"),
    ] {
        let (url, _questions) = server(vec![(status, answer), (status, answer)]);
        assert_eq!(Pdp::new(config(PdpKind::Opa, url.clone()), "files").rule(&decision(), None), silent(why));
        let lenient = PdpConfig { lenient: true, ..config(PdpKind::Opa, url) };
        let pdp = Pdp::new(lenient, "files");
        assert_eq!(pdp.rule(&decision(), None), Ruling::Silent { why: why.to_owned(), passes: true });
        assert!(!format!("{pdp:?}").contains("let-me-in"), "{pdp:?}");
    }
}

#[test]
fn whom_nobody_reaches_is_left_alone_after_five_calls_and_asked_again_later() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap()).parse().unwrap();
    drop(gone);
    let pdp = Pdp::new(config(PdpKind::Opa, url), "files");
    let begun = Instant::now();
    let whys: Vec<_> = (0..1_000).map(|_| pdp.rule(&decision(), None)).collect();
    let asked = whys.iter().filter(|ruling| !format!("{ruling:?}").contains("in a row")).count();
    assert_eq!(asked, 5);
    assert!(begun.elapsed() < PAUSE, "{:?}", begun.elapsed());

    let (mut breaker, now) = (Breaker::default(), Instant::now());
    (0..FAILURES).for_each(|_| breaker.saw(false, now));
    assert_eq!(breaker.refuses(now), Some(FAILURES));
    let later = now + PAUSE;
    assert_eq!((breaker.refuses(later), breaker.refuses(later)), (None, Some(FAILURES)), "one asks");
    breaker.saw(true, later);
    assert_eq!(breaker.refuses(later), None);
}

#[test]
fn who_does_not_answer_in_time_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let pdp = Pdp::new(PdpConfig { deadline: Duration::from_millis(100), ..config(PdpKind::AuthZen, url) }, "files");
    let begun = Instant::now();
    assert!(matches!(pdp.rule(&decision(), None), Ruling::Silent { passes: false, .. }));
    assert!((Duration::from_millis(90)..Duration::from_secs(1)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[test]
fn an_answer_may_except_rules_and_one_that_says_it_otherwise_decides_nothing() {
    let excepts = |why: &str, url: &Endpoint| Ruling::Excepts {
        rules: vec!["FS-003".to_owned()],
        by: format!("lifted by the policy decision point at {url}{why}"),
    };
    for (kind, answer, why) in [
        (PdpKind::Opa, r#"{"result":{"allow":true,"except":["FS-003"],"reason":"known"}}"#, ": known"),
        (PdpKind::AuthZen, r#"{"decision":true,"context":{"except":["FS-003"]}}"#, ""),
        (
            PdpKind::Cerbos,
            r#"{"results":[{"actions":{"tools/call":"EFFECT_ALLOW"},"outputs":[{"src":"a","val":1},{"src":"b","val":{"except":["FS-003"]}}]}]}"#,
            "",
        ),
    ] {
        let (url, _questions) = server(vec![(200, answer)]);
        assert_eq!(
            Pdp::new(config(kind, url.clone()), "files").rule(&decision(), None),
            excepts(why, &url),
            "{answer}"
        );
    }
    for (kind, answer, expected) in [
        (PdpKind::Opa, r#"{"result":{"allow":false,"except":["FS-003"]}}"#, Ruling::Denies(String::new())),
        (PdpKind::Opa, r#"{"result":{"allow":true,"except":"FS-003"}}"#, silent("its answer decides nothing")),
        (PdpKind::AuthZen, r#"{"decision":true,"context":{"except":[1]}}"#, silent("its answer decides nothing")),
        (PdpKind::AuthZen, r#"{"decision":true,"context":{"except":[]}}"#, Ruling::Allows),
    ] {
        let (url, _questions) = server(vec![(200, answer)]);
        assert_eq!(Pdp::new(config(kind, url), "files").rule(&decision(), None), expected, "{answer}");
    }
    let many = format!(r#"{{"decision":true,"context":{{"except":[{}"A"]}}}}"#, r#""A","#.repeat(MAX_EXCEPTED));
    let (url, _questions) = server(vec![(200, many.leak())]);
    let ruling = Pdp::new(config(PdpKind::AuthZen, url), "files").rule(&decision(), None);
    assert_eq!(ruling, silent("its answer excepts more than 64 rules"));
}

/// Says always the same.
#[derive(Debug)]
struct Says(Ruling);

impl Authority for Says {
    fn rule(&self, _: &Decision, _: Option<&Principal>) -> Ruling {
        self.0.clone()
    }
}

#[test]
fn of_several_each_can_except_and_one_that_says_nothing_leaves_nothing_excepted() {
    let excepts = |rule: &str| Ruling::Excepts { rules: vec![rule.to_owned()], by: rule.to_lowercase() };
    let passes = Ruling::Silent { why: String::new(), passes: true };
    let both = Ruling::Excepts { rules: vec!["A".to_owned(), "B".to_owned()], by: "a; b".to_owned() };
    for (said, expected) in [
        (vec![excepts("A"), Ruling::Allows], excepts("A")),
        (vec![Ruling::Allows, excepts("A")], excepts("A")),
        (vec![excepts("A"), excepts("B")], both),
        (vec![excepts("A"), passes.clone()], passes.clone()),
        (vec![passes.clone(), excepts("A")], passes),
        (vec![excepts("A"), Ruling::Denies(String::new())], Ruling::Denies(String::new())),
    ] {
        let panel = Panel(
            said.iter()
                .map(|ruling| -> std::sync::Arc<dyn Authority> { std::sync::Arc::new(Says(ruling.clone())) })
                .collect(),
        );
        assert_eq!(panel.rule(&decision(), None), expected, "{said:?}");
    }
}
