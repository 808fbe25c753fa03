//! Servers that hang, trickle or die, at a URL and as a command: every request that waits for them is answered.

use std::io::Write as _;
use std::time::{Duration, Instant};

use e2e::{Arrival, Gateway, PATIENCE, Puppet, Upstream, request, settle};

/// More than the limit of the test, and no longer than anybody wants to wait.
const EVER: Duration = Duration::from_secs(8);

#[test]
fn every_request_is_answered_whatever_becomes_of_the_upstream() {
    let upstream = Upstream::streaming(|arrival: &Arrival, stream| {
        let events = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
        let json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{";
        let (said, then) = match arrival.header("x-case").unwrap() {
            "hangs before it answers" => ("", EVER),
            "hangs in its answer" => (json, EVER),
            "hangs in a stream" => (events, EVER),
            "hangs in a stream that can be resumed" => (&*format!("{events}id: 1\ndata: \n\n"), EVER),
            "hangs in an event" => (&*format!("{events}data: {{"), EVER),
            "dies before it answers" => ("", Duration::ZERO),
            "dies in its answer" => (json, Duration::ZERO),
            "dies in a stream" => (events, Duration::ZERO),
            "dies in an event" => (&*format!("{events}data: {{"), Duration::ZERO),
            other => panic!("{other}"),
        };
        stream.write_all(said.as_bytes()).unwrap();
        std::thread::sleep(then);
    });
    let (_folder, gateway) = patient_for_a_second(["--upstream", &upstream.url()]);
    std::thread::scope(|scope| {
        for (case, status) in [
            ("hangs before it answers", 504),
            ("hangs in its answer", 504),
            ("hangs in a stream", 200),
            ("hangs in a stream that can be resumed", 200),
            ("hangs in an event", 200),
            ("dies before it answers", 502),
            ("dies in its answer", 502),
            ("dies in a stream", 200),
            ("dies in an event", 200),
        ] {
            let gateway = &gateway;
            scope.spawn(move || {
                let begun = Instant::now();
                let answer = gateway.post(&[("X-Case", case)], r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
                assert_eq!(answer.status, status, "{case}");
                let text = answer.text();
                assert!(text.contains(r#""id":7,"error""#), "{case}: {text}");
                assert!(begun.elapsed() < EVER, "{case} took {:?}", begun.elapsed());
            });
        }
    });
}

#[test]
fn an_upstream_that_is_slow_but_gives_signs_of_life_is_waited_for() {
    let result = r#"{"jsonrpc":"2.0","id":7,"result":{}}"#;
    let upstream = Upstream::streaming(move |_, stream| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n").unwrap();
        for _ in 0..6 {
            stream.write_all(b":\n\n").unwrap();
            std::thread::sleep(Duration::from_millis(400));
        }
        write!(stream, "data: {result}\n\n").unwrap();
    });
    let (_folder, gateway) = patient_for_a_second(["--upstream", &upstream.url()]);
    let answer = gateway.post(&[], r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
    assert!(answer.text().contains(result));
}

#[test]
fn a_process_that_hangs_is_not_waited_for_and_is_told_so() {
    let mut puppet = Puppet::new();
    let (_folder, gateway) = patient_for_a_second(before(&puppet));
    let id = begun(&gateway, &mut puppet);
    let session = [("Mcp-Session-Id", id.as_str())];
    let mut hangs = gateway.post(&session, ping(1));
    puppet.line();
    let mut slow = gateway.post(&session, ping(2));
    puppet.line();
    for _ in 0..6 {
        std::thread::sleep(Duration::from_millis(400));
        puppet.say(progress(2));
    }
    puppet.say(r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    assert_eq!(std::iter::from_fn(|| slow.data()).last().unwrap(), r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    let answer = hangs.data().unwrap();
    assert!(answer.contains(r#""id":1,"error""#) && answer.contains("does not answer"), "{answer}");
    assert_eq!(hangs.data(), None);
    assert_eq!(puppet.line(), br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#);

    // It does not hang where it waits for its client itself.
    let mut asks = gateway.post(&session, ping(3));
    puppet.line();
    puppet.say(r#"{"jsonrpc":"2.0","id":9,"method":"roots/list"}"#);
    assert!(asks.data().unwrap().contains("roots/list"));
    assert!(puppet.event_within(Duration::from_secs(3)).is_none());
    assert_eq!(gateway.post(&session, r#"{"jsonrpc":"2.0","id":9,"result":{"roots":[]}}"#).status, 202);
    puppet.line();
    puppet.say(r#"{"jsonrpc":"2.0","id":3,"result":{}}"#);
    assert_eq!(asks.data().unwrap(), r#"{"jsonrpc":"2.0","id":3,"result":{}}"#);
}

#[test]
fn nor_is_it_in_the_other_transports() {
    let mut puppet = Puppet::new();
    let (_folder, gateway) = patient_for_a_second(before(&puppet));
    let mut stream = gateway.ask("GET", "/sse", &[]);
    let endpoint = stream.data().unwrap();
    assert_eq!(gateway.send(request("POST", &endpoint, &[], ping(1).as_bytes())).status, 202);
    puppet.line();
    let answer = stream.data().unwrap();
    assert!(answer.contains(r#""id":1,"error""#), "{answer}");

    let mut puppet = Puppet::new();
    let (_folder, gateway) = patient_for_a_second(before(&puppet));
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let ask = |method: &str| {
        let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)];
        gateway.post(&headers, format!(r#"{{"jsonrpc":"2.0","id":"a","method":"{method}","params":{{{meta}}}}}"#))
    };
    let answer = ask("tools/list").text();
    assert!(answer.contains(r#""id":"a","error""#), "{answer}");
    puppet.line();
    assert!(String::from_utf8(puppet.line()).unwrap().contains("notifications/cancelled"));
    // Who only listens is told nothing for as long as nothing happens.
    std::thread::scope(|scope| {
        let listens = scope.spawn(|| ask("subscriptions/listen").text());
        puppet.line();
        assert!(puppet.event_within(Duration::from_secs(3)).is_none());
        puppet.leave(0);
        assert!(listens.join().unwrap().contains("ended before it answered"));
    });
}

#[test]
fn a_process_that_does_not_read_ends() {
    let deaf = r#"read -r line; printf '%s\n' '{"jsonrpc":"2.0","id":0,"result":{}}'; exec sleep 60"#;
    let (_folder, gateway) = patient_for_a_second(["--", "sh", "-c", deaf]);
    let id = gateway.initialize();
    let large = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{}"}}}}"#, "y".repeat(200_000));
    let session = [("Mcp-Session-Id", id.as_str())];
    std::thread::scope(|scope| {
        let ask = || scope.spawn(|| gateway.post(&session, &large).text());
        for asked in [ask(), ask()] {
            let answer = asked.join().unwrap();
            assert!(answer.contains(r#""id":1,"error""#), "{answer}");
        }
    });
    assert!(settle(PATIENCE, || gateway.post(&session, ping(2)).status == 404));
}

fn ping(id: u32) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping","params":{{"_meta":{{"progressToken":{id}}}}}}}"#)
}

fn progress(token: u32) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"progress":1}}}}"#
    )
}

fn before(puppet: &Puppet) -> Vec<String> {
    [vec!["--".to_owned()], puppet.command_line()].concat()
}

/// A session with the puppet.
fn begun(gateway: &Gateway, puppet: &mut Puppet) -> String {
    let id = gateway.initialize();
    puppet.line();
    puppet.say(r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{}}}"#);
    id
}

fn patient_for_a_second<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> (tempfile::TempDir, Gateway) {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vanguard.yaml");
    std::fs::write(&settings, "gateway: {answer_seconds: 1}\n").unwrap();
    let gateway = Gateway::start_in(&[("VANGUARD_CONFIG", settings.to_str().unwrap())], arguments);
    (folder, gateway)
}
