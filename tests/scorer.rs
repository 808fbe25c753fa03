//! A language model that is none: a fake that speaks the protocols of Ollama, of `OpenAI` and of Anthropic, holds every byte that it gets
//! against what these ask for, and scores by a word. It is as gullible as a model can be: it obeys whoever speaks outside of the fence.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// What it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `/api/chat`.
    Ollama,
    /// `/v1/chat/completions`.
    OpenAi,
    /// `/v1/messages`.
    Anthropic,
}

/// What it does with a question.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Scores it: 0.97 where the text holds `exfiltrate`, 0.6 where it holds `dubious`, else 0.02.
    Honest,
    /// The same after a while.
    Slow(Duration),
    /// Nothing, ever.
    Never,
    /// These words of the model.
    Words(&'static str),
    /// A status and a body.
    Raw(u16, &'static str),
    /// Sends whoever asks elsewhere.
    Redirect(String),
    /// A body without an end.
    Endless,
    /// Half of what it promised.
    Torn,
}

/// A question as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What it is told to do.
    pub system: String,
    /// All that stands between the marks.
    pub text: String,
}

/// It runs until the test ends.
pub struct Scorer {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    protocol: Protocol,
    key: &'static str,
    model: &'static str,
    reply: Mutex<Reply>,
    asked: Mutex<Vec<Asked>>,
    faults: Mutex<Vec<String>>,
    connections: Mutex<usize>,
}

/// The key that it takes; an Ollama takes none.
pub const SCORER_KEY: &str = "sk-hunter2-0123456789abcdef";
/// The model that it is.
pub const SCORER_MODEL: &str = "judge-1";

