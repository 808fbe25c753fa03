//! The scripted agent: an MCP client that sends one message at a time and times the answer.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use vanguard_wire::{Body, Limits, Packet, Tape};

use super::script::Step;

/// How long an answer may take before it counts as none.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// A result.
    Passed,
    /// A refusal of the proxy's.
    Stopped {
        /// The rule it names.
        rule: String,
    },
    /// Another error, or nothing.
    Odd(String),
}

/// A client of one process.
#[derive(Debug)]
pub(super) struct Agent {
    process: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    next_id: u64,
}

impl Agent {
    /// Speaks to the demo's server through the proxy, both this same program.
    pub(super) fn behind_proxy(place: &Path) -> io::Result<Self> {
        let exe = std::env::current_exe()?;
        let mut command = Command::new(&exe);
        let record = place.join("audit.jsonl");
        command
            .args(["start", "--name", "demo", "--log-file"])
            .arg(record)
            .arg("--")
            .arg(exe)
            .arg("__demo-server")
            .arg(place);
        Self::start(command, place)
    }

    /// Speaks to the demo's server alone.
    pub(super) fn direct(place: &Path) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("__demo-server").arg(place);
        Self::start(command, place)
    }

    fn start(mut command: Command, place: &Path) -> io::Result<Self> {
        // The user's own settings must not change what the demo shows.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VANGUARD_")) {
            command.env_remove(name);
        }
        for home in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env(home, place.join("home"));
        }
        command.current_dir(place).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn()?;
        let (input, output) = (process.stdin.take(), process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut agent = Self { process, input, lines, next_id: 1 };
        agent.exchange(
            r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"demo","version":"1"}}}"#,
        );
        agent.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        Ok(agent)
    }

    /// Takes one step and waits for what comes back.
    pub(super) fn take(&mut self, step: &Step) -> (Answer, Duration) {
        let line = step.line(self.next_id);
        self.next_id += 1;
        let begun = Instant::now();
        let answer = self.exchange(&line);
        (answer, begun.elapsed())
    }

    fn exchange(&mut self, line: &str) -> Answer {
        self.send(line);
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => read(&line),
            Err(_) => Answer::Odd("no answer".to_owned()),
        }
    }

    fn send(&mut self, line: &str) {
        if let Some(input) = &mut self.input {
            // A process that is gone shows as "no answer".
            let _ = input.write_all(format!("{line}\n").as_bytes()).and_then(|()| input.flush());
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // The end of its stdin ends it, and the server behind it.
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

fn read(line: &[u8]) -> Answer {
    let mut tape = Tape::default();
    match vanguard_wire::read(line, &Limits::default(), &mut tape) {
        Ok(Packet::Single(message)) => match message.body {
            Body::Response { .. } => Answer::Passed,
            Body::Error { error, .. } => {
                let rule = error.get("data").and_then(|data| data.get("rule")).and_then(|rule| rule.string());
                let text = error.get("message").and_then(|text| text.string());
                match rule {
                    Some(rule) => Answer::Stopped { rule: rule.into_owned() },
                    None => Answer::Odd(text.unwrap_or_default().into_owned()),
                }
            }
            _ => Answer::Odd("a request".to_owned()),
        },
        _ => Answer::Odd("an unreadable answer".to_owned()),
    }
}
