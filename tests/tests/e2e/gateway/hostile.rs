//! Clients that mean harm: each is told what is wrong, nothing of it arrives, and nobody else is held up.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::{Gateway, PATIENCE, Upstream, request, response, settle};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const PONG: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;

fn upstream() -> Upstream {
    Upstream::new(|_| response("200 OK", "Content-Type: application/json\r\n", PONG))
}

/// A post of these header lines and this body, with nothing added but what every request has.
fn raw(headers: &str, body: &str) -> String {
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: application/json, text/event-stream\r\n{headers}\r\n{body}"
    )
}

#[test]
fn http_that_two_readers_read_differently_is_refused() {
    let upstream = upstream();
    let gateway = Gateway::start(["--upstream", &upstream.url()]);
    let json = "Content-Type: application/json\r\n";
    let length = format!("Content-Length: {}\r\n", PING.len());
    let chunked = "Transfer-Encoding: chunked\r\n";
    let chunk = |size: &str| format!("{size}\r\n{PING}\r\n0\r\n\r\n");
    for (case, bytes, status) in [
        ("a folded header", raw(&format!("{json}X-A: b\r\n c\r\n{length}"), PING), Some(400)),
        ("a space before the colon", raw(&format!("{json}Content-Length : {}\r\n", PING.len()), PING), Some(400)),
        ("two lengths in one", raw(&format!("{json}Content-Length: 40, 40\r\n"), PING), Some(400)),
        ("a length in hex", raw(&format!("{json}Content-Length: 0x28\r\n"), PING), Some(400)),
        ("a length below zero", raw(&format!("{json}Content-Length: -1\r\n"), PING), Some(400)),
        ("a length beyond all", raw(&format!("{json}Content-Length: 99999999999999999999\r\n"), PING), Some(400)),
        ("a chunk without a size", raw(&format!("{json}{chunked}"), &chunk("")), Some(400)),
        ("a chunk of a size beyond all", raw(&format!("{json}{chunked}"), &chunk("fffffffffffffffff")), Some(400)),
        ("a chunk of a size below zero", raw(&format!("{json}{chunked}"), &chunk("-28")), Some(400)),
        ("chunks twice", raw(&format!("{json}Transfer-Encoding: chunked, chunked\r\n"), &chunk("28")), Some(400)),
        (
            "an encoding hidden by a tab",
            raw(&format!("{json}Transfer-Encoding:\u{b}chunked\r\n{length}"), PING),
            Some(400),
        ),
        ("a NUL in a header", raw(&format!("{json}X-A: \0\r\n{length}"), PING), Some(400)),
        ("two types", raw(&format!("{json}Content-Type: text/plain\r\n{length}"), PING), Some(415)),
        ("a type that is none", raw(&format!("Content-Type: application/jsonx\r\n{length}"), PING), Some(415)),
        ("no type", raw(&length, PING), Some(415)),
        ("a second encoding", raw(&format!("{json}Content-Encoding: identity, gzip\r\n{length}"), PING), Some(415)),
        (
            "another host by the address line",
            raw(&format!("{json}{length}"), PING).replacen("/mcp", "http://evil.example/mcp", 1),
            Some(400),
        ),
        ("two hosts", raw(&format!("Host: evil.example\r\n{json}{length}"), PING), Some(400)),
        ("a method of spaces", raw(&format!("{json}{length}"), PING).replacen("POST", "PO ST", 1), Some(400)),
        ("another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), None),
        ("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n".into(), Some(400)),
        ("two thousand headers", raw(&format!("{}{json}{length}", "X-A: b\r\n".repeat(2000)), PING), Some(431)),
        (
            "an address without an end",
            raw(&format!("{json}{length}"), PING).replacen("/mcp", &"/mcp".repeat(30_000), 1),
            Some(431),
        ),
    ] {
        assert_eq!(said(&gateway, &bytes), status, "{case}");
    }
    assert!(upstream.is_quiet());
}

/// The status of the answer to these bytes; none where the connection ends without one, as it does for what is not this protocol at all.
fn said(gateway: &Gateway, bytes: &str) -> Option<u16> {
    let (mut stream, mut answer) = (gateway.connect(), Vec::new());
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // It may have heard enough before the end.
    let _ = stream.write_all(bytes.as_bytes());
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

#[test]
fn a_body_of_two_lengths_is_one_request_and_the_connection_ends_with_it() {
    let upstream = upstream();
    let gateway = Gateway::start(["--upstream", &upstream.url()]);
    let hidden = raw(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", PING.len()), PING);
    let headers = format!(
        "Content-Type: application/json\r\nContent-Length: {}\r\nTransfer-Encoding: chunked\r\n",
        PING.len() + 4
    );
    let body = format!("{:x}\r\n{PING}\r\n0\r\n\r\n{hidden}", PING.len());
    let answer = gateway.send(raw(&headers, &body).replace("Connection: close\r\n", ""));
    assert_eq!(answer.status, 200, "chunks alone say where it ends");
    assert_eq!(upstream.arrival().body, PING);
    drop(answer);
    std::thread::sleep(Duration::from_millis(200));
    assert!(upstream.is_quiet(), "what lay behind it was a request of its own");
}

#[test]
fn json_that_is_too_much_or_no_message_is_refused() {
    let upstream = upstream();
    let gateway = Gateway::start(["--upstream", &upstream.url()]);
    let ping = |params: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{params}}}"#);
    for (case, body, status) in [
        ("a well", ping(&format!(r#"{{"x":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000))), 400),
        ("a well without a bottom", "[".repeat(1_000_000), 400),
        ("a crowd", ping(&format!("{{\"x\":[{}1]}}", "1,".repeat(3_000_000))), 400),
        ("a long string", ping(&format!(r#"{{"x":"{}"}}"#, "y".repeat(9 << 20))), 400),
        ("a number beyond all", ping(r#"{"x":1e999999999}"#), 400),
        ("an id of a list", r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#.into(), 400),
        ("another's case", r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}"#.into(), 400),
        (
            "a name with an end in it",
            r#"{"jsonrpc":"2.0","id":1,"method":"ping","method\u0000":"tools/call"}"#.into(),
            400,
        ),
        ("two messages", format!("{PING}{PING}"), 400),
        ("two lines", format!("{PING}\n{PING}"), 400),
        ("both at once", r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}"#.into(), 400),
        ("no number", ping(r#"{"x":NaN}"#), 400),
        ("a mark before it", format!("\u{feff}{PING}"), 400),
    ] {
        let answer = gateway.post(&[], body);
        assert_eq!(answer.status, status, "{case}");
    }
    for bytes in
        [&b"\xff\xfe{\x00}\x00"[..], b"\x1f\x8b\x08\x00", b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xc0\xafng\"}"]
    {
        assert_eq!(gateway.post(&[], bytes).status, 400);
    }
    assert!(upstream.is_quiet());
}

#[test]
fn what_is_too_large_is_refused_before_it_has_come_and_both_ways() {
    let large = format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"x":"{}"}}}}"#, "y".repeat(20_000_000));
    let upstream = Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", &large));
    let gateway = Gateway::start(["--upstream", &upstream.url()]);
    for (framing, chunk_head) in [("Content-Length: 99999999999", ""), ("Transfer-Encoding: chunked", "100000\r\n")] {
        let mut endless = gateway.connect();
        endless.write_all(raw(&format!("Content-Type: application/json\r\n{framing}\r\n"), "").as_bytes()).unwrap();
        let chunk = [
            chunk_head.as_bytes(),
            &vec![b'['; 1 << 20][..],
            &chunk_head.as_bytes()[chunk_head.len().saturating_sub(2)..],
        ]
        .concat();
        // It may have heard enough at any time.
        let sent = (0..64).take_while(|_| endless.write_all(&chunk).is_ok()).count();
        assert!(sent < 64, "it reads for ever");
    }
    assert!(upstream.is_quiet());

    let answer = gateway.post(&[], PING.replace(":1,", ":7,")).text();
    assert!(answer.contains(r#""id":7,"error""#) && answer.contains("larger than the limit"), "{answer:.300}");
}

#[test]
fn a_thousand_half_open_connections_hold_up_nobody_and_are_not_kept() {
    let upstream = upstream();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("vanguard.yaml");
    std::fs::write(&settings, "gateway: {head_seconds: 8, body_seconds: 8}\n").unwrap();
    let gateway = Gateway::start(["--config", settings.to_str().unwrap(), "--upstream", &upstream.url()]);
    let quiet = honest(&gateway);
    let length = PING.len();
    let body = raw(&format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"), "{");
    let mut open: Vec<TcpStream> = (0..1000).map(|_| gateway.connect()).collect();
    for (number, stream) in open.iter_mut().enumerate() {
        let begun = if number % 2 == 0 { "POST /mcp HTTP/1.1\r\nHost: local" } else { &body };
        stream.write_all(begun.as_bytes()).unwrap();
    }
    let during = honest(&gateway);
    println!("p50 of an honest client: {quiet:.1?} alone, {during:.1?} beside 1,000 half-open connections");
    assert!(during < quiet * 2 + Duration::from_millis(2), "{quiet:?} became {during:?}");
    for (number, mut stream) in open.into_iter().enumerate() {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(number % 2 == 0 || said.starts_with("HTTP/1.1 408 "), "{number}: {said}");
        assert!(number % 2 == 1 || said.is_empty() || said.starts_with("HTTP/1.1 4"), "{number}: {said}");
    }
    assert!(settle(PATIENCE, || gateway.post(&[], PING).status == 200));
}

/// The middle of how long a client waits for an answer.
fn honest(gateway: &Gateway) -> Duration {
    let ask = || {
        let begun = Instant::now();
        assert_eq!(gateway.send(request("POST", "/mcp", &[], PING.as_bytes())).text(), PONG);
        begun.elapsed()
    };
    let mut times: Vec<_> = (0..200).map(|_| ask()).collect();
    times.sort_unstable();
    times[times.len() / 2]
}
