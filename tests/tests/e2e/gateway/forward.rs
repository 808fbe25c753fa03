//! As the HTTP proxy of a client that must see the upstream's own address.

use std::process::Command;

use e2e::{Arrival, Gateway, KEYS, Response, Served, Upstream, python, python_script, request, response};
use serde_json::Value;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const JSON: &str = "Content-Type: application/json\r\n";

/// Asks for a whole address, as clients do that have a proxy.
fn ask(gateway: &Gateway, method: &str, address: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let host = address.split('/').nth(2).unwrap();
    let headers = [&[("Host", host)][..], headers].concat();
    gateway.send(request(method, address, &headers, body.as_bytes()))
}

fn error(answer: Response) -> String {
    let answer: Value = serde_json::from_str(&answer.text()).unwrap();
    answer["error"]["message"].as_str().unwrap().to_owned()
}

#[test]
fn an_upstream_is_reached_by_its_own_address_and_judged_as_ever() {
    let upstream = Upstream::new(|_| response("200 OK", JSON, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#));
    let gateway = Gateway::start(["--forward-proxy", "upstreams", "--upstream", &upstream.url()]);
    let answer = ask(&gateway, "POST", &upstream.url(), &[("Authorization", "Bearer theirs")], PING);
    assert_eq!(answer.status, 200);
    let arrival = upstream.arrival();
    assert_eq!((&*arrival.body, arrival.header("authorization")), (PING, Some("Bearer theirs")));
    assert!(arrival.head.starts_with("POST /mcp HTTP/1.1"), "{}", arrival.head);
    assert_eq!(gateway.post(&[], PING).status, 200, "at its own address it serves as ever");
    drop(upstream.arrival());

    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","arguments":{"path":"../../../../etc/shadow"}}}"#;
    let refused = ask(&gateway, "POST", &upstream.url(), &[], call);
    assert!(refused.text().contains(r#""blocked_by":"McpVanguard""#));
    assert!(upstream.is_quiet());
}

#[test]
fn it_leads_nowhere_else() {
    let upstream = Upstream::new(|_| response("200 OK", JSON, "{}"));
    let other = Upstream::new(|_| response("200 OK", JSON, "{}"));
    let own = |path: &str| upstream.url().replace("/mcp", path);
    for setting in ["upstreams", "sign-in"] {
        let gateway = Gateway::start(["--forward-proxy", setting, "--upstream", &upstream.url()]);
        for address in [
            other.url(),
            other.url().replace("/mcp", "/.well-known/oauth-authorization-server"),
            own("/mcp?x=1"),
            own("/mcp/sub"),
            own("/%6dcp"),
            own("/health"),
            own("/.well-known/other"),
            upstream.url().replace("127.0.0.1", "localhost"),
        ] {
            for method in ["POST", "GET"] {
                let answer = ask(&gateway, method, &address, &[], PING);
                assert_eq!(answer.status, 403, "{setting} {method} {address}");
                assert!(error(answer).contains("nowhere else"));
            }
        }
        assert_eq!(gateway.ask("GET", "/ready", &[]).status, 200);
    }
    assert!(upstream.is_quiet() && other.is_quiet());
}

#[test]
fn a_tunnel_is_refused_and_pages_are_kept_out() {
    let upstream = Upstream::new(|_| response("200 OK", JSON, "{}"));
    for setting in ["off", "sign-in"] {
        let gateway = Gateway::start(["--forward-proxy", setting, "--upstream", &upstream.url()]);
        let answer = gateway.send("CONNECT up.example:443 HTTP/1.1\r\nHost: up.example:443\r\n\r\n");
        assert_eq!(answer.status, 405, "{setting}");
        assert!(error(answer).contains("CONNECT"));
        assert_eq!(ask(&gateway, "POST", &upstream.url(), &[("Origin", "http://evil.example")], PING).status, 403);
        let named_otherwise = request("POST", &upstream.url(), &[("Host", "evil.example")], PING.as_bytes());
        assert_eq!(gateway.send(named_otherwise).status, 400);
        assert_eq!(gateway.post(&[("Host", "evil.example")], PING).status, 421);
        assert!(upstream.is_quiet());
    }
    // As long as nobody wants a proxy, an address that is not ours is not served.
    let gateway = Gateway::start(["--upstream", "http://up.example/mcp"]);
    assert_eq!(ask(&gateway, "POST", "http://up.example/mcp", &[], PING).status, 421);
}

#[test]
fn a_key_is_shown_to_the_proxy_apart_from_what_is_for_the_server() {
    let upstream = Upstream::new(|_| response("202 Accepted", "", ""));
    let gateway = Gateway::start_for_two(["--forward-proxy", "sign-in", "--upstream", &upstream.url()]);
    let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let key = format!("Bearer {}", KEYS[0]);
    for headers in
        [&[][..], &[("Authorization", &*key)], &[("X-Api-Key", KEYS[0])], &[("Proxy-Authorization", "Bearer x")]]
    {
        let answer = ask(&gateway, "POST", &upstream.url(), headers, ready);
        assert_eq!((answer.status, answer.header("proxy-authenticate")), (407, Some("Basic realm=\"vanguard\"")));
        assert_eq!(answer.header("www-authenticate"), None);
    }
    assert!(upstream.is_quiet());
    // `me:test`, of which the second key is the password.
    for shown in [&*key, "Basic bWU6dGVzdA=="] {
        let headers = [("Proxy-Authorization", shown), ("Authorization", "Bearer theirs")];
        assert_eq!(ask(&gateway, "POST", &upstream.url(), &headers, ready).status, 202);
        let arrival = upstream.arrival();
        assert_eq!(arrival.header("authorization"), Some("Bearer theirs"));
        assert_eq!(arrival.header("proxy-authorization"), None);
    }
}

/// An upstream that wants a token, and the authorization server on its host that gives it.
fn with_sign_in() -> (Upstream, Upstream) {
    let server = Upstream::new(|arrival: &Arrival| {
        let host = format!("http://{}", arrival.header("host").unwrap());
        match arrival.head.split(' ').nth(1).unwrap() {
            "/.well-known/oauth-authorization-server" => {
                let said = format!(
                    r#"{{"issuer":"{host}","token_endpoint":"{host}/oauth/token","authorization_endpoint":"{host}/oauth/go"}}"#
                );
                response("200 OK", JSON, &said)
            }
            "/oauth/token" if arrival.body == "grant_type=x" => {
                response("200 OK", JSON, r#"{"access_token":"theirs"}"#)
            }
            "/oauth/token" => response("400 Bad Request", JSON, r#"{"error":"invalid_grant"}"#),
            path if path.starts_with("/oauth/go?") => {
                response("302 Found", "Location: http://localhost:1/?code=7\r\n", "x")
            }
            _ => response("200 OK", "Content-Type: text/html\r\n", "<html>"),
        }
    });
    let named = server.url().replace("/mcp", "");
    let upstream = Upstream::new(move |arrival: &Arrival| {
        let host = format!("http://{}", arrival.header("host").unwrap());
        match arrival.head.split(' ').nth(1).unwrap() {
            "/of/their/own" => {
                let said = format!(
                    r#"{{"resource":"{host}/mcp","authorization_servers":["{named}","http://169.254.169.254/"]}}"#
                );
                response("200 OK", JSON, &said)
            }
            "/mcp" => {
                let ask = format!("WWW-Authenticate: Bearer resource_metadata=\"{host}/of/their/own\"\r\n");
                response("401 Unauthorized", &ask, "")
            }
            _ => response("404 Not Found", "", ""),
        }
    });
    (upstream, server)
}

#[test]
fn signing_in_is_passed_on_as_far_as_the_upstream_leads_to_it() {
    let (upstream, server) = with_sign_in();
    let gateway = Gateway::start(["--forward-proxy", "sign-in", "--upstream", &upstream.url()]);
    let at = |server: &Upstream, path: &str| server.url().replace("/mcp", path);
    let (document, token) = (at(&server, "/.well-known/oauth-authorization-server"), at(&server, "/oauth/token"));
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let theirs = at(&upstream, "/of/their/own");
    for early in [&theirs, &document, &token] {
        assert_eq!(ask(&gateway, "GET", early, &[], "").status, 403, "{early}");
    }
    let refused = ask(&gateway, "POST", &upstream.url(), &[], PING);
    let challenge = format!("Bearer resource_metadata=\"{theirs}\"");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some(&*challenge)));
    let said = ask(&gateway, "GET", &theirs, &[], "").text();
    assert!(said.contains(&format!(r#""resource":"{}""#, upstream.url())), "{said}");
    assert_eq!(ask(&gateway, "POST", &token, &form, "grant_type=x").status, 403, "not named yet");
    assert!(ask(&gateway, "GET", &document, &[], "").text().contains("/oauth/token"));
    assert_eq!(ask(&gateway, "POST", &token, &form, "grant_type=x").text(), r#"{"access_token":"theirs"}"#);
    assert_eq!(ask(&gateway, "POST", &token, &form, "grant_type=y").status, 400);
    let sent = ask(&gateway, "GET", &at(&server, "/oauth/go?a=b"), &[], "");
    assert_eq!((sent.status, sent.header("location")), (302, Some("http://localhost:1/?code=7")));
    assert_eq!(sent.text(), "");

    for (status, method, address, headers, body) in [
        (403, "POST", at(&server, "/mcp"), &[][..], PING),
        (403, "GET", "http://169.254.169.254/.well-known/openid-configuration".to_owned(), &[], ""),
        (405, "POST", document, &[], ""),
        (405, "DELETE", token.clone(), &[], ""),
        (415, "POST", token.clone(), &[("Content-Type", "text/plain")], "x"),
        (400, "POST", token.clone(), &[("Content-Encoding", "gzip")], "x"),
        (413, "POST", token, &[], &"x".repeat(64 * 1024 + 1)),
        (502, "GET", at(&server, "/.well-known/openid-configuration"), &[], ""),
    ] {
        assert_eq!(ask(&gateway, method, &address, headers, body).status, status, "{method} {address}");
    }
}

#[test]
fn the_official_client_takes_it_for_its_proxy() {
    let server = Served::start(|port| {
        let mut command = Command::new(python("mcp-everything-server"));
        command.args(["--port", &port.to_string()]);
        command
    });
    let gateway = Gateway::start_for_two(["--forward-proxy", "upstreams", "--upstream", &server.url()]);
    let run = |proxy: String| {
        let script = python_script("drive.py");
        let mut client = Command::new(&script[0]);
        client.args(&script[1..]).args(["auto", "[]", "--", &server.url()]);
        client.env("HTTP_PROXY", proxy).env_remove("NO_PROXY").output().unwrap()
    };
    let proxy = format!("127.0.0.1:{}", gateway.port());
    let done = run(format!("http://me:{}@{proxy}", KEYS[1]));
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(said.contains(r#""protocol": "2026-07-28""#), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(!run(format!("http://{proxy}")).status.success(), "without a key");
}
