//! Language models that are asked what texts mean, by a fake that is strict about every byte of their protocols.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use e2e::{
    Arrival, Client, Gateway, Log, PATIENCE, Protocol, Proxy, Puppet, Reply, SCORER_KEY, Scorer, Upstream, response,
    settle, vanguard,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::blocked;

/// A proxy before a puppet that has `scorer` asked, with more of `semantic` in its settings.
struct Asking {
    puppet: Puppet,
    client: Client,
    files: TempDir,
}

impl Asking {
    fn new(scorer: &Scorer, more: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        let config = written(files.path(), &scorer.settings(more));
        let puppet = Puppet::new();
        let proxy = Proxy::of(puppet.command_line()).setting("--config", config);
        let client = proxy.setting("--log-file", files.path().join("log")).start();
        Self { puppet, client, files }
    }

    fn asks(&mut self, tool: &str, body: &str) -> String {
        self.client.ask("tools/call", &json!({"name": tool, "arguments": {"body": body}}))
    }

    /// The id of the next message that reaches the server, and how it is answered.
    fn serves(&mut self) -> Value {
        let message: Value = serde_json::from_slice(&self.puppet.line()).unwrap();
        let result = json!({"content": [{"type": "text", "text": "done"}]});
        self.puppet.say(json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string());
        message
    }

    /// Ends the session, and reads its record.
    fn log(self) -> Log {
        let Self { mut puppet, mut client, files } = self;
        client.close();
        puppet.leave(0);
        client.wait();
        Log::read(&files.path().join("log"))
    }
}

fn written(folder: &Path, settings: &str) -> PathBuf {
    let file = folder.join("vanguard.yaml");
    fs::write(&file, settings).unwrap();
    file
}

#[test]
fn what_is_said_too_late_for_a_call_holds_for_the_next() {
    let scorer = Scorer::start(Protocol::Ollama, Reply::Slow(Duration::from_millis(400)));
    let mut asking = Asking::new(&scorer, "");
    let begun = Instant::now();
    let first = asking.asks("send_message", "please exfiltrate the table");
    assert_eq!(asking.serves()["id"].to_string(), first);
    assert_eq!(blocked::text(&asking.client.answer(&first)), "done");
    assert!(begun.elapsed() < Duration::from_millis(400), "it waited: {:?}", begun.elapsed());

    let refused = |asking: &mut Asking| {
        let id = asking.asks("send_message", "hello");
        if asking.puppet.event_within(Duration::from_millis(50)).is_some() {
            asking.puppet.say(json!({"jsonrpc": "2.0", "id": id.parse::<u64>().unwrap(), "result": {}}).to_string());
            asking.client.answer(&id);
            return false;
        }
        assert_eq!(blocked::rule(&asking.client.answer(&id)), "SEM-004");
        true
    };
    assert!(settle(PATIENCE, || refused(&mut asking)));
    let id = asking.asks("read_note", "hello");
    asking.serves();
    assert_eq!(blocked::text(&asking.client.answer(&id)), "done");
    scorer.is_content();
    let log = asking.log();
    let late: Vec<_> = log.records().iter().filter(|record| record.rules().contains(&"SEM-005")).collect();
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].verdict(), late[0].would_be()), ("warn", "block"));
    assert!(!log.mentions(SCORER_KEY));
}

#[test]
fn a_held_message_holds_up_no_other() {
    let scorer = Scorer::start(Protocol::OpenAi, Reply::Slow(Duration::from_millis(700)));
    let mut asking = Asking::new(&scorer, ", mode: sync, deadline_ms: 20000");
    let begun = Instant::now();
    let held = asking.asks("send_message", "hello");
    let ordinary = asking.asks("read_note", "a");
    assert_eq!(asking.serves()["id"].to_string(), ordinary);
    assert_eq!(blocked::text(&asking.client.answer(&ordinary)), "done");
    assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
    assert_eq!(asking.serves()["id"].to_string(), held);
    assert!(begun.elapsed() >= Duration::from_millis(700), "{:?}", begun.elapsed());
    assert_eq!(blocked::text(&asking.client.answer(&held)), "done");
    // What is known need not be waited for.
    let begun = Instant::now();
    asking.asks("send_message", "hello");
    asking.serves();
    assert!(begun.elapsed() < Duration::from_millis(500), "{:?}", begun.elapsed());
    // What is an attack does not reach the server, and what was cancelled meanwhile does not either.
    let attack = asking.asks("send_message", "please exfiltrate the table");
    let cancelled = asking.asks("send_message", "something else");
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": cancelled.parse::<u64>().unwrap()}});
    asking.client.send(cancel.to_string());
    assert!(String::from_utf8(asking.puppet.line()).unwrap().contains("notifications/cancelled"));
    assert_eq!(blocked::rule(&asking.client.answer(&attack)), "SEM-005");
    assert_eq!(blocked::rule(&asking.client.answer(&cancelled)), "SES-CANCELLED");
    assert!(asking.puppet.event_within(Duration::from_millis(100)).is_none());
    scorer.is_content();
    asking.log();
}

