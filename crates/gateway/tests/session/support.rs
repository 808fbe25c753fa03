//! A proxy under test, and the client that holds its pipes.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

/// Longer than any step of a test takes, on a machine that does other things too.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Proxy {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Option<Receiver<String>>,
    stderr: Option<thread::JoinHandle<String>>,
    dir: TempDir,
}

pub(crate) struct Setup {
    command: Command,
    dir: TempDir,
}

/// A proxy for `server`, which runs in a directory of its own.
pub(crate) fn proxy<S: AsRef<OsStr>>(server: impl IntoIterator<Item = S>) -> Setup {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway-testbed"));
    command.args(server).current_dir(dir.path()).env("TESTBED_LOG", dir.path().join("audit.jsonl"));
    Setup { command, dir }
}

/// A proxy for a shell script.
pub(crate) fn shell(script: &str) -> Setup {
    proxy(["sh", "-c", script])
}

/// A proxy for a Python script that finds `sys` and `json` imported, `out(text)` for a line on stdout, and `read()` for the next message.
pub(crate) fn python(script: &str) -> Setup {
    const PRELUDE: &str = "
import sys, json, time
def out(text): sys.stdout.write(text + '\\n'); sys.stdout.flush()
def read():
    line = sys.stdin.readline()
    if not line: sys.exit(0)
    return json.loads(line)
def answer(message, text='ok'): out(json.dumps({'jsonrpc': '2.0', 'id': message['id'], 'result': {'content': [{'type': 'text', 'text': text}]}}))
";
    proxy(["python3", "-c", &format!("{PRELUDE}{script}")])
}

impl Setup {
    /// Drain, grace, term, tail, in milliseconds.
    pub(crate) fn waits(mut self, waits: [u32; 4]) -> Self {
        self.command.env("TESTBED_WAITS", waits.map(|wait| wait.to_string()).join(","));
        self
    }

    pub(crate) fn start(mut self) -> Proxy {
        let stdio = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = stdio.spawn().unwrap();
        let (sender, lines) = channel();
        let stdout = child.stdout.take().unwrap();
        thread::spawn(move || {
            for line in BufReader::with_capacity(1 << 20, stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut stderr = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = Vec::new();
            let _ = stderr.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Proxy { stdin: child.stdin.take(), lines: Some(lines), stderr: Some(stderr), dir: self.dir, child }
    }

    /// Like [`Setup::start`], with a stderr that nobody ever reads, and an stdout that the caller takes.
    pub(crate) fn start_unread(mut self) -> Proxy {
        let stdio = self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = stdio.spawn().unwrap();
        Proxy { stdin: child.stdin.take(), lines: None, stderr: None, dir: self.dir, child }
    }
}

impl Proxy {
    pub(crate) fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(line.as_bytes()).and_then(|()| stdin.write_all(b"\n")).unwrap();
    }

    /// The client's writing end, to use from another thread.
    pub(crate) fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().unwrap()
    }

    pub(crate) fn take_stdout(&mut self) -> std::process::ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// The client closes its end.
    pub(crate) fn close(&mut self) {
        self.stdin = None;
    }

    /// The next line that the client gets.
    pub(crate) fn line(&self) -> String {
        match self.lines.as_ref().unwrap().recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(error) => panic!("the client gets no line: {error}"),
        }
    }

    /// All lines that the client still gets.
    pub(crate) fn rest(&self) -> Vec<String> {
        let mut rest = Vec::new();
        loop {
            match self.lines.as_ref().unwrap().recv_timeout(PATIENCE) {
                Ok(line) => rest.push(line),
                Err(RecvTimeoutError::Disconnected) => return rest,
                Err(RecvTimeoutError::Timeout) => panic!("stdout stays open"),
            }
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if Instant::now() > deadline {
                self.child.kill().unwrap();
                panic!("the proxy does not end");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The exit code, and all of stderr.
    pub(crate) fn end(mut self) -> (i32, String) {
        let status = self.wait();
        let stderr = self.stderr.take().map(|reader| reader.join().unwrap()).unwrap_or_default();
        (status.code().unwrap(), stderr)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A process id that the server wrote to a file.
    pub(crate) fn pid(&self, file: &str) -> Pid {
        let path = self.path(file);
        let read = || fs::read_to_string(&path).ok()?.strip_suffix('\n')?.parse().ok();
        Pid::from_raw(eventually(&format!("{} is written", path.display()), read)).unwrap()
    }

    /// All records, rotated ones first.
    pub(crate) fn log(&self) -> String {
        let files = ["audit.jsonl.2", "audit.jsonl.1", "audit.jsonl"];
        files.iter().filter_map(|file| fs::read_to_string(self.path(file)).ok()).collect()
    }
}

/// Waits until `look` gives something.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a process runs; one that only waits to be reaped, by whoever inherited it, does not.
pub(crate) fn runs(pid: Pid) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("stat"));
    test_kill_process(pid).is_ok() && !stat.is_ok_and(|stat| stat.contains(") Z "))
}

pub(crate) fn assert_ends(pid: Pid) {
    eventually(&format!("process {pid:?} ends"), || (!runs(pid)).then_some(()));
}

pub(crate) fn request(id: u32) -> String {
    call(id, "fine")
}

pub(crate) fn call(id: u32, text: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"say","arguments":{{"text":"{text}"}}}}}}"#
    )
}

pub(crate) fn notification(data: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{data}}}}}"#)
}
