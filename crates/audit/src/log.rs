//! Records on their way to disk: refusals at once, the rest in bulk.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::config::{AuditConfig, OnFailure};
use crate::record::{Entry, write_line, write_opened};
use crate::trail::Trail;

/// Records of passed messages are written once this many bytes wait…
const BULK_BYTES: usize = 32 * 1024;
/// …or this long after the first of them.
const BULK_WAIT: Duration = Duration::from_millis(200);
/// The most bytes that wait while the disk refuses them; records beyond are lost, and counted.
const MAX_WAITING_BYTES: usize = 1024 * 1024;

/// The audit log of one process. Any number of sessions record to it.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    flusher: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Rung when the first record begins to wait, and at the close.
    bell: Condvar,
    failing: AtomicBool,
    lost: AtomicU64,
    on_failure: OnFailure,
    sync: bool,
}

#[derive(Debug)]
struct State {
    /// `None`: nothing is recorded.
    trail: Option<Trail>,
    waiting: Vec<u8>,
    closed: bool,
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
        write_opened(&mut opened, jiff::Timestamp::now());
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

    /// Records of one session: `id` is its own, `server` the name of the server behind it.
    pub fn session(&self, id: impl Into<String>, server: impl Into<String>) -> SessionLog {
        SessionLog { shared: Arc::clone(&self.shared), id: id.into(), server: server.into(), seq: AtomicU64::new(0) }
    }

    /// Writes what waits and forces it to disk. Records that come later are each written at once.
    pub fn close(&self) -> Result<(), WriteError> {
        let mut state = self.shared.lock();
        state.closed = true;
        self.shared.bell.notify_all();
        let written = self.shared.write_waiting(&mut state);
        drop(state);
        let flusher = self.flusher.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(flusher) = flusher {
            // It only panics where this call would have.
            let _ = flusher.join();
        }
        written.and_then(|()| self.shared.force())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Nobody is left to tell; the gateway closes the log itself and reports.
        let _ = self.close();
    }
}

/// Where one session's records go.
#[derive(Debug)]
pub struct SessionLog {
    shared: Arc<Shared>,
    id: String,
    server: String,
    seq: AtomicU64,
}

impl SessionLog {
    /// Records a message that passed (or a refusal that nobody is told of): written with others, at the latest after
    /// 200 ms. Never fails; a disk that refuses shows in [`Self::failing`].
    pub fn record_allowed(&self, entry: &Entry<'_>) {
        let mut state = self.shared.lock();
        let first = state.waiting.is_empty();
        self.push(&mut state, entry);
        if state.closed || (state.waiting.len() > BULK_BYTES && !self.failing()) {
            // Remembered by `failing`; the next refusal or the flusher tries again.
            let _ = self.shared.write_waiting(&mut state);
        } else if first {
            self.shared.bell.notify_all();
        }
    }

    /// Records a refusal: on disk when this returns, so that its answer may go out.
    pub fn record_blocked(&self, entry: &Entry<'_>) -> Result<(), WriteError> {
        let mut state = self.shared.lock();
        self.push(&mut state, entry);
        self.shared.write_waiting(&mut state)?;
        drop(state);
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

    /// Records that were lost because the disk refused them for too long.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }

    /// The session's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn push(&self, state: &mut State, entry: &Entry<'_>) {
        // Counted under the lock: the numbers of a session's records rise with their place in the file. A lost record
        // takes its number with it.
        let seq = self.seq.fetch_add(1, Ordering::Relaxed) + 1;
        if state.trail.is_none() {
            return;
        }
        if state.waiting.len() >= MAX_WAITING_BYTES {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return;
        }
        write_line(&mut state.waiting, jiff::Timestamp::now(), &self.id, &self.server, seq, entry);
    }
}

impl Shared {
    fn new(trail: Option<Trail>, on_failure: OnFailure, sync: bool) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { trail, waiting: Vec::new(), closed: false }),
            bell: Condvar::new(),
            failing: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            on_failure,
            sync,
        })
    }

    /// A panic while it was held leaves at worst a line without its end, which the next write mends.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_waiting(&self, state: &mut State) -> Result<(), WriteError> {
        let Some(trail) = &mut state.trail else { return Ok(()) };
        if state.waiting.is_empty() {
            return Ok(());
        }
        let outcome = trail.append(&mut state.waiting).map_err(|source| self.failed(trail.path(), source));
        if outcome.is_ok() {
            self.failing.store(false, Ordering::Relaxed);
            state.waiting.shrink_to(2 * BULK_BYTES);
        }
        outcome
    }

    /// Forces to disk what has been written, without holding up other records.
    fn force(&self) -> Result<(), WriteError> {
        let state = self.lock();
        let Some((path, file)) =
            state.trail.as_ref().and_then(|trail| Some((trail.path().to_owned(), trail.to_sync()?)))
        else {
            return Ok(());
        };
        drop(state);
        file.sync_data().map_err(|source| self.failed(&path, source))
    }

    fn failed(&self, path: &Path, source: io::Error) -> WriteError {
        self.failing.store(true, Ordering::Relaxed);
        WriteError { path: path.to_owned(), source }
    }
}

/// Writes what waits, at the latest [`BULK_WAIT`] after it began to wait.
fn flush_in_bulk(shared: &Shared) {
    let mut state = shared.lock();
    while !state.closed {
        if state.waiting.is_empty() {
            state = shared.bell.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let open = |state: &mut State| !state.closed;
        state = shared.bell.wait_timeout_while(state, BULK_WAIT, open).unwrap_or_else(PoisonError::into_inner).0;
        // Remembered by `failing`; tried again after the same wait.
        let _ = shared.write_waiting(&mut state);
    }
}

#[cfg(test)]
mod tests;
