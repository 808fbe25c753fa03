//! Conversations written as Markdown (tests/scenarios), held through the real binary: the test plays both sides.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use e2e::{Client, Event, Expected, Log, Proxy, Puppet, Scenario, Side, Step, repository};
use serde_json::Value;

/// The code of the error that answers a request whose server has ended.
const SERVER_GONE: i64 = -31002;

#[test]
fn every_conversation_goes_as_written() {
    let held: Vec<_> = files().into_iter().map(|file| (file.clone(), thread::spawn(move || hold(&file)))).collect();
    assert!(held.len() >= 10, "scenarios are missing: {held:?}");
    let failed: Vec<_> = held.into_iter().filter_map(|(file, held)| held.join().is_err().then_some(file)).collect();
    assert!(failed.is_empty(), "went otherwise: {failed:?}; see above");
}

fn files() -> Vec<PathBuf> {
    let folder = repository().join("tests/scenarios");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| !file.ends_with("README.md")).collect()
}

/// Says each line in turn and sees what becomes of it; then reads the record of the session.
fn hold(file: &Path) {
    let scenario = Scenario::read(file);
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.jsonl");
    let puppet = Puppet::new();
    let mut proxy = Proxy::of(puppet.command_line()).setting("--log-file", &log);
    if let Some(configuration) = &scenario.configuration {
        let path = folder.path().join("vanguard.yaml");
        fs::write(&path, configuration).unwrap();
        proxy = proxy.setting("--config", path);
    }
    let mut talk = Talk { file, client: proxy.start(), server: puppet };
    for step in &scenario.steps {
        talk.step(step);
    }
    talk.end();
    let log = Log::read(&log);
    for step in &scenario.steps {
        recorded(file, step, &log);
    }
}

struct Talk<'f> {
    file: &'f Path,
    client: Client,
    server: Puppet,
}

impl Talk<'_> {
    fn step(&mut self, step: &Step) {
        let place = format!("{}:{}", self.file.display(), step.line);
        match step.side {
            Side::Client => self.client.send(&step.bytes),
            Side::Server => self.server.say(&step.bytes),
        }
        if !matches!(step.expected, Expected::Block(_)) {
            let arrived = match step.side {
                Side::Client => self.server.line(),
                Side::Server => self.client.line().unwrap_or_else(|| panic!("{place}: the proxy has ended")),
            };
            let [arrived, sent] = [&arrived, &step.bytes].map(|bytes| String::from_utf8_lossy(bytes));
            if matches!(step.expected, Expected::Redact(_)) {
                assert_ne!(arrived, sent, "{place}: a secret is left out");
                let arrived: Value = serde_json::from_str(&arrived).unwrap();
                assert!(arrived.to_string().contains("[REDACTED:"), "{place}: {arrived}");
                return;
            }
            assert_eq!(arrived, sent, "{place}: it arrives as it was sent");
            return;
        }
        let told = match (step.side, waits(&step.bytes)) {
            (_, Waits::Nobody) => return,
            (Side::Client, Waits::Sender) | (Side::Server, Waits::Receiver) => {
                self.client.line().unwrap_or_else(|| panic!("{place}: the proxy has ended"))
            }
            (Side::Server, Waits::Sender) | (Side::Client, Waits::Receiver) => self.server.line(),
        };
        let told: Value = serde_json::from_slice(&told).unwrap();
        for answer in told.as_array().unwrap_or(&vec![told.clone()]) {
            assert_eq!(answer["error"]["data"]["blocked_by"], "McpVanguard", "{place}: {told}");
        }
    }

    /// Nothing else was said to anybody.
    fn end(mut self) {
        let place = self.file.display();
        self.client.close();
        assert_eq!(self.server.event(), Event::End, "{place}: the server got more than it should");
        self.server.leave(0);
        // Requests that the conversation left open are answered when the server leaves.
        let mut rest = self.client.rest();
        rest.retain(|line| serde_json::from_slice::<Value>(line).unwrap()["error"]["code"] != SERVER_GONE);
        assert!(
            rest.is_empty(),
            "{place}: the client got more than it should: {:?}",
            rest.first().map(|line| String::from_utf8_lossy(line))
        );
        let (status, stderr) = self.client.finish();
        assert!(status.success(), "{place}: {status}: {stderr}");
    }
}

/// Who must be told that a message was refused.
enum Waits {
    Sender,
    Receiver,
    Nobody,
}

fn waits(line: &[u8]) -> Waits {
    let Ok(message) = serde_json::from_slice::<Value>(line) else { return Waits::Sender };
    match (message.get("method"), message.get("id")) {
        (Some(_), None) => Waits::Nobody,
        (None, Some(_)) => Waits::Receiver,
        _ => Waits::Sender,
    }
}

fn recorded(file: &Path, step: &Step, log: &Log) {
    let place = format!("{}:{}", file.display(), step.line);
    let records = log.of(&step.bytes);
    assert!(!records.is_empty(), "{place}: no record");
    let (verdicts, rule): (&[&str], _) = match &step.expected {
        Expected::Allow => (&["allow"], None),
        Expected::Warn(rule) | Expected::WouldBlock(rule) => (&["warn", "allow"], Some(rule)),
        Expected::Redact(rule) => (&["redact"], Some(rule)),
        Expected::Block(rule) => (&["block", "review"], Some(rule)),
    };
    for record in &records {
        assert!(verdicts.contains(&record.verdict()), "{place}: {record:?}");
    }
    if let Some(rule) = rule {
        let found = records.iter().any(|record| record.rules().contains(&rule.as_str()));
        assert!(found, "{place}: {rule} is not among the findings: {records:?}");
    }
    if let Expected::WouldBlock(_) = step.expected {
        assert!(records.iter().any(|record| record.would_be() == "block"), "{place}: {records:?}");
    }
}
