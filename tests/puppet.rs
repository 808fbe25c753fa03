//! Holds the strings of a puppet: a server that reports every line it receives and says only what it is told to say.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::client::PATIENCE;
use crate::processes::settle;

/// What happens at the puppet's stdin.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// A line, without its line feed.
    Line(Vec<u8>),
    /// The input has ended.
    End,
}

/// A server that a test leads.
pub struct Puppet {
    folder: TempDir,
    listener: UnixListener,
    strings: Option<(UnixStream, Receiver<Event>)>,
}

impl Puppet {
    /// One that waits to be started with its command line.
    #[expect(clippy::new_without_default, reason = "it opens a socket")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("strings")).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self { folder, listener, strings: None }
    }

    /// How to start it: the command line of the server to be wrapped.
    pub fn command_line(&self) -> Vec<String> {
        vec![Self::program().display().to_string(), self.marker()]
    }

    /// How to start a server that answers every request at once, and is led by nobody.
    pub fn echo() -> Vec<String> {
        vec![Self::program().display().to_string(), "echo".into()]
    }

    /// A part of its command line that no other process has.
    pub fn marker(&self) -> String {
        self.folder.path().join("strings").display().to_string()
    }

    /// The next thing that happens at its stdin.
    pub fn event(&mut self) -> Event {
        self.event_within(PATIENCE).expect("nothing reaches the server")
    }

    /// The next thing that happens at its stdin within this time.
    pub fn event_within(&mut self, time: Duration) -> Option<Event> {
        self.strings().1.recv_timeout(time).ok()
    }

    /// The next line that reaches it.
    pub fn line(&mut self) -> Vec<u8> {
        match self.event() {
            Event::Line(line) => line,
            Event::End => panic!("the server's input has ended"),
        }
    }

    /// Writes a line on its stdout.
    pub fn say(&mut self, line: impl AsRef<[u8]>) {
        self.say_bytes([line.as_ref(), b"\n"].concat());
    }

    /// Writes bytes on its stdout.
    pub fn say_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        self.order(b'O', bytes.as_ref());
    }

    /// Writes bytes on its stderr.
    pub fn complain(&mut self, bytes: impl AsRef<[u8]>) {
        self.order(b'R', bytes.as_ref());
    }

    /// Ends it with this exit code.
    pub fn leave(&mut self, code: u8) {
        self.order(b'X', &[code]);
    }

    fn order(&mut self, kind: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap();
        let strings = &mut self.strings().0;
        strings.write_all(&[&[kind], &length.to_be_bytes()[..], payload].concat()).unwrap();
    }

    fn strings(&mut self) -> &mut (UnixStream, Receiver<Event>) {
        let listener = &self.listener;
        self.strings.get_or_insert_with(|| {
            let stream = accept(listener);
            let (sender, events) = channel();
            let mut from = stream.try_clone().unwrap();
            thread::spawn(move || {
                let mut head = [0; 5];
                while from.read_exact(&mut head).is_ok() {
                    let [kind, length @ ..] = head;
                    let mut payload = vec![0; u32::from_be_bytes(length) as usize];
                    let whole = from.read_exact(&mut payload).is_ok();
                    let event = if kind == b'L' { Event::Line(payload) } else { Event::End };
                    if !whole || sender.send(event).is_err() {
                        break;
                    }
                }
            });
            (stream, events)
        })
    }

    /// Cargo builds it beside the tests: they stand in `debug/deps` of its target directory, it in `debug`.
    fn program() -> PathBuf {
        let test = std::env::current_exe().unwrap();
        test.parent().and_then(Path::parent).unwrap().join("puppet")
    }
}

/// The connection of a puppet that has started.
fn accept(listener: &UnixListener) -> UnixStream {
    let mut stream = None;
    settle(PATIENCE, || {
        stream = listener.accept().ok().map(|(stream, _)| stream);
        stream.is_some()
    });
    let stream = stream.expect("the server never started");
    stream.set_nonblocking(false).unwrap();
    stream
}
