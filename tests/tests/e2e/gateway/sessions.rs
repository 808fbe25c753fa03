//! Before a command: a process for each session, and its answers filed by request.

use std::time::Duration;

use e2e::{Event, Gateway, PATIENCE, Puppet, alive, marked, request, settle};
use rustix::process::Signal;

/// A gateway before a puppet, with a session that has begun.
fn begun() -> (Gateway, Puppet, String) {
    let mut puppet = Puppet::new();
    let gateway = Gateway::start([vec!["--".to_owned()], puppet.command_line()].concat());
    let session = gateway.initialize();
    assert!(puppet.line().windows(10).any(|bytes| bytes == b"initialize"));
    puppet.say(r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#);
    (gateway, puppet, session)
}

fn ping(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping","params":{{"_meta":{{"progressToken":{id}}}}}}}"#)
}

fn pong(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#)
}

fn progress(token: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"progress":1}}}}"#
    )
}

#[test]
fn each_answer_comes_by_the_stream_of_its_request() {
    let (gateway, mut puppet, id) = begun();
    let session = ("Mcp-Session-Id", id.as_str());
    let mut rest = gateway.ask("GET", "/mcp", &[session]);
    let mut one = gateway.post(&[session], ping(1));
    assert_eq!(puppet.line(), ping(1).as_bytes(), "token for token");
    let mut two = gateway.post(&[session], ping(2));
    assert_eq!(puppet.line(), ping(2).as_bytes());
    for line in [progress(1), pong(2), progress(1), pong(1)] {
        puppet.say(line);
    }
    assert_eq!(one.data().unwrap(), progress(1));
    assert_eq!((two.data(), two.data()), (Some(pong(2)), None));
    assert_eq!((one.data(), one.data(), one.data()), (Some(progress(1)), Some(pong(1)), None));
    // What belongs to no request.
    let changed = r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#;
    puppet.say(changed);
    assert_eq!(rest.data().unwrap(), changed);
    // A request of the process, and the client's answer.
    puppet.say(r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#);
    assert!(rest.data().unwrap().contains("roots/list"));
    let roots = r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#;
    assert_eq!(gateway.post(&[session], roots).status, 202);
    assert_eq!(puppet.line(), roots.as_bytes());
}

#[test]
fn what_a_broken_connection_lost_is_asked_for_by_the_last_event() {
    let (gateway, mut puppet, id) = begun();
    let headers = [("Mcp-Session-Id", id.as_str()), ("MCP-Protocol-Version", "2025-11-25")];
    let mut answer = gateway.post(&headers, ping(1));
    let priming = answer.event().unwrap();
    assert_eq!(priming[1], "data: ", "an id before there is a message");
    puppet.line();
    puppet.say(progress(1));
    assert_eq!(answer.data().unwrap(), progress(1));
    drop(answer);
    puppet.say(pong(1));

    let resume = |after: &str| gateway.ask("GET", "/mcp", &[headers[0], headers[1], ("Last-Event-ID", after)]);
    let mut resumed = resume(priming[0].strip_prefix("id: ").unwrap());
    assert_eq!((resumed.data(), resumed.data(), resumed.data()), (Some(progress(1)), Some(pong(1)), None));
    for nonsense in ["", "0", "x-y", "99-0", "1-99", "-1--1", "18446744073709551615-18446744073709551615"] {
        assert_eq!(resume(nonsense).status, 400, "{nonsense}");
    }
}

#[test]
fn a_session_is_of_its_client_and_ends_as_it_says() {
    let (gateway, mut puppet, id) = begun();
    assert_eq!(gateway.post(&[], ping(1)).status, 400, "a session is needed");
    assert_eq!(gateway.post(&[("Mcp-Session-Id", "other")], ping(1)).status, 404);
    assert_eq!(gateway.post(&[("Mcp-Session-Id", &id), ("Accept", "application/json")], ping(1)).status, 406);
    let unknown = gateway.post(&[("Mcp-Session-Id", &id), ("MCP-Protocol-Version", "1999-01-01")], ping(1));
    assert_eq!(unknown.status, 400);
    assert!(unknown.text().contains("-32022"));
    assert!(puppet.event_within(Duration::from_millis(100)).is_none());

    let pending = gateway.post(&[("Mcp-Session-Id", &id)], ping(5));
    puppet.line();
    assert_eq!(gateway.ask("DELETE", "/mcp", &[("Mcp-Session-Id", &id)]).status, 200);
    assert_eq!(gateway.post(&[("Mcp-Session-Id", &id)], ping(6)).status, 404);
    assert_eq!(puppet.event(), Event::End);
    assert!(pending.text().contains(r#""id":5,"error""#), "what was asked is answered");
    assert!(settle(PATIENCE, || marked(&puppet.marker())
        .into_iter()
        .all(|process| process == gateway.id() || !alive(process))));
}

#[test]
fn a_process_that_ends_is_answered_for_and_its_session_is_over() {
    let (gateway, mut puppet, id) = begun();
    let session = ("Mcp-Session-Id", id.as_str());
    let pending = gateway.post(&[session], ping(5));
    puppet.line();
    puppet.leave(3);
    assert!(pending.text().contains(r#""id":5,"error""#));
    assert!(settle(PATIENCE, || gateway.post(&[session], ping(6)).status == 404), "the client begins anew");
}

#[test]
fn the_same_id_twice_does_not_take_the_answer_of_the_first() {
    let (gateway, mut puppet, id) = begun();
    let session = ("Mcp-Session-Id", id.as_str());
    let mut first = gateway.post(&[session], ping(1));
    puppet.line();
    assert_eq!(gateway.post(&[session], ping(1)).status, 400);
    puppet.say(pong(1));
    assert_eq!(first.data().unwrap(), pong(1));
}

#[test]
fn told_to_end_it_finishes_what_it_has_begun_and_leaves_nothing_behind() {
    let (mut gateway, mut puppet, id) = begun();
    let session = ("Mcp-Session-Id", id.as_str());
    let mut rest = gateway.ask("GET", "/mcp", &[session]);
    let mut pending = gateway.post(&[session], ping(1));
    puppet.line();
    gateway.signal(Signal::TERM);
    // New connections find nobody; the one that waits gets its answer.
    std::thread::sleep(Duration::from_millis(200));
    puppet.say(pong(1));
    assert_eq!(pending.data().unwrap(), pong(1));
    assert_eq!(rest.event(), None);
    assert_eq!(gateway.wait(), Some(0));
    assert!(settle(PATIENCE, || marked(&puppet.marker()).into_iter().all(|process| !alive(process))));
}

#[test]
fn the_transport_of_2024_has_one_stream_that_is_the_session() {
    let mut puppet = Puppet::new();
    let gateway = Gateway::start([vec!["--".to_owned()], puppet.command_line()].concat());
    let mut stream = gateway.ask("GET", "/sse", &[]);
    let endpoint = stream.event().unwrap();
    assert_eq!(endpoint[0], "event: endpoint");
    let path = endpoint[1].strip_prefix("data: ").unwrap();
    let post = |path: &str, body: &str| gateway.send(request("POST", path, &[], body.as_bytes())).status;
    assert_eq!(post(path, &ping(1)), 202);
    assert_eq!(puppet.line(), ping(1).as_bytes());
    puppet.say(progress(1));
    puppet.say(pong(1));
    assert_eq!((stream.data(), stream.data()), (Some(progress(1)), Some(pong(1))));
    // A refusal comes by the stream as well.
    let attack = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"read","arguments":{"path":"../../../../etc/shadow"}}}"#;
    assert_eq!(post(path, attack), 202);
    assert!(stream.data().unwrap().contains(r#""id":2,"error""#));
    assert_eq!(post(path, "{"), 400);
    for other in ["/messages", "/messages?sessionId=other", "/messages?sessionId="] {
        assert_eq!(post(other, &ping(3)), 404, "{other}");
    }
    drop(stream);
    assert_eq!(puppet.event(), Event::End, "the client is gone");
    assert!(settle(PATIENCE, || post(path, &ping(4)) == 404));
}
