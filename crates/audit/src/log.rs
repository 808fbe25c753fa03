//! Records on their way to disk: refusals at once, the rest in bulk.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use vanguard_engine::principal::Identity;

use crate::config::{AuditConfig, OnFailure};
use crate::record::{Entry, MAX_RECORD_BYTES, session_part, write_line, write_opened, write_rest};
use crate::stamp::Stamp;
use crate::trail::Trail;

/// Records of passed messages are written once this many bytes wait: few enough writes to stay out of the slowest percent of messages…
const BULK_BYTES: usize = 128 * 1024;
/// …or this long after the first of them.
const BULK_WAIT: Duration = Duration::from_millis(200);
/// The most bytes that wait. Beyond, who records writes, and so waits for the disk; while the disk refuses, records are lost, and counted.
const MAX_WAITING_BYTES: usize = 512 * 1024;

/// The audit log of one process. Any number of sessions record to it.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    flusher: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    /// Records made and not written. Held for microseconds.
    waiting: Mutex<Waiting>,
    /// The file; `None`: nothing is recorded. Held while writing, and taken before `waiting`, so that records keep their order.
    trail: Mutex<Option<Trail>>,
    /// Rung when the first record begins to wait, when many do, and at the close.
    bell: Condvar,
    /// Whether there is a file.
    keeps: bool,
    failing: AtomicBool,
    lost: AtomicU64,
    on_failure: OnFailure,
    sync: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: Vec<u8>,
    stamp: Stamp,
    closed: bool,
    /// Why the last write that failed did.
    failure: String,
}

/// The log can't be opened. Shown at the start, before any message passes.
#[derive(Debug, thiserror::Error)]
#[error(
    "the audit log {} cannot be opened: {source}. Give a path in a directory that this user may write to (audit.path or --log-file)",
    path.display()
)]
pub struct OpenError {
    /// The path that was asked for.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

/// A record did not reach the disk.
#[derive(Debug, thiserror::Error)]
#[error(
    "the audit log {} cannot be written: {source}. Free space or mend the path; audit.on_failure: warn would go on without records",
    path.display()
)]
pub struct WriteError {
    /// The log's path.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl Log {
    /// Opens the log for appending, and says so in it: a path that can't be written to, or a full disk, fails here.
    pub fn open(config: &AuditConfig) -> Result<Self, OpenError> {
        let failed = |source| OpenError { path: config.path.clone(), source };
        let mut trail = Trail::open(&config.path, config.max_bytes, config.keep).map_err(failed)?;
        let mut opened = Vec::new();
        write_opened(&mut opened, Stamp::default().now());
        trail.append(&mut opened).map_err(failed)?;
        let shared = Shared::new(Some(trail), config.on_failure, config.sync);
        let flusher = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("audit".to_owned())
                .spawn(move || flush_in_bulk(&shared))
                .map_err(failed)?
        };
        Ok(Self { shared, flusher: Mutex::new(Some(flusher)) })
    }

    /// A log that keeps nothing, for one who asked for none.
    pub fn disabled() -> Self {
        Self { shared: Shared::new(None, OnFailure::Warn, false), flusher: Mutex::new(None) }
    }

    /// Records of one session: `id` is its own, `server` the name of the server behind it, `who` sends its requests.
    pub fn session(&self, id: &str, server: &str, who: Option<&Identity>) -> SessionLog {
        let session = session_part(id, server, who).into();
        SessionLog { shared: Arc::clone(&self.shared), session, seq: Arc::default() }
    }

    /// Writes what waits and forces it to disk. Records that come later are each written at once.
    pub fn close(&self) -> Result<(), WriteError> {
        self.shared.waiting().closed = true;
        self.shared.bell.notify_all();
        let flusher = self.flusher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(flusher) = flusher {
            // It only panics where the next line would.
            let _ = flusher.join();
        }
        self.shared.write_waiting()?;
        self.shared.force()
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Nobody is left to tell; the gateway closes the log itself and reports.
        let _ = self.close();
    }
}

/// Where one session's records go.
#[derive(Debug, Clone)]
pub struct SessionLog {
    shared: Arc<Shared>,
    /// The part of each record that names the session, its server and who speaks.
    session: Arc<[u8]>,
    seq: Arc<AtomicU64>,
}

impl SessionLog {
    /// Records a message that passed (or a refusal that nobody is told of): written with others, at the latest after
    /// 200 ms. Never fails; a disk that refuses shows in [`Self::failing`].
    pub fn record_allowed(&self, entry: &Entry<'_>) {
        let Some(Pushed { before, after, closed }) = self.push(entry) else { return };
        if closed || (after >= MAX_WAITING_BYTES && !self.failing()) {
            // Remembered by `failing`; the next refusal or the flusher tries again.
            let _ = self.shared.write_waiting();
        } else if before == 0 || (before < BULK_BYTES && after >= BULK_BYTES) {
            self.shared.bell.notify_all();
        }
    }

