//! What a person is told while a session runs, without ever holding it up.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use vanguard_audit::SessionLog;
use vanguard_engine::finding::Evidence;
use vanguard_engine::verdict::{Decision, Flow, Timing};
use vanguard_sandbox::{Outcome, Sighting};

use crate::roster::Roster;
use crate::tally::Tally;

/// The most events that wait for a reporter that is slow, as stderr is when nobody reads it.
const QUEUE: usize = 1024;
/// How long the end of a session waits for the reporter.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Tells people. Called on a thread of its own, so it may block.
pub trait Reporter: Send + Sync {
    /// One thing that happened.
    fn report(&self, event: &Event);
}

/// Something a person may want to know of. Its `Display` is a plain sentence.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message was refused.
    Refused(Decision),
    /// A message passed with placeholders in place of secrets.
    Redacted(Decision),
    /// A message passed with findings: a warning, or monitor mode.
    Flagged(Decision),
    /// So many more lines that were no messages, beyond the first few that were reported one by one.
    MoreUnreadable {
        /// The way they came.
        flow: Flow,
        /// How many.
        count: u64,
    },
    /// A line of the server's stderr: bounded, without control characters.
    Stderr(String),
    /// So many lines of the server's stderr were left out, as they came faster than they could be shown.
    StderrLeftOut(u64),
    /// So many events were left out, as the reporter did not keep up. The audit has them.
    EventsLeftOut(u64),
    /// Records can't be written; the text says why and what to do.
    AuditFailed(String),
    /// Records can be written again; so many were lost.
    AuditMended {
        /// Records that are missing.
        lost: u64,
    },
    /// The server ended while the client was still there. So many requests were answered with an error.
    ServerEnded {
        /// How it ended.
        status: String,
        /// Requests it left unanswered.
        unanswered: usize,
    },
    /// The server, or a process that it started, made a call that its sandbox forbids.
    Walled(Sighting),
    /// A server could not be started for a client of the gateway; the text says why.
    NotStarted(String),
    /// A server is left out of what the gateway offers for all of them; said once until it is not.
    LeftOut {
        /// Its name.
        server: String,
        /// Why.
        why: String,
    },
    /// A line of the access log could not be written; said once until one can.
    AccessLogFailed(String),
    /// What may change while the gateway runs was read again, and is in force.
    Renewed,
    /// It was read again and does not do: what was in force is. The text says why.
    NotRenewed(String),
    /// The session was ended by the proxy, since it could not go on safely.
    GaveUp(&'static str),
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(decision) => write!(f, "refused {}", Told(decision)),
            Self::Redacted(decision) => write!(f, "redacted {}", Told(decision)),
            Self::Flagged(decision) => write!(f, "flagged {}", Told(decision)),
            Self::MoreUnreadable { flow: Flow::ToClient, count } => {
                write!(f, "{count} more lines on the server's stdout were no messages and were dropped")
            }
            Self::MoreUnreadable { flow: Flow::ToServer, count } => {
                write!(f, "{count} more lines of the client were no messages and were dropped")
            }
            Self::Stderr(line) => f.write_str(line),
            Self::StderrLeftOut(count) => write!(f, "… {count} lines of the server's stderr left out"),
            Self::EventsLeftOut(count) => {
                write!(f, "{count} reports left out, as stderr was not read; the audit has them")
            }
            Self::AuditFailed(why) | Self::NotStarted(why) => f.write_str(why),
            Self::AuditMended { lost: 0 } => f.write_str("the audit log can be written again; no record was lost"),
            Self::AuditMended { lost } => write!(f, "the audit log can be written again; {lost} records were lost"),
            Self::ServerEnded { status, unanswered: 0 } => write!(f, "the server ended by itself: {status}"),
            Self::ServerEnded { status, unanswered } => {
                write!(
                    f,
                    "the server ended by itself: {status}; {unanswered} pending requests were answered with an error"
                )
            }
            Self::Walled(Sighting { call, process, outcome }) => match outcome {
                Outcome::Ended => {
                    write!(f, "process {process} of the server made the forbidden call {call} and was ended")
                }
                Outcome::Asked(ask) => {
                    write!(f, "process {process} of the server asked for {ask}, outside of its walls")
                }
                Outcome::Failed | Outcome::WentOn => {
                    write!(f, "process {process} of the server made the forbidden call {call}, which failed")
                }
            },
            Self::LeftOut { server, why } => write!(f, "the server {server} is left out at /mcp: {}", harmless(why)),
            Self::AccessLogFailed(why) => write!(f, "the access log cannot be written: {why}"),
            Self::Renewed => f.write_str("settings, rules, keys and certificates were read again and are in force"),
            Self::NotRenewed(why) => write!(f, "nothing was changed, for what was read again does not do: {why}"),
            Self::GaveUp(why) => write!(f, "session ended: {why}"),
        }
    }
}

