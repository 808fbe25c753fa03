//! Servers at a URL that hang, trickle or die: every request that waits for them is answered.

use std::io::Write as _;
use std::time::{Duration, Instant};

use e2e::{Arrival, Gateway, Upstream};

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
    let (_folder, gateway) = patient_for_a_second(&upstream);
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
    let (_folder, gateway) = patient_for_a_second(&upstream);
    let answer = gateway.post(&[], r#"{"jsonrpc":"2.0","id":7,"method":"tools/list"}"#);
    assert!(answer.text().contains(result));
}

fn patient_for_a_second(upstream: &Upstream) -> (tempfile::TempDir, Gateway) {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vanguard.yaml");
    std::fs::write(&settings, "gateway: {answer_seconds: 1}\n").unwrap();
    let gateway =
        Gateway::start_in(&[("VANGUARD_CONFIG", settings.to_str().unwrap())], ["--upstream", &upstream.url()]);
    (folder, gateway)
}