    /// Records a refusal: on disk when this returns, so that its answer may go out.
    pub fn record_blocked(&self, entry: &Entry<'_>) -> Result<(), WriteError> {
        self.push(entry);
        self.shared.write_waiting()?;
        if self.shared.sync { self.shared.force() } else { Ok(()) }
    }

    /// Whether the last write failed. The flusher keeps trying, so this mends itself when the disk does.
    pub fn failing(&self) -> bool {
        self.shared.failing.load(Ordering::Relaxed)
    }

    /// Whether messages must be refused now: records can't be written, and the setting is to block.
    pub fn must_refuse(&self) -> bool {
        self.failing() && self.shared.on_failure == OnFailure::Block
    }

    /// Why records can't be written, or lately could not: for people.
    pub fn failure(&self) -> String {
        self.shared.waiting().failure.clone()
    }

    /// Records that were lost because the disk refused them for too long.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// Puts a record to those that wait, where records are kept.
    fn push(&self, entry: &Entry<'_>) -> Option<Pushed> {
        if !self.shared.keeps {
            return None;
        }
        // Nearly all of it is made before the lock, which every session waits for.
        REST.with_borrow_mut(|rest| {
            rest.clear();
            write_rest(rest, self.session.len(), entry);
            let mut waiting = self.shared.waiting();
            // Counted under the lock: the numbers of a session's records rise with their place in the file. A lost record
            // takes its number with it.
            let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
            let before = waiting.lines.len();
            if before >= MAX_WAITING_BYTES && self.failing() {
                self.shared.lost.fetch_add(1, Ordering::Relaxed);
            } else {
                let Waiting { lines, stamp, .. } = &mut *waiting;
                write_line(lines, stamp.now(), &self.session, seq, rest);
            }
            let pushed = Pushed { before, after: waiting.lines.len(), closed: waiting.closed };
            drop(waiting);
            // One with too many findings was longer before they were left out.
            rest.shrink_to(MAX_RECORD_BYTES);
            Some(pushed)
        })
    }
}

/// How many bytes waited before a record and with it, and whether the log is closed.
struct Pushed {
    before: usize,
    after: usize,
    closed: bool,
}

thread_local! {
    /// A record in the making; no more than 64 KiB are kept for the next.
    static REST: RefCell<Vec<u8>> = RefCell::default();
}

impl Shared {
    fn new(trail: Option<Trail>, on_failure: OnFailure, sync: bool) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::default(),
            keeps: trail.is_some(),
            trail: Mutex::new(trail),
            bell: Condvar::new(),
            failing: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            on_failure,
            sync,
        })
    }

    /// A panic while it was held leaves at worst a line without its end.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trail(&self) -> MutexGuard<'_, Option<Trail>> {
        self.trail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits. Others may go on recording meanwhile.
    fn write_waiting(&self) -> Result<(), WriteError> {
        let mut trail = self.trail();
        let Some(trail) = trail.as_mut() else { return Ok(()) };
        let mut lines = std::mem::take(&mut self.waiting().lines);
        if lines.is_empty() {
            return Ok(());
        }
        let outcome = trail.append(&mut lines);
        if outcome.is_ok() {
            self.failing.store(false, Ordering::Relaxed);
        }
        self.put_back(lines);
        outcome.map_err(|source| self.failed(trail.path().to_owned(), source))
    }

    /// Gives the buffer back: with what the disk refused before what has come since.
    fn put_back(&self, mut lines: Vec<u8>) {
        let mut waiting = self.waiting();
        if lines.is_empty() && !waiting.lines.is_empty() {
            return;
        }
        lines.append(&mut waiting.lines);
        lines.shrink_to(BULK_BYTES);
        waiting.lines = lines;
    }

    /// Forces to disk what has been written, without holding up other records.
    fn force(&self) -> Result<(), WriteError> {
        let trail = self.trail();
        let Some((path, file)) = trail.as_ref().and_then(|trail| Some((trail.path().to_owned(), trail.to_sync()?)))
        else {
            return Ok(());
        };
        drop(trail);
        file.sync_data().map_err(|source| self.failed(path, source))
    }

    fn failed(&self, path: PathBuf, source: io::Error) -> WriteError {
        let error = WriteError { path, source };
        self.waiting().failure = error.to_string();
        self.failing.store(true, Ordering::Relaxed);
        error
    }
}

/// Writes what waits, at the latest [`BULK_WAIT`] after it began to wait.
fn flush_in_bulk(shared: &Shared) {
    let mut waiting = shared.waiting();
    while !waiting.closed {
        if waiting.lines.is_empty() {
            waiting = shared.bell.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let failing = shared.failing.load(Ordering::Relaxed);
        let few = |waiting: &mut Waiting| !waiting.closed && (failing || waiting.lines.len() < BULK_BYTES);
        waiting = shared.bell.wait_timeout_while(waiting, BULK_WAIT, few).unwrap_or_else(PoisonError::into_inner).0;
        drop(waiting);
        // Remembered by `failing`; tried again after the same wait.
        let _ = shared.write_waiting();
        waiting = shared.waiting();
    }
}

#[cfg(test)]
mod tests;
