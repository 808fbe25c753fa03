//! From where somebody may ask, how fast, and how much at once.

use std::io::Write as _;
use std::time::Duration;

use e2e::{Gateway, KEYS, PATIENCE, Upstream, response, settle};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn upstream() -> Upstream {
    let pong = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", pong))
}

#[test]
fn a_list_of_addresses_is_not_talked_round_by_a_header() {
    let upstream = upstream();
    let statuses = |flags: &[&str], lines: &[&str]| {
        let gateway = Gateway::start(flags.iter().copied().chain(["--upstream", &upstream.url()]));
        assert_eq!(gateway.ask("GET", "/health", &[]).status, 200);
        let statuses: Vec<_> =
            lines.iter().map(|line| gateway.post(&[("X-Forwarded-For", line)], PING).status).collect();
        statuses
    };
    let list = ["--allow-from", "192.0.2.0/24"];
    assert_eq!(statuses(&list, &["192.0.2.7", "127.0.0.1"]), [403, 403]);
    let proxied = [&list[..], &["--trusted-proxy", "127.0.0.0/8"]].concat();
    let lines = ["192.0.2.7", "203.0.113.9, 192.0.2.7, 127.0.0.2", "192.0.2.7, 203.0.113.9", "192.0.2.7, x", ""];
    assert_eq!(statuses(&proxied, &lines), [200, 200, 403, 400, 400]);
    assert_eq!(statuses(&["--allow-from", "127.0.0.1"], &["203.0.113.9"]), [200]);

    let of_1_5 = [("VANGUARD_ALLOWED_IPS", "192.0.2.1, 198.51.100.0/24")];
    let gateway = Gateway::start_in(&of_1_5, ["--upstream", &upstream.url()]);
    assert_eq!(gateway.post(&[], PING).status, 403);
}

#[test]
fn who_asks_too_fast_is_told_when_to_come_again_and_nobody_else_is() {
    let upstream = upstream();
    let url = upstream.url();
    let fast = |gateway: &Gateway, header: (&str, &str)| {
        let answers = [(); 12].map(|()| gateway.post(&[header], PING));
        let refused = answers.iter().find(|answer| answer.status == 429)?;
        Some(refused.header("retry-after").expect("a time").to_owned())
    };
    let gateway = Gateway::start_for_two(["--rate", "2", "--upstream", &url]);
    assert_eq!(fast(&gateway, ("X-Api-Key", KEYS[0])).as_deref(), Some("1"));
    assert_eq!(gateway.post(&[("X-Api-Key", KEYS[1])], PING).status, 200);

    let flags = ["--address-rate", "2", "--trusted-proxy", "127.0.0.1", "--upstream", &url];
    let gateway = Gateway::start(flags);
    assert_eq!(fast(&gateway, ("X-Forwarded-For", "2001:db8::1")).as_deref(), Some("1"));
    assert_eq!(gateway.post(&[("X-Forwarded-For", "2001:db8:0:1::1")], PING).status, 200);
    assert_eq!(gateway.ask("GET", "/health", &[]).status, 200);
}

#[test]
fn nobody_takes_all_that_may_be_open() {
    let upstream = Upstream::streaming(|arrival, stream| {
        let stream_wanted = arrival.head.starts_with("GET");
        let kind = if stream_wanted { "text/event-stream" } else { "application/json" };
        let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n");
        if stream_wanted {
            let _ = stream.flush();
            std::thread::sleep(Duration::from_mins(1));
        } else {
            let _ = write!(stream, r#"{{"jsonrpc":"2.0","id":1,"result":{{}}}}"#);
        }
    });
    let config = tempfile::tempdir().unwrap();
    let file = config.path().join("vanguard.yaml");
    std::fs::write(&file, "entry: {open: 2}\n").unwrap();
    let gateway = Gateway::start_for_two(["--config", file.to_str().unwrap(), "--upstream", &upstream.url()]);
    let (one, two) = (("X-Api-Key", KEYS[0]), ("X-Api-Key", KEYS[1]));
    let streams = [(); 2].map(|()| gateway.ask("GET", "/mcp", &[one]));
    assert!(streams.iter().all(|stream| stream.status == 200));
    let refused = gateway.post(&[one], PING);
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (429, true));
    assert_eq!(gateway.post(&[two], PING).status, 200);
    drop(streams);
    settle(PATIENCE, || gateway.post(&[one], PING).status == 200);
    assert_eq!(gateway.post(&[one], PING).status, 200, "what is closed is given back");
}
