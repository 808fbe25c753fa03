//! A fake of VEX: it answers as `vex-server` 1.7.0 was seen to answer (`tests/vectors/vex`), and counts. It is not the server.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ed25519_dalek::{Signer as _, SigningKey};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// The key that it lets one in by.
pub(crate) const KEY: &str = "sk-very-secret";

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Willing,
    /// Every so many questions it says that they are too many, or that it is broken.
    Moody,
    /// It has forgotten all agents.
    Forgetful,
    /// It takes no prompt.
    Offended,
    /// Its gate stops everything.
    Halting,
}

#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    questions: u64,
    agents: u64,
    streams: u64,
    /// How often each report came, by its prompt.
    reports: BTreeMap<String, u64>,
}

impl Fake {
    pub(crate) fn start(mood: Mood) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").unwrap(), mood)
    }

    pub(crate) fn listen(listener: TcpListener, mood: Mood) -> Self {
        let url = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let (questions, agents, streams) = (0, 0, 0);
        let state = Arc::new(Mutex::new(State { mood, questions, agents, streams, reports: BTreeMap::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, state }
    }

    pub(crate) fn reports(&self) -> BTreeMap<String, u64> {
        self.state.lock().unwrap().reports.clone()
    }

    pub(crate) fn agents(&self) -> u64 {
        self.state.lock().unwrap().agents
    }

    pub(crate) fn streams(&self) -> u64 {
        self.state.lock().unwrap().streams
    }

    pub(crate) fn become_mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// The public key of its gate.
    pub(crate) fn gate() -> SigningKey {
        SigningKey::from_bytes(&[9; 32])
    }
}

impl State {
    fn answer(&mut self, line: &str, authorization: &str, body: &[u8]) -> (u16, String) {
        self.questions += 1;
        let trouble = |code: &str| format!(r#"{{"error":{{"code":"{code}","message":"what we sent: {KEY}"}}}}"#);
        if authorization != format!("Bearer {KEY}") {
            return (401, trouble("UNAUTHORIZED"));
        }
        if self.mood == Mood::Moody && self.questions.is_multiple_of(3) {
            let limited = self.questions.is_multiple_of(2);
            return if limited { (429, trouble("RATE_LIMITED")) } else { (500, trouble("INTERNAL_ERROR")) };
        }
        let path = line.split(' ').nth(1).unwrap();
        if path == "/api/v1/agents" {
            self.agents += 1;
            return (200, format!(r#"{{"id":"agent-{}","name":"vanguard","fitness":0.0}}"#, self.agents));
        }
        if path.ends_with("/stream") {
            self.streams += 1;
            let job = path.split('/').nth(4).unwrap();
            let event = |state: &str| {
                format!("data: {{\"job_id\":\"{job}\",\"status\":\"{state}\",\"result\":null,\"error\":null}}\n\n")
            };
            return (200, event("pending") + ": keep-alive\n\n" + &event("completed"));
        }
        let known = format!("/api/v1/agents/agent-{}/execute", self.agents);
        if self.mood == Mood::Forgetful {
            self.mood = Mood::Willing;
            return (404, trouble("NOT_FOUND"));
        }
        if path != known {
            return (404, trouble("NOT_FOUND"));
        }
        if self.mood == Mood::Offended {
            return (403, trouble("FORBIDDEN"));
        }
        (200, self.report(body))
    }

    fn report(&mut self, body: &[u8]) -> String {
        #[derive(Deserialize)]
        struct Report {
            prompt: String,
        }
        let prompt = serde_json::from_slice::<Report>(body).unwrap().prompt;
        let request = hex(&Sha256::digest([&[0], prompt.as_bytes()].concat()));
        let intent = format!(r#"{{"capabilities":["api-execution"],"confidence":1,"request_sha256":"{request}"}}"#);
        let signature = hex(&Fake::gate().sign(intent.as_bytes()).to_bytes());
        *self.reports.entry(prompt).or_default() += 1;
        let number = self.reports.len();
        let (response, context) = if self.mood == Mood::Halting {
            ("Governance Intervention: Execution halted.".to_owned(), "halted")
        } else {
            (format!("Job queued: job-{number}"), "pending")
        };
        format!(
            r#"{{"agent_id":"a","response":"{response}","context_hash":"{context}","witness_receipt":"{signature}"}}"#
        )
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut out = stream;
    loop {
        let (mut first, mut length, mut authorization) = (String::new(), 0, String::new());
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let (name, value) = line.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => value.trim().clone_into(&mut authorization),
                _ => {}
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, answer) = state.lock().unwrap().answer(&first, &authorization, &body);
        let wait = if status == 429 { "Retry-After: 1\r\n" } else { "" };
        let head = format!("HTTP/1.1 {status} X\r\n{wait}Content-Length: {}\r\n\r\n", answer.len());
        if out.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
