//! The gateway over HTTP as it is started, and HTTP to it byte by byte.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

use crate::client::{PATIENCE, vanguard};

/// The keys of the two whom [`Gateway::start_for_two`] lets in.
pub const KEYS: [&str; 2] = ["correct horse battery staple", "test"];

/// `vanguard serve`, on a port of its own.
pub struct Gateway {
    process: Child,
    port: u16,
    home: TempDir,
    said: Arc<Mutex<String>>,
}

impl Gateway {
    /// With these arguments. It listens when this returns.
    pub fn start<S: Into<String>>(arguments: impl IntoIterator<Item = S>) -> Self {
        Self::start_in(&[], arguments)
    }

    /// The same, for whoever holds one of [`KEYS`].
    pub fn start_for_two<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let digests = "one c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a\n\
                       two 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n";
        std::fs::write(&file, digests).unwrap();
        let keys = ["--keys".to_owned(), file.to_str().unwrap().to_owned()];
        Self::start(keys.into_iter().chain(arguments.into_iter().map(str::to_owned)))
    }

    /// The same, with variables of the environment.
    pub fn start_in<S: Into<String>>(environment: &[(&str, &str)], arguments: impl IntoIterator<Item = S>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command: Command = vanguard();
        command
            .args(["serve", "--port", "0"])
            .args(arguments.into_iter().map(Into::into))
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path().join(".config"))
            .env("XDG_STATE_HOME", home.path().join(".local/state"))
            .envs(environment.iter().copied())
            .current_dir(home.path())
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        let port = loop {
            let from = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "the gateway does not listen: {said}");
            if let Some((_, rest)) = said[from..].split_once("listening at http") {
                let authority = rest.split('/').nth(2).unwrap();
                break authority.trim().rsplit(':').next().unwrap().parse().unwrap();
            }
        };
        let said = Arc::new(Mutex::new(said));
        let heard = Arc::clone(&said);
        // It must be read, or the gateway's reports go nowhere.
        thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).is_ok_and(|read| read > 0) {
                heard.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        Self { process, port, home, said }
    }

    /// Where it listens on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until it has said this on its stderr, and gives all that it has.
    pub fn says(&self, text: &str) -> String {
        crate::processes::settle(PATIENCE, || self.said.lock().unwrap().contains(text));
        let said = self.said.lock().unwrap().clone();
        assert!(said.contains(text), "{text:?} is not in {said}");
        said
    }

    /// Where it serves its only upstream.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its home, where the record lies.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sends bytes on a connection of their own and takes the response's head; what follows is read from it.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> Response {
        let mut stream = self.connect();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes.as_ref()).unwrap();
        Response::read(BufReader::new(Box::new(stream)))
    }

    /// A connection of its own.
    pub fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }

    /// Posts a message with these headers beside those that every client sends.
    pub fn post(&self, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Response {
        self.send(request("POST", "/mcp", headers, body.as_ref()))
    }

    /// A request without a body.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        self.send(request(method, path, headers, b""))
    }

    /// Opens a session and gives its id.
    pub fn initialize(&self) -> String {
        let response = self.post(
            &[],
            r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        );
        assert_eq!(response.status, 200);
        response.header("mcp-session-id").expect("a session id").to_owned()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> Option<i32> {
        let mut code = None;
        crate::processes::settle(PATIENCE, || {
            code = self.process.try_wait().unwrap();
            code.is_some()
        });
        code.expect("the gateway does not end").code()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request as a client writes it; a header that is given takes the place of the usual one.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let length = body.len().to_string();
    let usual = [
        ("Host", "localhost"),
        ("Connection", "close"),
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json"),
        ("Content-Length", &length),
    ];
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    let given = |name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
    for (name, value) in usual.iter().filter(|(name, _)| !given(name)).chain(headers) {
        head.extend([*name, ": ", *value, "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A response whose head has come.
pub struct Response {
    /// Its status.
    pub status: u16,
    headers: Vec<(String, String)>,
    body: Box<dyn BufRead + Send>,
}

impl Response {
    /// Takes a response's head.
    pub fn read(mut stream: BufReader<Box<dyn Read + Send>>) -> Self {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no HTTP: {line:?}"));
        let mut headers = Vec::new();
        loop {
            line.clear();
            stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let is = |name: &str, value: &str| headers.iter().any(|(n, v)| n == name && v.eq_ignore_ascii_case(value));
        let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse().unwrap());
        let body: Box<dyn BufRead + Send> = if is("transfer-encoding", "chunked") {
            Box::new(BufReader::new(Chunked { stream, left: 0, ended: false }))
        } else {
            Box::new(BufReader::new(stream.take(length.unwrap_or(0))))
        };
        Self { status, headers, body }
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The rest of the body, to its end.
    pub fn text(mut self) -> String {
        let mut text = String::new();
        self.body.read_to_string(&mut text).unwrap();
        text
    }

    /// The next event's lines; `None` at the end of the stream. Signs of life are passed over.
    pub fn event(&mut self) -> Option<Vec<String>> {
        let mut event = Vec::new();
        let mut line = String::new();
        while self.body.read_line(&mut line).unwrap() > 0 {
            match line.trim_end_matches('\n') {
                "" if event.is_empty() => {}
                "" => return Some(event),
                ":" => {}
                field => event.push(field.to_owned()),
            }
            line.clear();
        }
        None
    }

    /// The data of the next event that has some.
    pub fn data(&mut self) -> Option<String> {
        loop {
            let event = self.event()?;
            let data = event.iter().find_map(|field| field.strip_prefix("data: ")).filter(|data| !data.is_empty());
            if let Some(data) = data {
                return Some(data.to_owned());
            }
        }
    }
}

/// A body that comes in chunks.
struct Chunked {
    stream: BufReader<Box<dyn Read + Send>>,
    left: usize,
    ended: bool,
}

impl Read for Chunked {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 && !self.ended {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim(), 16);
            self.left = size.map_err(|_| std::io::Error::other("the body is cut off"))?;
            self.ended = self.left == 0;
        }
        let most = self.left.min(into.len());
        let read = self.stream.read(&mut into[..most])?;
        self.left -= read;
        if self.left == 0 && !self.ended {
            self.stream.read_exact(&mut [0; 2])?;
        }
        Ok(read)
    }
}