/// A decision in a line: what, and the hardest finding.
struct Told<'a>(&'a Decision);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decision = self.0;
        match &decision.method {
            Some(method) => write!(f, "{}", harmless(method))?,
            None => f.write_str("a line that is no message")?,
        }
        if let Some(tool) = &decision.tool {
            write!(f, " {}", harmless(tool))?;
        }
        if let Some(finding) = decision.findings.first() {
            write!(f, ": {} {}", finding.rule.id, finding.rule.title)?;
            if !finding.evidence.as_str().is_empty() {
                write!(f, " ({})", finding.evidence)?;
            }
        }
        Ok(())
    }
}

/// A peer's word as a terminal may show it.
fn harmless(word: &str) -> Evidence {
    Evidence::new(word, false)
}

/// The queue before the reporter.
#[derive(Debug)]
pub(crate) struct Reports {
    queue: SyncSender<Job>,
    done: std::sync::Mutex<Receiver<()>>,
    left_out: AtomicU64,
    audit_failed: AtomicBool,
    /// The sessions that are open.
    pub(crate) roster: Arc<Roster>,
    /// Where somebody may ask for figures.
    tally: Option<Arc<Tally>>,
}

#[derive(Debug)]
enum Job {
    Tell(Event),
    Stop,
}

impl Reports {
    pub(crate) fn start(reporter: Arc<dyn Reporter>, tally: Option<Arc<Tally>>) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let (finished, done) = sync_channel(1);
        std::thread::Builder::new().name("reports".to_owned()).spawn(move || {
            while let Ok(Job::Tell(event)) = jobs.recv() {
                reporter.report(&event);
            }
            // Whoever waited may have given up.
            let _ = finished.try_send(());
        })?;
        Ok(Self {
            queue,
            done: std::sync::Mutex::new(done),
            left_out: AtomicU64::new(0),
            audit_failed: AtomicBool::new(false),
            roster: Arc::default(),
            tally,
        })
    }

    /// Counts a judgment.
    pub(crate) fn count(&self, decision: &Decision, timing: Timing) {
        if let Some(tally) = &self.tally {
            tally.judged(decision, timing);
        }
    }

    /// Queues `event`; counts it where the queue is full.
    pub(crate) fn tell(&self, event: Event) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 && self.queue.try_send(Job::Tell(Event::EventsLeftOut(left_out))).is_err() {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
            return;
        }
        if self.queue.try_send(Job::Tell(event)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Queues `event`, waiting up to `patience` for room. False where there was none.
    pub(crate) fn tell_within(&self, event: Event, patience: Duration) -> bool {
        self.enqueue(Job::Tell(event), patience)
    }

    /// Says once that records can't be written, and once that they can again.
    pub(crate) fn watch_audit(&self, log: &SessionLog) {
        let failing = log.failing();
        if self.audit_failed.load(Ordering::Relaxed) == failing
            || self.audit_failed.swap(failing, Ordering::Relaxed) == failing
        {
            return;
        }
        self.tell(if failing { Event::AuditFailed(log.failure()) } else { Event::AuditMended { lost: log.lost() } });
    }

    /// Lets the reporter say what is queued, within bounds.
    pub(crate) fn finish(&self) {
        if self.enqueue(Job::Stop, LAST_WORDS) {
            let done = self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            // A reporter that is stuck is left behind.
            let _ = done.recv_timeout(LAST_WORDS);
        }
    }

    fn enqueue(&self, mut job: Job, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            match self.queue.try_send(job) {
                Ok(()) => return true,
                Err(TrySendError::Full(back)) if Instant::now() < deadline => {
                    job = back;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(_) => return false,
            }
        }
    }
}
