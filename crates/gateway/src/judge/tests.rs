use std::collections::BTreeMap;

use vanguard_engine::rules::{RuleSet, Tuning};
use vanguard_engine::{Policy, Profile};

use super::*;

/// A clock that makes the engine fall over.
struct Broken;

impl Clock for Broken {
    fn monotonic_ns(&self) -> u64 {
        panic!("as the test wants it")
    }

    fn unix_seconds(&self) -> i64 {
        0
    }
}

/// The answers to `line` from an engine that panics, by the way they go.
fn answers(flow: Flow, line: &str) -> Vec<(Flow, String)> {
    let rules = RuleSet::load(&[], &Tuning { profile: Profile::Monitor, overrides: &BTreeMap::new() }).unwrap();
    let policy = Policy { profile: Profile::Monitor, ..Policy::default() };
    let engine = Engine::new(rules, policy, Limits::default());
    let line = Line::Message(line.as_bytes());
    let judged = judge_or_refuse(&engine, &Session::new(), flow, &line, &mut Scratch::default(), &Broken);
    assert!(judged.decisions.iter().all(|decision| decision.verdict == Verdict::Block));
    assert!(judged.decisions.iter().all(|decision| &*decision.findings[0].rule.id == "ENGINE-PANIC"));
    match judged.effect {
        Effect::Forward(_) => panic!("an engine that fell over lets a message pass"),
        Effect::Refuse(answers) => {
            answers.into_iter().map(|answer| (answer.flow, String::from_utf8(answer.line).unwrap())).collect()
        }
    }
}

fn error(id: &str) -> String {
    format!(
        concat!(
            r#"{{"jsonrpc":"2.0","id":{},"error":{{"code":-31001,"message":"[McpVanguard] BLOCKED — This message could not be "#,
            r#"judged. Report it as a bug of McpVanguard.","data":{{"blocked_by":"McpVanguard","rule":"ENGINE-PANIC"}}}}}}"#
        ),
        id
    )
}

#[test]
fn a_request_is_answered_to_whoever_asked() {
    let request = r#"{"jsonrpc":"2.0","id":"a","method":"ping"}"#;
    assert_eq!(answers(Flow::ToServer, request), [(Flow::ToClient, error("\"a\""))]);
    assert_eq!(answers(Flow::ToClient, request), [(Flow::ToServer, error("\"a\""))]);
}

#[test]
fn a_response_is_replaced_for_whoever_waits() {
    let response = r#"{"jsonrpc":"2.0","id":7,"result":{}}"#;
    assert_eq!(answers(Flow::ToClient, response), [(Flow::ToClient, error("7"))]);
    assert_eq!(answers(Flow::ToServer, response), [(Flow::ToServer, error("7"))]);
}

#[test]
fn a_notification_vanishes() {
    assert_eq!(answers(Flow::ToServer, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), []);
}

#[test]
fn a_batch_is_answered_as_one() {
    let batch = concat!(
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"result":{}},"#,
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":3,"method":"ping"}]"#
    );
    let expected =
        [(Flow::ToServer, format!("[{}]", error("2"))), (Flow::ToClient, format!("[{},{}]", error("1"), error("3")))];
    assert_eq!(answers(Flow::ToServer, batch), expected);
}

#[test]
fn what_cannot_be_read_is_answered_to_the_client_where_somebody_may_wait() {
    let broken = r#"{"jsonrpc":"2.0","id":7,"result":"#;
    assert_eq!(answers(Flow::ToServer, broken), [(Flow::ToClient, error("7"))]);
    assert_eq!(answers(Flow::ToClient, broken), [(Flow::ToClient, error("7"))]);
    assert_eq!(answers(Flow::ToServer, "junk"), [(Flow::ToClient, error("null"))]);
    assert_eq!(answers(Flow::ToClient, "junk"), []);
}
