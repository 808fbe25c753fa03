//! Who is let in, and in what form.

use e2e::{Gateway, Puppet, Upstream, request, response, vanguard};
use serde_json::Value;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn pong() -> Vec<u8> {
    response("200 OK", "Content-Type: application/json\r\n", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
}

#[test]
fn a_form_that_is_not_judged_does_not_pass() {
    let upstream = Upstream::new(|_| pong());
    let gateway = Gateway::start(["--upstream", &upstream.url()]);
    let cases = [
        (&[("Content-Type", "text/plain")][..], PING, 415),
        (&[("Content-Type", "application/json; charset=utf-16")], PING, 415),
        (&[("Content-Encoding", "gzip")], PING, 415),
        (&[("Host", "evil.example")], PING, 421),
        (&[("Origin", "http://evil.example")], PING, 403),
        (&[("Origin", "null")], PING, 403),
        (&[("Mcp-Session-Id", "no-such")], PING, 404),
        (&[("Mcp-Session-Id", "a"), ("Mcp-Session-Id", "b")], PING, 400),
        (&[("MCP-Protocol-Version", "2025-06-18")], r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, 400),
        (&[], "", 400),
        (&[], "{", 400),
        (&[], r#"{"id":1,"#, 400),
        (&[], r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#, 400),
        (&[], "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":\"\u{feff}\\ud800\"}}", 400),
    ];
    for (headers, body, status) in cases {
        let answer = gateway.post(headers, body);
        assert_eq!(answer.status, status, "{headers:?} {body}");
        assert!(answer.text().starts_with(r#"{"jsonrpc":"2.0","#), "{headers:?} {body}");
    }
    for (method, path, status) in [
        ("PUT", "/mcp", 405),
        ("OPTIONS", "/mcp", 405),
        ("POST", "/other", 404),
        ("POST", "/mcp/other", 404),
        ("GET", "/", 404),
    ] {
        assert_eq!(gateway.ask(method, path, &[]).status, status, "{method} {path}");
    }
    assert!(upstream.is_quiet());
    let passed =
        gateway.post(&[("Content-Type", "Application/JSON;charset=UTF-8"), ("Origin", "http://localhost:1")], PING);
    assert_eq!((passed.status, passed.text()), (200, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned()));
}

#[test]
fn a_request_that_two_readers_cut_at_different_places_does_not_pass() {
    let upstream = Upstream::new(|_| pong());
    let gateway = Gateway::start(["--upstream", &upstream.url()]);
    let hidden = format!("{PING}POST /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let length = PING.len().to_string();
    for headers in [
        &[("Content-Length", length.as_str()), ("Content-Length", "5")][..],
        &[("Content-Length", "+38")],
        &[("Transfer-Encoding", "chunked, identity"), ("Content-Length", &length)],
        &[("Transfer-Encoding", "xchunked")],
    ] {
        assert_eq!(gateway.send(request("POST", "/mcp", headers, hidden.as_bytes())).status, 400, "{headers:?}");
    }
    let no_host =
        format!("POST /mcp HTTP/1.1\r\nContent-Length: {length}\r\nContent-Type: application/json\r\n\r\n{PING}");
    assert_eq!(gateway.send(no_host).status, 400);
    let long = "x".repeat(80 * 1024);
    assert_eq!(gateway.post(&[("X-Long", &long)], PING).status, 431);
    assert!(upstream.is_quiet());
}

#[test]
fn too_much_is_refused_by_its_own_name() {
    let upstream = Upstream::new(|_| pong());
    let config = tempfile::tempdir().unwrap();
    let file = config.path().join("vanguard.yaml");
    std::fs::write(&file, "limits: {message_bytes: 4096}\n").unwrap();
    let gateway = Gateway::start(["--config", file.to_str().unwrap(), "--upstream", &upstream.url()]);
    let body = format!(r#"{{"jsonrpc":"2.0","id":77,"method":"ping","params":{{"x":"{}"}}}}"#, "y".repeat(5000));
    let answer = gateway.post(&[], body);
    assert_eq!(answer.status, 413);
    let answer: Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!(answer["id"], 77);
    assert!(upstream.is_quiet());
}

#[test]
fn a_key_opens_and_stays_here() {
    let upstream = Upstream::new(|_| pong());
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("keys");
    // Of the key `correct horse battery staple`.
    std::fs::write(&file, "# who may enter\ndesk c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a\n")
        .unwrap();
    let gateway = Gateway::start(["--keys", file.to_str().unwrap(), "--upstream", &upstream.url()]);
    for headers in [&[][..], &[("Authorization", "Bearer wrong horse battery staple")], &[("X-Api-Key", "desk")]] {
        let answer = gateway.post(headers, PING);
        assert_eq!((answer.status, answer.header("www-authenticate").is_some()), (401, true), "{headers:?}");
    }
    assert_eq!(gateway.ask("GET", "/other", &[]).status, 401, "nobody learns what is here");
    assert_eq!(gateway.ask("GET", "/health", &[("Host", "10.0.0.1")]).status, 200);
    assert!(upstream.is_quiet());

    let key = "correct horse battery staple";
    assert_eq!(gateway.post(&[("Authorization", &format!("Bearer {key}"))], PING).status, 200);
    assert_eq!(upstream.arrival().header("authorization"), None);
    assert_eq!(gateway.post(&[("X-Api-Key", key), ("Authorization", "Bearer theirs")], PING).status, 200);
    let arrival = upstream.arrival();
    assert_eq!((arrival.header("x-api-key"), arrival.header("authorization")), (None, Some("Bearer theirs")));
}

#[test]
fn a_key_in_the_environment_is_not_the_server_s_to_know() {
    let key = "0123456789abcdef0123";
    let script = r#"read -r line; printf '{"jsonrpc":"2.0","id":1,"result":{"text":"%s"}}\n' "${VANGUARD_API_KEY-unset}"; read -r line"#;
    let gateway = Gateway::start_in(&[("VANGUARD_API_KEY", key)], ["--", "sh", "-c", script]);
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/list")];
    assert_eq!(gateway.post(&headers, body).status, 401);
    let answer = gateway.post(&[&headers[..], &[("X-Api-Key", key)]].concat(), body);
    assert_eq!((answer.status, answer.text().contains(r#""text":"unset""#)), (200, true));
}

#[test]
fn nobody_is_let_in_for_want_of_a_setting() {
    let serve = |more: &[&str]| {
        let run = vanguard()
            .args(["serve", "--host", "0.0.0.0", "--port", "0", "--log-file", "none"])
            .args(more)
            .output()
            .unwrap();
        (run.status.code(), String::from_utf8(run.stderr).unwrap())
    };
    let server = Puppet::new().command_line();
    let server = [&["--"], &server.iter().map(String::as_str).collect::<Vec<_>>()[..]].concat();
    for options in [&[][..], &["--profile", "strict", "--insecure-no-auth"]] {
        let (code, said) = serve(&[options, &server[..]].concat());
        assert_eq!(code, Some(3), "{said}");
        assert!(said.contains("open to whoever reaches it"), "{said}");
    }
}
