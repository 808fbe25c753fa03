//! The life of a session: what ends it, and how it is ended without leaving anything behind.

use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::config::Waits;
use crate::link::{Happening, Link};
use crate::process::{Server, describe, exit_code};
use crate::report::Event;
use crate::{Cause, Outcome, walls};

/// How often pending requests are counted while the client's last ones are waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// How long a writer that is stuck may hold up the closing of what it writes to.
const STUCK: Duration = Duration::from_millis(200);
/// How long a killed process may take to vanish; longer means that the kernel holds it.
const KILLED: Duration = Duration::from_secs(5);

/// Watches over one session from its first message to its last process.
pub(crate) struct Supervisor {
    link: Arc<Link>,
    server: Server,
    happenings: Receiver<Happening>,
    waits: Waits,
    seen: Seen,
    /// We told the server's group to end.
    told: bool,
}

/// What has happened so far.
#[derive(Debug, Default)]
struct Seen {
    ended: bool,
    silent: bool,
    client_gone: bool,
    signal: Option<Signal>,
    /// Signals to us; the second one ends all patience.
    signals: u32,
}

impl Seen {
    fn hurried(&self) -> bool {
        self.signals > 1
    }
}

impl Supervisor {
    pub(crate) fn new(link: Arc<Link>, server: Server, happenings: Receiver<Happening>, waits: Waits) -> Self {
        Self { link, server, happenings, waits, seen: Seen::default(), told: false }
    }

    /// Runs the session to its end.
    pub(crate) fn run(mut self) -> Outcome {
        let cause = self.wait_for_cause();
        if cause == Cause::ClientClosed {
            self.drain();
        }
        self.end_server();
        self.drain_tail();
        let status = self.bury(cause);
        let code = match status {
            // It ended because we told it to, as the client wished.
            Some(_) if self.told && cause == Cause::ClientClosed => 0,
            Some(_) if cause == Cause::Broken => 1,
            Some(status) => exit_code(status),
            None => 1,
        };
        Outcome { code, cause }
    }

    fn wait_for_cause(&mut self) -> Cause {
        // The link holds a sender, so something always comes.
        let Ok(happening) = self.happenings.recv() else { return Cause::Broken };
        self.note(happening);
        match happening {
            Happening::ClientClosed | Happening::ClientGone => Cause::ClientClosed,
            Happening::ServerEnded | Happening::ServerSilent | Happening::ServerDeaf => Cause::ServerEnded,
            Happening::Signal(_) => Cause::Signal,
            Happening::Broken(_) => Cause::Broken,
        }
    }

    /// The client will ask no more: waits for answers to what it has asked.
    fn drain(&mut self) {
        let deadline = Instant::now() + self.waits.drain;
        while self.link.talk.session.pending_requests() > 0 && Instant::now() < deadline {
            self.take(LOOK_AGAIN);
            if self.seen.ended || self.seen.silent || self.seen.client_gone || self.seen.signal.is_some() {
                return;
            }
        }
    }

    /// The ladder of the specification: stdin closed, SIGTERM, SIGKILL; with time between.
    fn end_server(&mut self) {
        // A writer that is stuck there ends with the server.
        let _ = self.link.server.close(STUCK);
        if self.ended_within(self.waits.grace) {
            return;
        }
        if self.seen.signal != Some(Signal::TERM) {
            self.tell(Signal::TERM);
            if self.ended_within(self.waits.term) {
                return;
            }
        }
        self.tell(Signal::KILL);
        // Nothing is quicker than this.
        self.seen.signals = 0;
        self.ended_within(KILLED);
    }

    fn tell(&mut self, signal: Signal) {
        self.told = true;
        self.server.signal(signal);
    }

    fn ended_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while !self.seen.ended && !self.seen.hurried() {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { break };
            self.take(left);
        }
        self.seen.ended
    }

    /// Lets the server's last words through. They end with its stdout, but a descendant may hold that open: then silence for a while ends
    /// them. While the client is slow to read them there is no silence.
    fn drain_tail(&mut self) {
        let limit = Instant::now() + self.waits.drain;
        let (mut steps, _) = self.link.progress.look();
        let mut quiet_since = Instant::now();
        while !self.seen.silent && !self.seen.hurried() && Instant::now() < limit {
            self.take(LOOK_AGAIN);
            let (now, writing) = self.link.progress.look();
            if now != steps || writing {
                (steps, quiet_since) = (now, Instant::now());
            } else if quiet_since.elapsed() >= self.waits.tail {
                return;
            }
        }
    }

    /// Reaps the server, answers what it left unanswered, and ends what it left running.
    fn bury(&mut self, cause: Cause) -> Option<ExitStatus> {
        if !self.seen.ended {
            self.abandon("it does not end, not even killed", cause);
            return None;
        }
        let (link, told) = (Arc::clone(&self.link), self.told);
        let buried = self.server.reap(self.waits.term, |status| {
            let mut how = describe(status);
            if let Some(call) = link.forbidden_call() {
                how = format!("{how}; its sandbox had ended a process of it for the call {call} ({})", walls::RULE);
            }
            let unanswered = answer_pending(&link, &how);
            if cause == Cause::ServerEnded && !told {
                link.talk.reports.tell(Event::ServerEnded { status: how, unanswered });
            }
        });
        buried.ok()
    }

    fn abandon(&self, how: &str, cause: Cause) {
        let unanswered = answer_pending(&self.link, how);
        if cause == Cause::ServerEnded {
            self.link.talk.reports.tell(Event::ServerEnded { status: how.to_owned(), unanswered });
        }
    }

    fn take(&mut self, patience: Duration) {
        match self.happenings.recv_timeout(patience) {
            Ok(happening) => self.note(happening),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }

    fn note(&mut self, happening: Happening) {
        match happening {
            Happening::ServerEnded => self.seen.ended = true,
            Happening::ServerSilent => self.seen.silent = true,
            Happening::ClientGone => self.seen.client_gone = true,
            Happening::ClientClosed | Happening::ServerDeaf => {}
            Happening::Broken(why) => self.link.talk.reports.tell(Event::GaveUp(why)),
            Happening::Signal(number) => {
                self.seen.signals += 1;
                let signal = Signal::from_named_raw(number).unwrap_or(Signal::TERM);
                self.seen.signal = Some(signal);
                if !self.seen.ended {
                    self.tell(signal);
                }
            }
        }
    }
}

/// Answers every request that the server will not answer any more, and closes the way to the client behind the answers.
fn answer_pending(link: &Link, how: &str) -> usize {
    let answers = link.talk.session.abandon(&format!("[McpVanguard] the MCP server ended before it answered: {how}"));
    // A client that does not read has been waited for already.
    let _ = link.client.finish(&answers, STUCK);
    answers.len()
}
