//! Figures for Prometheus, at an address of their own, and a line for each request.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use e2e::{Gateway, KEYS, Upstream, response};
use serde_json::Value;

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

#[test]
fn where_figures_and_lines_go_is_a_setting_as_well_and_a_flag_is_stronger() {
    let upstream = Upstream::new(|_| response("202 Accepted", "", ""));
    let folder = tempfile::tempdir().unwrap();
    let [config, set, flag] = ["vanguard.yaml", "set.jsonl", "flag.jsonl"].map(|name| folder.path().join(name));
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    std::fs::write(&config, format!("gateway: {{metrics_listen: '{address}', access_log: {}}}\n", set.display()))
        .unwrap();
    let [config, flag_text] = [&config, &flag].map(|path| path.to_str().unwrap().to_owned());
    let flags = ["--config".to_owned(), config, "--upstream".to_owned(), upstream.url()];
    for (more, file) in [(&[][..], &set), (&["--access-log".to_owned(), flag_text], &flag)] {
        let gateway = Gateway::start(flags.iter().chain(more).cloned());
        gateway.says(&format!("figures at http://{address}/metrics"));
        assert_eq!(gateway.ask("PUT", "/mcp", &[]).status, 405);
        let noted = || std::fs::read_to_string(file).is_ok_and(|lines| lines.lines().count() == 1);
        assert!(e2e::settle(e2e::PATIENCE, noted), "{}", file.display());
    }
}

#[test]
fn a_request_is_a_line_without_its_query_headers_and_body() {
    let upstream = Upstream::new(|_| response("202 Accepted", "", ""));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("access.jsonl");
    let gateway = Gateway::start_for_two(["--access-log", file.to_str().unwrap(), "--upstream", &upstream.url()]);
    let said = r#"{"jsonrpc":"2.0","method":"notifications/initialized","params":{"_meta":{"a":"in-the-body"}}}"#;
    assert_eq!(gateway.post(&[("X-Api-Key", KEYS[0]), ("X-Mine", "in-a-header")], said).status, 202);
    assert_eq!(gateway.ask("GET", "/mcp?token=in-the-query", &[]).status, 401);
    let until = Instant::now() + Duration::from_secs(10);
    let lines = loop {
        let lines = std::fs::read_to_string(&file).unwrap();
        if lines.lines().count() == 2 || Instant::now() > until {
            break lines;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [entered, refused] = &entries[..] else { panic!("{lines}") };
    assert_eq!(
        (&entered["method"], &entered["status"], &entered["entry"]),
        (&"POST".into(), &202.into(), &"key".into())
    );
    assert_eq!((&entered["client"], &entered["path"]), (&"127.0.0.1".into(), &"/mcp".into()));
    assert!(entered["principal"].is_string() && entered["ms"].is_number() && entered["time"].is_string(), "{lines}");
    assert_eq!((&refused["status"], &refused["path"], refused.get("principal")), (&401.into(), &"/mcp".into(), None));
    assert!(!lines.contains("in-") && !lines.contains(KEYS[0]), "{lines}");
}
