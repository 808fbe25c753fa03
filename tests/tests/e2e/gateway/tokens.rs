//! Tokens of an authorization server at the door.

use e2e::{Gateway, Issuer, Upstream, response, vanguard};
use serde_json::Value;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const DELETE: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_file","arguments":{"name":"a"}}}"#;

fn upstream() -> Upstream {
    let done = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
    Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", done))
}

/// A gateway that lets the issuer's tokens in and has one tool limited by a scope.
fn gateway(issuer: &Issuer, upstream: &Upstream, more: &[&str]) -> (Gateway, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("vanguard.yaml");
    std::fs::write(&config, "tools: {'delete_*': {require_scope: [files:admin, files:write]}}\n").unwrap();
    let config = ["--config".to_owned(), config.display().to_string()];
    let more = more.iter().map(|&flag| flag.to_owned());
    let flags = issuer.flags().into_iter().chain(config).chain(more);
    (Gateway::start(flags.chain(["--upstream".to_owned(), upstream.url()])), home)
}

#[test]
fn who_has_no_token_learns_where_to_get_one() {
    let (issuer, upstream) = (Issuer::default(), upstream());
    let (open, _home) = gateway(&issuer, &upstream, &[]);
    let refused = open.post(&[("Host", "localhost:99")], PING);
    assert_eq!(refused.status, 401);
    let document = "http://localhost:99/.well-known/oauth-protected-resource/mcp";
    let challenge = format!(r#"Bearer realm="vanguard", resource_metadata="{document}""#);
    assert_eq!(refused.header("www-authenticate"), Some(&*challenge));

    for path in ["", "/mcp"] {
        let path = format!("/.well-known/oauth-protected-resource{path}");
        let answer = open.ask("GET", &path, &[("Host", "localhost:99")]);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        let said: Value = serde_json::from_str(&answer.text()).unwrap();
        assert_eq!(said["resource"], "http://localhost:99/mcp");
        assert_eq!(said["authorization_servers"][0], "https://as.example");
        assert_eq!(said["scopes_supported"], serde_json::json!(["files:admin", "files:write"]));
    }
    for (method, path, status) in [("POST", "/mcp", 405), ("GET", "/other", 404), ("GET", "/mcpx", 404)] {
        let path = format!("/.well-known/oauth-protected-resource{path}");
        assert_eq!(open.ask(method, &path, &[]).status, status, "{method} {path}");
    }
    let (public, _home) = gateway(&issuer, &upstream, &["--public-url", "https://gw.example"]);
    let refused = public.post(&[("Host", "evil.example")], PING);
    let document = "https://gw.example/.well-known/oauth-protected-resource/mcp";
    assert!(refused.header("www-authenticate").unwrap().contains(document));
    assert!(upstream.is_quiet());
    assert_eq!(issuer.asked(), 0, "its keys are asked for when there is a token");
}

#[test]
fn a_token_opens_stays_here_and_is_on_record() {
    let (issuer, upstream) = (Issuer::default(), upstream());
    let (gateway, _home) = gateway(&issuer, &upstream, &[]);
    let token = issuer.header("alice", "files:read", 600);
    for _ in 0..2 {
        assert_eq!(gateway.post(&[("Authorization", &token)], PING).status, 200);
        assert_eq!(upstream.arrival().header("authorization"), None);
    }
    let attack = DELETE.replace("delete_file", "read").replace(r#""a""#, r#""../../../../etc/shadow""#);
    assert_eq!(gateway.post(&[("Authorization", &token)], attack).status, 200);
    let log = e2e::Log::read(&gateway.home().join(".local/state/vanguard/audit.jsonl"));
    let refused = log.records().iter().find(|record| record.verdict() == "block").expect("a refusal");
    assert_eq!((refused.text("principal"), refused.text("entered_by")), ("alice", "token"));
    assert!(!log.mentions(token.rsplit('.').next().unwrap()));
    for (token, why) in [
        (issuer.header("alice", "", -31), "expired"),
        (Issuer::default().header("alice", "", 600), "signature"),
        (issuer.header("alice", "", 600).replace("Bearer e", "Bearer f"), "no token"),
        (format!("Bearer {}", "x".repeat(20_000)), "too long"),
    ] {
        let refused = gateway.post(&[("Authorization", &token)], PING);
        let challenge = refused.header("www-authenticate").unwrap().to_owned();
        assert_eq!(refused.status, 401, "{challenge}");
        assert!(challenge.contains(r#"error="invalid_token""#) && challenge.contains(why), "{challenge}");
    }
}

#[test]
fn a_call_that_takes_a_scope_says_so_and_passes_with_it_in_the_same_session() {
    let issuer = Issuer::default();
    let upstream = Upstream::new(|arrival| {
        let begins = arrival.body.contains("initialize");
        let done = if begins { r#"{"protocolVersion":"2025-06-18"}"# } else { r#"{"content":[]}"# };
        let session = if begins { "Mcp-Session-Id: s1\r\n" } else { "" };
        let headers = format!("Content-Type: application/json\r\n{session}");
        response("200 OK", &headers, &format!(r#"{{"jsonrpc":"2.0","id":1,"result":{done}}}"#))
    });
    let (gateway, _home) = gateway(&issuer, &upstream, &[]);
    let token = issuer.header("alice", "files:read", 600);
    let (reads, session) = (("Authorization", &*token), ("Mcp-Session-Id", "s1"));
    let begin = PING.replace("ping", "initialize");
    assert_eq!(gateway.post(&[reads], begin).header("mcp-session-id"), Some("s1"));
    let _ = upstream.arrival();

    let refused = gateway.post(&[reads, session], DELETE);
    assert_eq!(refused.status, 403);
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope", scope="files:admin files:write""#), "{challenge}");
    assert!(challenge.contains("resource_metadata="), "{challenge}");
    assert!(refused.text().contains("ACC-SCOPE"));
    assert!(upstream.is_quiet());

    let more = issuer.header("alice", "files:read files:write files:admin", 600);
    let passed = gateway.post(&[("Authorization", &more), session], DELETE);
    assert_eq!((passed.status, passed.text().contains("content")), (200, true));
    assert_eq!(gateway.post(&[reads, session], DELETE).status, 403, "rights are those of each request");
    let other = issuer.header("bob", "files:write files:admin", 600);
    assert_eq!(gateway.post(&[("Authorization", &other), session], DELETE).status, 404, "another's session is none");
    // More scopes would not help: it is refused as anything else.
    let attack = DELETE.replace(r#""a""#, r#""../../../../etc/shadow""#);
    assert_eq!(gateway.post(&[reads, session], attack).status, 200);
}

#[test]
fn keys_that_nobody_knows_are_not_asked_for_again_and_again() {
    let (issuer, upstream) = (Issuer::default(), upstream());
    let (gateway, _home) = gateway(&issuer, &upstream, &[]);
    for number in 0..40 {
        let token = issuer.header_by(&format!("../{number}"), "alice", "", 600);
        assert_eq!(gateway.post(&[("Authorization", &token)], PING).status, 401);
    }
    let token = issuer.header("alice", "", 600);
    assert_eq!(gateway.post(&[("Authorization", &token)], PING).status, 200);
    assert_eq!(issuer.asked(), 1);
}

#[test]
fn without_keys_to_check_tokens_by_nobody_enters() {
    let (issuer, upstream) = (Issuer::default(), upstream());
    let mut flags = issuer.flags();
    *flags.last_mut().unwrap() = "http://127.0.0.1:1/keys".to_owned();
    let gateway = Gateway::start(flags.into_iter().chain(["--upstream".to_owned(), upstream.url()]));
    let refused = gateway.post(&[("Authorization", &issuer.header("alice", "", 600))], PING);
    assert_eq!((refused.status, refused.header("retry-after").is_some()), (503, true));
    assert!(upstream.is_quiet());

    let run = vanguard().args(["serve", "--jwt-issuer", "https://as.example", "--upstream", &upstream.url()]).output();
    let run = run.unwrap();
    let said = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(3), "{said}");
    assert!(said.contains("--jwt-audience"), "{said}");
}

#[test]
fn before_a_command_a_call_that_takes_a_scope_says_so_as_well() {
    let issuer = Issuer::default();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("vanguard.yaml");
    std::fs::write(&config, "tools: {'delete_*': {require_scope: files:admin}}\n").unwrap();
    let flags = ["--config", config.to_str().unwrap(), "--", "sh", "-c", "cat >/dev/null"].map(str::to_owned);
    let gateway = Gateway::start(issuer.flags().into_iter().chain(flags));
    let token = issuer.header("alice", "", 600);
    let headers = [
        ("Authorization", &*token),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "delete_file"),
    ];
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}},"name""#;
    let refused = gateway.post(&headers, DELETE.replacen("\"name\"", meta, 1));
    assert_eq!(refused.status, 403);
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope", scope="files:admin""#), "{challenge}");
    let answer: Value = serde_json::from_str(&refused.text()).unwrap();
    assert_eq!((&answer["id"], &answer["error"]["data"]["rule"]), (&1.into(), &"ACC-SCOPE".into()));
}
