//! A client at the stdio of a server or of the proxy, byte by byte: it sends exactly the lines it is given and keeps
//! every line that comes back.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long anything may take before a test fails: generous, for a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// How the proxy is to be started: `vanguard start [options] -- server`.
pub struct Proxy {
    options: Vec<String>,
    server: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Proxy {
    /// Before this server.
    pub fn of<S: Into<String>>(server: impl IntoIterator<Item = S>) -> Self {
        Self { options: Vec::new(), server: server.into_iter().map(Into::into).collect(), environment: Vec::new() }
    }

    /// With one more option of `vanguard start`.
    #[must_use]
    pub fn option(mut self, option: impl Into<String>) -> Self {
        self.options.push(option.into());
        self
    }

    /// With an option and its value.
    #[must_use]
    pub fn setting(self, option: &str, value: impl AsRef<Path>) -> Self {
        self.option(option).option(value.as_ref().display().to_string())
    }

    /// With a variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The whole command line, for clients that start the proxy themselves.
    pub fn command_line(&self) -> Vec<String> {
        let binary = binary().display().to_string();
        [&[binary, "start".into()], &self.options[..], &["--".into()], &self.server[..]].concat()
    }

    /// Starts it.
    pub fn start(self) -> Client {
        let environment = self.environment.clone();
        Client::start(&self.command_line(), &environment)
    }
}

/// The binary under test, for commands that end by themselves.
pub fn vanguard() -> Command {
    let mut command = Command::new(binary());
    command.stdin(Stdio::null());
    without_settings(&mut command);
    command
}

/// A process that speaks MCP on its stdio, with a home and a working directory of its own.
pub struct Client {
    process: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Vec<u8>>,
    /// Lines read while waiting for another one.
    passed_over: Vec<Vec<u8>>,
    stderr: Arc<Mutex<String>>,
    home: TempDir,
    last_id: u64,
}

impl Client {
    /// A server with nothing before it.
    pub fn direct<S: Into<String>>(server: impl IntoIterator<Item = S>) -> Self {
        Self::start(&server.into_iter().map(Into::into).collect::<Vec<_>>(), &[])
    }

    fn start(command_line: &[String], environment: &[(String, String)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(&command_line[0]);
        without_settings(&mut command);
        command
            .args(&command_line[1..])
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path().join(".config"))
            .env("XDG_STATE_HOME", home.path().join(".local/state"))
            .envs(environment.iter().cloned())
            .current_dir(home.path())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|e| panic!("{command_line:?} does not start: {e}"));
        let (sender, lines) = channel();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        thread::spawn(move || {
            let mut line = Vec::new();
            while stdout.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let whole = line.strip_suffix(b"\n").map(<[u8]>::to_vec);
                // A last line without its end is kept with a mark, so that no test takes it for a whole one.
                if sender.send(whole.unwrap_or_else(|| [&line[..], b"<no line feed>"].concat())).is_err() {
                    break;
                }
                line.clear();
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let mut from = process.stderr.take().unwrap();
        let kept = Arc::clone(&stderr);
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(read @ 1..) = from.read(&mut chunk) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..read]));
            }
        });
        let stdin = process.stdin.take();
        Self { process, stdin, lines, passed_over: Vec::new(), stderr, home, last_id: 0 }
    }

    /// Sends one line; a line feed is added.
    pub fn send(&mut self, line: impl AsRef<[u8]>) {
        self.send_bytes([line.as_ref(), b"\n"].concat());
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        let stdin = self.stdin.as_mut().expect("the client has closed its side");
        // A peer that has ended is noticed by what it answers, or does not.
        let _ = stdin.write_all(bytes.as_ref()).and_then(|()| stdin.flush());
    }

    /// The next line that comes back, or none once the output has ended.
    pub fn line(&mut self) -> Option<Vec<u8>> {
        if !self.passed_over.is_empty() {
            return Some(self.passed_over.remove(0));
        }
        self.fresh(Instant::now() + PATIENCE)
    }

    /// What comes back within this time, if anything.
    pub fn line_within(&mut self, time: Duration) -> Option<Vec<u8>> {
        if !self.passed_over.is_empty() {
            return Some(self.passed_over.remove(0));
        }
        self.lines.recv_timeout(time).ok()
    }

    /// All that comes back until the output ends.
    pub fn rest(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.line()).collect()
    }

    /// The bytes of the answer with this id, written as in JSON (`7`, `"a"`).
    pub fn answer_bytes(&mut self, id: &str) -> Vec<u8> {
        let wanted: Value = serde_json::from_str(id).unwrap();
        let is_it = |line: &[u8]| {
            let message: Value = serde_json::from_slice(line).unwrap_or_default();
            message.get("id") == Some(&wanted) && message.get("method").is_none()
        };
        if let Some(at) = self.passed_over.iter().position(|line| is_it(line)) {
            return self.passed_over.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        while let Some(line) = self.fresh(deadline) {
            if is_it(&line) {
                return line;
            }
            self.passed_over.push(line);
        }
        panic!("the output ended before an answer to {id}; stderr:\n{}", self.stderr());
    }

    /// What came while an answer was waited for, and was not that answer.
    pub fn passed_over(&mut self) -> Vec<Value> {
        self.passed_over.drain(..).map(|line| serde_json::from_slice(&line).unwrap()).collect()
    }

    /// The answer with this id.
    pub fn answer(&mut self, id: &str) -> Value {
        serde_json::from_slice(&self.answer_bytes(id)).unwrap()
    }

    /// Sends a request with the next free id and waits for its answer.
    pub fn request(&mut self, method: &str, params: &Value) -> Value {
        let id = self.ask(method, params);
        self.answer(&id)
    }

    /// Calls a tool.
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    /// Sends a request with the next free id, and returns the id.
    pub fn ask(&mut self, method: &str, params: &Value) -> String {
        self.last_id += 1;
        let id = self.last_id;
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        id.to_string()
    }

    /// The handshake of the revisions up to 2025-11-25, with every capability that a client can have.
    pub fn initialize(&mut self) -> Value {
        let capabilities = json!({"roots": {"listChanged": true}, "sampling": {}, "elicitation": {}});
        let answer = self.request(
            "initialize",
            &json!({"protocolVersion": "2025-06-18", "capabilities": capabilities,
                    "clientInfo": {"name": "e2e", "version": "1"}}),
        );
        self.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        answer
    }

    /// Ends our side of the conversation.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    /// Waits for the process to end.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the process does not end; stderr:\n{}", self.stderr());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends our side and waits for the process to end.
    pub fn finish(mut self) -> (ExitStatus, String) {
        self.close();
        let status = self.wait();
        (status, self.stderr())
    }

    /// The process at the other end: the proxy, or a server that stands alone.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Kills the process with a signal that it cannot handle.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    /// What the process has written on stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Its home and working directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn fresh(&mut self, deadline: Instant) -> Option<Vec<u8>> {
        match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing comes back; stderr:\n{}", self.stderr()),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Takes the settings of whoever runs the tests out of a command's environment.
fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("VANGUARD_")) {
            command.env_remove(name);
        }
    }
}

/// The binary under test: `E2E_BINARY` where `cargo xtask test` has built one, else built here once.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(binary) = std::env::var_os("E2E_BINARY") {
            return binary.into();
        }
        let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "vanguard"]).status();
        assert!(built.is_ok_and(|status| status.success()), "`cargo build --package vanguard` failed");
        // This test stands in <target>/debug/deps, the binary in <target>/debug.
        let test = std::env::current_exe().unwrap();
        test.parent().and_then(Path::parent).unwrap().join("vanguard")
    })
}
