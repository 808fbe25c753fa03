//! A limit that slows down: what is beyond it waits, and nothing else does.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use e2e::{Client, Gateway, Proxy, Puppet, Upstream, response};
use serde_json::{Value, json};

/// Three calls in three seconds; each beyond that waits a second more than the one before it, and at most two.
const SLOW: &str = "behaviour: {limits: {BEH-005: {most: 3, seconds: 3, throttle: true}}}\n";

fn settings(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vanguard.yaml");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

fn call(id: usize) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"note","arguments":{{"n":{id}}}}}}}"#
    )
}

/// The ids of the next answers, and when each came after `begun`.
fn answers(client: &mut Client, count: usize, begun: Instant) -> Vec<(String, Duration)> {
    let next = |_| {
        let line = client.line_within(Duration::from_secs(10)).expect("an answer");
        let answer: Value = serde_json::from_slice(&line).unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        (answer["id"].to_string(), begun.elapsed())
    };
    (0..count).map(next).collect()
}

#[test]
fn calls_beyond_the_limit_wait_and_other_messages_pass_them() {
    let (folder, file) = settings(SLOW);
    let log = folder.path().join("audit.jsonl");
    let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).setting("--log-file", &log).start();
    client.initialize();
    let begun = Instant::now();
    (11..=15).for_each(|id| client.send(call(id)));
    client.send(r#"{"jsonrpc":"2.0","id":99,"method":"ping"}"#);
    let came = answers(&mut client, 6, begun);
    let ids: Vec<_> = came.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["11", "12", "13", "99", "14", "15"]);
    let second = Duration::from_secs(1);
    assert!(came[3].1 < second, "a ping waits for no call: {came:?}");
    assert!(came[4].1 >= second && came[5].1 >= 2 * second && came[5].1 < 4 * second, "{came:?}");
    let (status, _) = client.finish();
    assert!(status.success());
    let record = std::fs::read_to_string(log).unwrap();
    let held = record.lines().filter(|line| line.contains(r#""held_ms":1000"#)).count();
    assert_eq!(held, 1, "{record}");
}

#[test]
fn what_still_waits_when_the_client_says_no_more_reaches_the_server() {
    let (_folder, file) = settings(SLOW);
    let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).start();
    client.initialize();
    (11..=15).for_each(|id| client.send(call(id)));
    client.close();
    let answered = client.rest().len();
    assert_eq!(answered, 5);
    assert!(client.wait().success());
}

#[test]
fn before_a_url_a_call_beyond_the_limit_waits_by_itself() {
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
    let upstream = Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", answer));
    let (_folder, file) = settings(SLOW);
    let gateway = Gateway::start(["--config", file.to_str().unwrap(), "--upstream", &upstream.url()]);
    let timed = |body: &str| {
        let begun = Instant::now();
        assert_eq!(gateway.post(&[], body).status, 200);
        begun.elapsed()
    };
    let quick = [(); 3].map(|()| timed(&call(1)));
    assert!(quick.iter().all(|time| *time < Duration::from_millis(900)), "{quick:?}");
    let slow = timed(&call(1));
    assert!((Duration::from_millis(900)..Duration::from_secs(3)).contains(&slow), "{slow:?}");
    let ping = timed(&json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string());
    assert!(ping < Duration::from_millis(900), "{ping:?}");
}