impl Scorer {
    /// One that does `reply` with every question.
    pub fn start(protocol: Protocol, reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            protocol,
            key: SCORER_KEY,
            model: SCORER_MODEL,
            reply: Mutex::new(reply),
            asked: Mutex::default(),
            faults: Mutex::default(),
            connections: Mutex::default(),
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *served.connections.lock().unwrap() += 1;
                let served = Arc::clone(&served);
                thread::spawn(move || served.serve(&stream));
            }
        });
        Self { address, shared }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address, as the settings have it.
    pub fn url(&self) -> String {
        let path = if self.shared.protocol == Protocol::OpenAi { "/v1" } else { "" };
        format!("http://{}{path}", self.address)
    }

    /// What a configuration says to have it asked, with `more` keys of `semantic`.
    pub fn settings(&self, more: &str) -> String {
        let (name, key) = match self.shared.protocol {
            Protocol::Ollama => ("ollama", String::new()),
            Protocol::OpenAi => ("openai", format!(", key: {SCORER_KEY}")),
            Protocol::Anthropic => ("anthropic", format!(", key: {SCORER_KEY}")),
        };
        let url = self.url();
        format!("semantic: {{backend: {name}, {name}: {{url: '{url}', model: {SCORER_MODEL}{key}}}{more}}}\n")
    }

    /// From now on it does this.
    pub fn now(&self, reply: Reply) {
        *self.shared.reply.lock().unwrap() = reply;
    }

    /// What it was asked until now.
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// How often somebody came.
    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().unwrap()
    }

    /// Panics where something that it got was not as it should be.
    pub fn is_content(&self) {
        let faults = self.shared.faults.lock().unwrap();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((head, body)) = request(&mut reader) {
            let asked = match self.read(&head, &body) {
                Ok(asked) => asked,
                Err(fault) => {
                    self.faults.lock().unwrap().push(fault);
                    let _ = answer(stream, 418, "");
                    return;
                }
            };
            let score = asked.score();
            self.asked.lock().unwrap().push(asked);
            let reply = self.reply.lock().unwrap().clone();
            if self.reply(stream, &reply, score).is_err() {
                return;
            }
        }
    }

    fn reply(&self, mut stream: &TcpStream, reply: &Reply, score: f32) -> std::io::Result<()> {
        let honest = format!(r#"{{"score": {score}, "reason": "by a word"}}"#);
        match reply {
            Reply::Honest => answer(stream, 200, &self.wrapped(&honest)),
            Reply::Slow(after) => {
                thread::sleep(*after);
                answer(stream, 200, &self.wrapped(&honest))
            }
            Reply::Never => loop {
                thread::sleep(Duration::from_mins(1));
            },
            Reply::Words(words) => answer(stream, 200, &self.wrapped(words)),
            Reply::Raw(status, body) => answer(stream, *status, body),
            Reply::Redirect(to) => {
                write!(stream, "HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
            }
            Reply::Endless => {
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                )?;
                let begun = Instant::now();
                while begun.elapsed() < Duration::from_mins(1) {
                    write!(stream, "400\r\n{}\r\n", " ".repeat(1024))?;
                }
                Ok(())
            }
            Reply::Torn => {
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{{\"message\":")?;
                stream.shutdown(std::net::Shutdown::Both)
            }
        }
    }

    /// The model's words as the protocol has them.
    fn wrapped(&self, words: &str) -> String {
        let body = match self.protocol {
            Protocol::Ollama => json!({
                "model": self.model, "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": words},
                "done_reason": "stop", "done": true, "prompt_eval_count": 400, "eval_count": 20,
            }),
            Protocol::OpenAi => json!({
                "id": "chatcmpl-1", "object": "chat.completion", "model": self.model,
                "choices": [{"index": 0, "message": {"role": "assistant", "content": words, "refusal": null}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 400, "completion_tokens": 20, "total_tokens": 420},
            }),
            Protocol::Anthropic => {
                let usage = r#""usage":{"input_tokens":400,"output_tokens":20}"#;
                return format!(
                    r#"{{"id":"msg_1","type":"message","role":"assistant","content":[{{"type":"tool_use","id":"toolu_1","name":"score","input":{words}}}],"stop_reason":"tool_use",{usage}}}"#
                );
            }
        };
        body.to_string()
    }

    /// Holds every byte of a request against what the protocol asks for.
    fn read(&self, head: &[String], body: &str) -> Result<Asked, String> {
        let path = match self.protocol {
            Protocol::Ollama => "/api/chat",
            Protocol::OpenAi => "/v1/chat/completions",
            Protocol::Anthropic => "/v1/messages",
        };
        let mut headers: Vec<String> = head[1..].to_vec();
        headers.sort();
        let length = format!("content-length: {}", body.len());
        let key = self.key;
        let mut expected: Vec<String> =
            ["accept: */*", "content-type: application/json", &length].map(String::from).into();
        match self.protocol {
            Protocol::Ollama => {}
            Protocol::OpenAi => expected.push(format!("authorization: Bearer {key}")),
            Protocol::Anthropic => {
                expected.push(format!("x-api-key: {key}"));
                expected.push("anthropic-version: 2023-06-01".into());
            }
        }
        headers.retain(|header| {
            !["host: 127.0.0.1:", "host: localhost:", "user-agent: vanguard/"].iter().any(|own| header.starts_with(own))
        });
        expected.sort();
        if head[0] != format!("POST {path} HTTP/1.1") || headers != expected {
            return Err(format!("{head:#?} is not {expected:#?} for {path}"));
        }
        let value: Value = serde_json::from_str(body).map_err(|error| format!("{error}: {body}"))?;
        let said = |role: &str| {
            let messages = value["messages"].as_array().into_iter().flatten();
            messages.filter(|m| m["role"] == role).filter_map(|m| m["content"].as_str()).collect::<Vec<_>>().concat()
        };
        let system = match self.protocol {
            Protocol::Anthropic => value["system"].as_str().unwrap_or_default().to_owned(),
            Protocol::Ollama | Protocol::OpenAi => said("system"),
        };
        let user = said("user");
        // Nothing but these bytes.
        let as_it_should_be = self.body(&system, &user);
        if body != as_it_should_be {
            return Err(format!("{body}\nis not\n{as_it_should_be}"));
        }
        Asked::read(system, &user)
    }

    fn body(&self, system: &str, user: &str) -> String {
        let schema = r#"{"type":"object","properties":{"score":{"type":"number"},"reason":{"type":"string"}},"required":["score","reason"],"additionalProperties":false}"#;
        let (model, system, user) = (json!(self.model), json!(system), json!(user));
        let messages = format!(r#"[{{"role":"system","content":{system}}},{{"role":"user","content":{user}}}]"#);
        match self.protocol {
            Protocol::Ollama => format!(
                r#"{{"model":{model},"messages":{messages},"stream":false,"format":{schema},"options":{{"temperature":0,"num_predict":256}}}}"#
            ),
            Protocol::OpenAi => format!(
                r#"{{"model":{model},"messages":{messages},"temperature":0,"max_tokens":256,"response_format":{{"type":"json_schema","json_schema":{{"name":"score","strict":true,"schema":{schema}}}}}}}"#
            ),
            Protocol::Anthropic => format!(
                r#"{{"model":{model},"max_tokens":256,"temperature":0,"system":{system},"messages":[{{"role":"user","content":{user}}}],"tools":[{{"name":"score","description":"Takes the score of the text.","input_schema":{schema}}}],"tool_choice":{{"type":"tool","name":"score"}}}}"#
            ),
        }
    }
}

impl Asked {
    /// Finds the fence as a reader who reads it from the beginning does: the first line is the mark, and the next line that is the mark ends it.
    fn read(system: String, user: &str) -> Result<Self, String> {
        let (mark, rest) = user.split_once('\n').unwrap_or_default();
        let digits = mark.strip_prefix("mark-").unwrap_or_default();
        if digits.len() != 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) || !system.contains(mark) {
            return Err(format!("no mark: {user}"));
        }
        let (text, outside) = rest.split_once(&format!("\n{mark}\n")).ok_or_else(|| format!("no end: {user}"))?;
        if outside != "Give the score of the text between the marks." || text.contains(mark) {
            return Err(format!("something stands outside of the fence: {outside}"));
        }
        Ok(Self { system, text: text.to_owned() })
    }

    fn score(&self) -> f32 {
        if self.text.contains("exfiltrate") {
            0.97
        } else if self.text.contains("dubious") {
            0.6
        } else {
            0.02
        }
    }
}

/// The head's lines, names of headers in lower case, and the body.
fn request(reader: &mut BufReader<&TcpStream>) -> Option<(Vec<String>, String)> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.strip_suffix("\r\n")?;
        if line.is_empty() {
            break;
        }
        head.push(match line.split_once(": ") {
            Some((name, value)) if !head.is_empty() => format!("{}: {value}", name.to_ascii_lowercase()),
            _ => line.to_owned(),
        });
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, String::from_utf8(body).ok()?))
}

fn answer(mut stream: &TcpStream, status: u16, body: &str) -> std::io::Result<()> {
    let mut answer = String::new();
    let _ = write!(
        answer,
        "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes())
}