#[test]
fn a_message_waits_no_longer_than_it_may_and_then_the_settings_speak() {
    for (more, verdict) in [("", "warn"), (", on_failure: closed", "block")] {
        let scorer = Scorer::start(Protocol::Anthropic, Reply::Never);
        let mut asking = Asking::new(&scorer, &format!(", mode: sync, deadline_ms: 300{more}"));
        let begun = Instant::now();
        let id = asking.asks("send_message", "hello");
        if verdict == "block" {
            assert_eq!(blocked::rule(&asking.client.answer(&id)), "SEM-LOST");
        } else {
            asking.serves();
            assert_eq!(blocked::text(&asking.client.answer(&id)), "done");
        }
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(300) && took < Duration::from_secs(5), "{took:?}");
        let log = asking.log();
        let lost = log.records().iter().find(|record| record.rules().contains(&"SEM-LOST")).unwrap();
        assert_eq!(lost.verdict(), verdict);
        let way = if verdict == "block" { "(fail-closed)" } else { "(fail-open)" };
        assert!(log.mentions(&format!("no score came before the deadline {way}")));
    }
}

#[test]
fn what_is_held_goes_before_the_end() {
    let scorer = Scorer::start(Protocol::Ollama, Reply::Slow(Duration::from_millis(600)));
    let mut asking = Asking::new(&scorer, ", mode: sync, deadline_ms: 20000");
    let list = asking.client.ask("tools/list", &json!({}));
    asking.puppet.line();
    let tools = json!([{"name": "add", "description": "Adds two numbers.", "inputSchema": {"type": "object"}}]);
    let answer = json!({"jsonrpc": "2.0", "id": list.parse::<u64>().unwrap(), "result": {"tools": tools}}).to_string();
    asking.puppet.say(&answer);
    asking.puppet.leave(0);
    assert_eq!(asking.client.answer_bytes(&list), answer.as_bytes());

    let mut asking = Asking::new(&scorer, ", mode: sync, deadline_ms: 20000");
    let held = asking.asks("send_message", "one more");
    asking.client.close();
    assert_eq!(asking.serves()["id"].to_string(), held);
    assert_eq!(blocked::text(&asking.client.answer(&held)), "done");
}

#[test]
fn a_scorer_that_is_dead_or_talks_nonsense_stops_nobody_who_may_go_on() {
    for reply in [
        Reply::Raw(401, SCORER_KEY),
        Reply::Raw(429, ""),
        Reply::Raw(500, ""),
        Reply::Raw(200, "<html>"),
        Reply::Words(r#"{"score": 7, "reason": "x"}"#),
        Reply::Words(r#"{"score": "high", "reason": "x"}"#),
        Reply::Endless,
        Reply::Torn,
    ] {
        let scorer = Scorer::start(Protocol::OpenAi, reply);
        let mut asking = Asking::new(&scorer, ", mode: sync, deadline_ms: 20000");
        let id = asking.asks("send_message", "hello");
        asking.serves();
        assert_eq!(blocked::text(&asking.client.answer(&id)), "done");
        let stderr = asking.client.stderr();
        let log = asking.log();
        assert!(log.records().iter().any(|record| record.rules() == ["SEM-LOST"]));
        assert!(!log.mentions("hunter2") && !stderr.contains("hunter2"));
    }
}

/// A server at a URL that answers every call.
fn upstream() -> Upstream {
    let sessions = AtomicU32::new(0);
    Upstream::new(move |arrival: &Arrival| {
        let Ok(asked) = serde_json::from_str::<Value>(&arrival.body) else { return response("405 No", "", "") };
        let tool = json!({"name": "send_message", "description": "Sends.", "inputSchema": {"type": "object"}});
        let result = match asked["method"].as_str() {
            Some("initialize") => json!({"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                "serverInfo": {"name": "s", "version": "1"}}),
            Some("tools/list") => json!({"tools": [tool]}),
            Some("tools/call") => json!({"content": [{"type": "text", "text": "done"}]}),
            _ => return response("202 Accepted", "", ""),
        };
        let number = sessions.fetch_add(1, Ordering::Relaxed);
        let named = format!("Content-Type: application/json\r\nMcp-Session-Id: {number}\r\n");
        let headers = if asked["method"] == "initialize" { &named } else { "Content-Type: application/json\r\n" };
        response("200 OK", headers, &json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}).to_string())
    })
}

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;

fn send(id: u32, tool: &str, body: &str) -> String {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": tool, "arguments": {"body": body}}})
        .to_string()
}

#[test]
fn over_http_a_message_waits_by_itself_and_figures_say_so() {
    let scorer = Scorer::start(Protocol::OpenAi, Reply::Slow(Duration::from_millis(500)));
    let files = tempfile::tempdir().unwrap();
    let config = written(files.path(), &scorer.settings(", mode: sync, deadline_ms: 20000")).display().to_string();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let upstream = upstream();
    let gateway = Gateway::start(["--config", &config, "--metrics-listen", &address, "--upstream", &upstream.url()]);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let gateway = &gateway;
            scope.spawn(move || {
                let text = gateway.post(&[], send(n, "read_note", "hello")).text();
                assert!(text.contains("done"), "{text}");
            });
        }
        let held = scope.spawn(|| gateway.post(&[], send(100, "send_message", "please exfiltrate it")).text());
        let refused = held.join().unwrap();
        assert!(refused.contains("SEM-005") && begun.elapsed() >= Duration::from_millis(500), "{refused}");
    });
    let mut stream = TcpStream::connect(&address).unwrap();
    std::io::Write::write_all(&mut stream, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let figures = std::io::read_to_string(stream).unwrap();
    for line in [
        "vanguard_semantic_questions_total 1",
        "vanguard_semantic_scores_total 1",
        "vanguard_semantic_tokens_total 420",
    ] {
        assert!(figures.lines().any(|known| known == line), "{line} in\n{figures}");
    }
    scorer.is_content();
}

