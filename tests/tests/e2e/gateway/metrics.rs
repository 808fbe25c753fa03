//! Figures for Prometheus, at an address of their own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use e2e::{Gateway, Upstream, response};

#[test]
fn figures_say_what_became_of_messages_and_requests() {
    let answer = r#"{"jsonrpc":"2.0","id":7,"result":{}}"#;
    let upstream = Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", answer));
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let gateway = Gateway::start(["--metrics-listen", &address, "--upstream", &upstream.url()]);
    let call = |path: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"read","arguments":{{"path":"{path}"}}}}}}"#
        )
    };
    assert_eq!(gateway.post(&[], call("a.txt")).text(), answer);
    assert_eq!(gateway.post(&[], call("../../../../etc/shadow")).status, 200);
    assert_eq!(gateway.ask("PUT", "/mcp", &[]).status, 405);

    let ask = |path: &str, host: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    };
    let figures = ask("/metrics", "localhost");
    assert!(figures.starts_with("HTTP/1.1 200 OK\r\n") && figures.ends_with("# EOF\n"), "{figures}");
    for line in [
        r#"vanguard_messages_total{flow="client-to-server",verdict="allow"} 1"#,
        r#"vanguard_messages_total{flow="client-to-server",verdict="block"} 1"#,
        r#"vanguard_messages_total{flow="server-to-client",verdict="allow"} 1"#,
        r#"vanguard_http_requests_total{method="POST",status="200"} 2"#,
        r#"vanguard_http_requests_total{method="other",status="405"} 1"#,
        r#"vanguard_judgment_seconds_count{flow="client-to-server"} 2"#,
        "vanguard_http_streams 0",
    ] {
        assert!(figures.lines().any(|known| known == line), "{line} in\n{figures}");
    }
    assert!(figures.contains("vanguard_refusals_total{flow=\"client-to-server\",family=\""), "{figures}");
    assert!(!figures.contains("shadow"));
    assert!(ask("/metrics", "evil.example").starts_with("HTTP/1.1 421 "));
    assert!(ask("/mcp", "localhost").starts_with("HTTP/1.1 404 "));
    assert_eq!(gateway.ask("GET", "/metrics", &[]).status, 404, "not where clients are");
}