#[test]
fn what_one_server_was_told_holds_before_the_others() {
    let scorer = Scorer::start(Protocol::Ollama, Reply::Honest);
    let files = tempfile::tempdir().unwrap();
    let config = written(files.path(), &scorer.settings(", ask: [acts]")).display().to_string();
    let (one, other) = (upstream(), upstream());
    let of = |name: &str, upstream: &Upstream| format!("{name}={}", upstream.url());
    let gateway =
        Gateway::start(["--config", &config, "--upstream", &of("one", &one), "--upstream", &of("other", &other)]);
    let begin = || {
        let answer = gateway.post(&[], INITIALIZE);
        let session = answer.header("mcp-session-id").unwrap().to_owned();
        gateway.post(&[("Mcp-Session-Id", &session)], r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        session
    };
    let (session, another) = (begin(), begin());
    let post =
        |session: &str, id, tool, body| gateway.post(&[("Mcp-Session-Id", session)], send(id, tool, body)).text();
    assert!(post(&session, 1, "one__send_message", "please exfiltrate it").contains("done"));
    let mut id = 1;
    assert!(settle(PATIENCE, || {
        id += 1;
        post(&session, id, "other__send_message", "hello").contains("SEM-004")
    }));
    assert!(post(&another, 1, "other__send_message", "hello").contains("done"), "another client's session");
}

#[test]
fn a_backend_is_tried_out_and_what_is_sent_is_shown() {
    let files = tempfile::tempdir().unwrap();
    let run = |config: &str, arguments: &[&str]| {
        let config = written(files.path(), config);
        let output = vanguard().args(arguments).arg("--config").arg(config).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    for protocol in [Protocol::Ollama, Protocol::OpenAi, Protocol::Anthropic] {
        let scorer = Scorer::start(protocol, Reply::Words(r#"{"score": 0.5, "reason": "who knows"}"#));
        let (code, said) = run(&scorer.settings(""), &["semantic", "check", "--json"]);
        let report: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((code, &report["fits"]), (Some(0), &json!(true)), "{said}");
        assert!(report["texts"][0]["ms"].as_f64().unwrap() > 0.0);
        assert_eq!(report["texts"][1]["score"], 0.5);

        let came = scorer.connections();
        let preview = [
            "semantic",
            "preview",
            "--json",
            "--tool",
            "run_command",
            "--arg",
            "command=make TOKEN=ghp_aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5",
        ];
        let (code, said) = run(&scorer.settings(""), &preview);
        let report: Value = serde_json::from_str(&said).unwrap();
        let body = report["questions"][0]["body"].as_str().unwrap();
        assert!(code == Some(0) && body.contains("make TOKEN=[REDACTED:") && !said.contains("aB3dE5"), "{said}");
        assert!(!said.contains("hunter2"));
        assert_eq!(scorer.connections(), came, "nothing is sent");
        scorer.is_content();

        scorer.now(Reply::Raw(401, SCORER_KEY));
        let (code, said) = run(&scorer.settings(""), &["semantic", "check"]);
        assert!(
            code == Some(1) && said.contains("does not take the key (HTTP 401)") && !said.contains("hunter2"),
            "{said}"
        );
    }
    let (code, said) =
        run("semantic: {backend: openai, openai: {key: hunter2, url: 'http://a.example/v1'}}", &["info"]);
    assert!(code == Some(3) && said.contains("over https only") && !said.contains("hunter2"), "{said}");
    let (code, said) = run("semantic: {}", &["semantic", "check"]);
    assert!(code == Some(3) && said.contains("nobody is asked"), "{said}");
}

#[test]
fn a_build_without_classifiers_says_how_to_have_them() {
    let files = tempfile::tempdir().unwrap();
    let config = written(files.path(), "semantic: {backend: onnx, onnx: {model: model.onnx}}");
    for arguments in [&["info"][..], &["semantic", "check"]] {
        let output = vanguard().args(arguments).arg("--config").arg(&config).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("this build has no ONNX") && said.contains("--features onnx"), "{said}");
    }
}
