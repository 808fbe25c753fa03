//! Records on their way to disk: refusals at once, the rest in bulk. The same bytes go to the log that proves them and to the file that
//! people read.

use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use vanguard_engine::principal::Identity;

use crate::config::{AuditConfig, OnFailure};
use crate::evidence::{EvidenceConfig, Home, Journal, JournalError, OpenedJournal, Recovered};
use crate::record::{
    Entry, MAX_RECORD_BYTES, Material, Salts, program, session_part, write_line, write_opened, write_recovered,
    write_rest,
};
use crate::send::{Courier, Cursor};
use crate::stamp::Stamp;
use crate::trail::Trail;

/// Records of passed messages are written once this many bytes wait: few enough writes to stay out of the slowest percent of messages…
const BULK_BYTES: usize = 128 * 1024;
/// …or this long after the first of them.
const BULK_WAIT: Duration = Duration::from_millis(200);
/// The most bytes that wait. Beyond, who records writes, and so waits for the disk; while the disk refuses, records are lost, and counted.
const MAX_WAITING_BYTES: usize = 256 * 1024;
/// What was recorded is signed once nothing came for this long…
const SEAL_IDLE: Duration = Duration::from_secs(1);
/// …or at the latest this long after the first of it, and at once where there is much of it.
const SEAL_WAIT: Duration = Duration::from_secs(5);
/// How long who records waits for that where too much is not signed. Beyond, the disk is in trouble, which shows elsewhere.
const MOST_WAIT: Duration = Duration::from_secs(1);

/// How long after the start the program's own digest is taken.
const PROGRAM_WAIT: Duration = Duration::from_millis(500);

/// The audit log of one process. Any number of sessions record to it.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    warnings: Vec<String>,
}

#[derive(Debug)]
struct Shared {
    /// Records made and not written. Held for microseconds.
    waiting: Mutex<Waiting>,
    /// Where records go. Held while writing, and taken before `waiting`, so that records keep their order.
    sinks: Mutex<Sinks>,
    /// The log that proves them, for what needs no order: forcing and signing.
    journal: Option<Arc<Journal>>,
    /// Who sends checkpoints, where somebody asked for that.
    courier: Option<Courier>,
    /// By what arguments are salted; without a key they are not told of.
    salts: Option<Salts>,
    /// Rung when the first record begins to wait, when many do, and at the close.
    bell: Condvar,
    /// Whether anything is kept.
    keeps: bool,
    failing: AtomicBool,
    /// What was recorded could not be signed.
    unsealed: AtomicBool,
    seals: Mutex<Seals>,
    /// Rung when something is to be signed or was, and at the close.
    seal_bell: Condvar,
    lost: AtomicU64,
    on_failure: OnFailure,
    sync: bool,
}

#[derive(Debug)]
struct Sinks {
    trail: Option<Trail>,
    /// Bytes at the beginning of what waits that the journal has already: the trail refused them.
    journalled: usize,
}

#[derive(Debug)]
struct Seals {
    /// Records came that are not signed.
    due: bool,
    /// So many that the next start would be slow.
    many: bool,
    closed: bool,
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
pub enum OpenError {
    /// The file of records.
    #[error(
        "the audit log {} cannot be opened: {source}. Give a path in a directory that this user may write to (audit.path or --log-file)",
        path.display()
    )]
    File {
        /// The path that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The directory of evidence, or a log in it.
    #[error("the evidence of the audit cannot be kept: {0} (audit.dir or --audit-dir; `none` for none)")]
    Evidence(String),
    /// A thread could not be started.
    #[error("no thread for the audit: {0}")]
    Thread(io::Error),
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
    /// Opens the log for appending, and says so in it: a path that can't be written to, or a full disk, fails here, and so does a log that
    /// does not hold what it signed.
    pub fn open(config: &AuditConfig) -> Result<Self, OpenError> {
        let mut opened = Vec::new();
        write_opened(&mut opened, Stamp::default().now());
        let mut warnings = Vec::new();
        let journal = config.evidence.as_ref().map(|evidence| {
            let home = Home::open(&evidence.dir)?;
            Journal::open(&home, &evidence.name, evidence.max_bytes)
        });
        let journal = journal.transpose().map_err(|error: JournalError| OpenError::Evidence(error.to_string()))?;
        let journal = journal.map(|OpenedJournal { journal, recovered, set_aside }| {
            let log = journal.path().display();
            if let Some(aside) = set_aside {
                let aside = aside.display();
                warnings.push(format!("the audit log {log} was signed by another key; it is kept as {aside}, and a new one is begun"));
            }
            if let Some(Recovered { at, bytes }) = recovered {
                write_recovered(&mut opened, Stamp::default().now(), at, bytes);
                warnings.push(format!("the audit log {log} ended with {bytes} bytes that are no record, after record {at}: a crash leaves that"));
            }
            Arc::new(journal)
        });
        let exports = |evidence: &&EvidenceConfig| evidence.send.export.is_some();
        if let (Some(journal), Some(_)) = (&journal, config.evidence.as_ref().filter(exports)) {
            // What was recorded before it was asked for is not sent.
            let begun = Cursor::begin(journal.path(), journal.count());
            begun.map_err(|error| OpenError::Evidence(format!("{}: {error}", journal.path().display())))?;
        }
        if let Some(journal) = &journal {
            // Not forced: it need not outlive the machine, and a start would wait for the disk.
            journal
                .append(&opened)
                .map_err(|error| OpenError::Evidence(format!("{}: {error}", journal.path().display())))?;
        }
        let trail = config.path.as_ref().map(|path| {
            let failed = |source| OpenError::File { path: path.clone(), source };
            let mut trail = Trail::open(path, config.max_bytes, config.keep).map_err(failed)?;
            trail.append(&mut opened).map_err(failed)?;
            Ok(trail)
        });
        let send = config.evidence.as_ref().filter(|evidence| evidence.send.is_some());
        let courier = send.map(|evidence| Courier::start(&evidence.dir, evidence.send.clone()));
        let courier = courier.transpose().map_err(OpenError::Thread)?;
        let shared = Shared::new(trail.transpose()?, journal, courier, config.on_failure, config.sync);
        let mut threads = Vec::new();
        let mut start = |name: &str, work: fn(&Shared)| {
            let shared = Arc::clone(&shared);
            let builder = std::thread::Builder::new().name(name.to_owned());
            threads.push(builder.spawn(move || work(&shared)).map_err(OpenError::Thread)?);
            Ok(())
        };
        start("audit", flush_in_bulk)?;
        if shared.journal.is_some() {
            start("audit-seal", seal_now_and_then)?;
        }
        Ok(Self { shared, threads: Mutex::new(threads), warnings })
    }

    /// A log that keeps nothing, for one who asked for none.
    pub fn disabled() -> Self {
        let shared = Shared::new(None, None, None, OnFailure::Warn, false);
        Self { shared, threads: Mutex::default(), warnings: Vec::new() }
    }

    /// What was found when it was opened and deserves a word.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Records of one session: `id` is its own, `server` the name of the server behind it, `who` sends its requests.
    pub fn session(&self, id: &str, server: &str, who: Option<&Identity>) -> SessionLog {
        let session = session_part(id, server, who).into();
        SessionLog { shared: Arc::clone(&self.shared), session, seq: Arc::default() }
    }

    /// Writes what waits, forces it to disk and signs it. Records that come later are each written at once.
    pub fn close(&self) -> Result<(), WriteError> {
        self.shared.waiting().closed = true;
        self.shared.bell.notify_all();
        self.shared.seals().closed = true;
        self.shared.seal_bell.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // They only panic where the next lines would.
            let _ = thread.join();
        }
        self.shared.write_waiting()?;
        self.shared.force()?;
        match &self.shared.journal {
            Some(journal) => {
                journal.finish().map_err(|source| self.shared.failed(journal.path().to_owned(), source))?;
                self.shared.offer(journal);
                // What cannot be written down is in the log, whose next checkpoint says it again.
                let _ = self.shared.courier.as_ref().map(Courier::close);
                Ok(())
            }
            None => Ok(()),
        }
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

    /// What the manifest of a refusal says beyond its record: by which policy it was judged, as its digest, and what it was called with, each
    /// argument by its pointer and its JSON text, of which a salted digest is kept.
    pub fn material<'a>(&self, policy: &str, arguments: impl Iterator<Item = (String, &'a str)>) -> Option<Material> {
        self.shared.keeps.then(|| Material::new(policy, self.shared.salts.as_ref(), arguments))
    }

    /// Whether the last write failed. The flusher keeps trying, so this mends itself when the disk does.
    pub fn failing(&self) -> bool {
        self.shared.failing.load(Ordering::Relaxed) || self.shared.unsealed.load(Ordering::Relaxed)
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
    fn new(
        trail: Option<Trail>,
        journal: Option<Arc<Journal>>,
        courier: Option<Courier>,
        on_failure: OnFailure,
        sync: bool,
    ) -> Arc<Self> {
        // That it was opened is to be signed.
        let many = journal.as_ref().is_some_and(|journal| journal.has_much_unsealed());
        let seals = Mutex::new(Seals { due: true, many, closed: false });
        Arc::new(Self {
            waiting: Mutex::default(),
            keeps: trail.is_some() || journal.is_some(),
            sinks: Mutex::new(Sinks { trail, journalled: 0 }),
            salts: journal.as_ref().map(|journal| Salts::of(journal.key())),
            journal,
            courier,
            bell: Condvar::new(),
            failing: AtomicBool::new(false),
            unsealed: AtomicBool::new(false),
            seals,
            seal_bell: Condvar::new(),
            lost: AtomicU64::new(0),
            on_failure,
            sync,
        })
    }

    /// A panic while it was held leaves at worst a line without its end.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seals(&self) -> MutexGuard<'_, Seals> {
        self.seals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sinks(&self) -> MutexGuard<'_, Sinks> {
        self.sinks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what waits. Others may go on recording meanwhile.
    fn write_waiting(&self) -> Result<(), WriteError> {
        let mut sinks = self.sinks();
        let mut lines = std::mem::take(&mut self.waiting().lines);
        if lines.is_empty() {
            return Ok(());
        }
        let outcome = self.write_to(&mut sinks, &mut lines);
        if outcome.is_ok() {
            self.failing.store(false, Ordering::Relaxed);
        }
        self.put_back(lines);
        outcome.map_err(|(path, source)| self.failed(path, source))
    }

    /// Writes `lines` to the journal first, which is what counts, then to the trail, and takes from them what need not be written again.
    fn write_to(&self, sinks: &mut Sinks, lines: &mut Vec<u8>) -> Result<(), (PathBuf, io::Error)> {
        if let Some(journal) = &self.journal {
            journal.append(&lines[sinks.journalled..]).map_err(|source| (journal.path().to_owned(), source))?;
            sinks.journalled = lines.len();
            let mut seals = self.seals();
            let many = journal.has_much_unsealed();
            if !std::mem::replace(&mut seals.due, true) | (many && !std::mem::replace(&mut seals.many, true)) {
                self.seal_bell.notify_all();
            }
            let behind = |seals: &mut Seals| !seals.closed && journal.has_too_much_unsealed();
            drop(self.seal_bell.wait_timeout_while(seals, MOST_WAIT, behind));
        }
        let Some(trail) = &mut sinks.trail else {
            lines.clear();
            sinks.journalled = 0;
            return Ok(());
        };
        let outcome = trail.append(lines);
        sinks.journalled = if self.journal.is_some() { lines.len() } else { 0 };
        outcome.map_err(|source| (trail.path().to_owned(), source))
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

    /// Forces to disk what has been written, without holding up other records: the journal where there is one, for the same records in the
    /// trail need not be forced as well.
    fn force(&self) -> Result<(), WriteError> {
        if let Some(journal) = &self.journal {
            return journal.force().map_err(|source| self.failed(journal.path().to_owned(), source));
        }
        let sinks = self.sinks();
        let Some((path, file)) =
            sinks.trail.as_ref().and_then(|trail| Some((trail.path().to_owned(), trail.to_sync()?)))
        else {
            return Ok(());
        };
        drop(sinks);
        file.sync_data().map_err(|source| self.failed(path, source))
    }

    /// Has the newest checkpoint sent where that was asked for.
    fn offer(&self, journal: &Journal) {
        if let Some(courier) = &self.courier
            && let Ok(Some(checkpoint)) = journal.checkpoint()
        {
            courier.offer(journal.name(), &checkpoint);
        }
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

/// Signs what was recorded, when nothing more comes for a while and now and then.
fn seal_now_and_then(shared: &Shared) {
    let Some(journal) = &shared.journal else { return };
    let mut tended = false;
    let mut tend = || {
        // What cannot be signed of other logs is no fault of this one.
        if !std::mem::replace(&mut tended, true) {
            let _ = journal.tend_others(|name, checkpoint| {
                shared.courier.iter().for_each(|courier| courier.offer(name, checkpoint));
            });
        }
    };
    let mut seals = shared.seals();
    // When the start is over and before the first refusal waits for it.
    seals = shared
        .seal_bell
        .wait_timeout_while(seals, PROGRAM_WAIT, |seals| !seals.closed && !seals.many)
        .unwrap_or_else(PoisonError::into_inner)
        .0;
    if !seals.closed {
        drop(seals);
        program();
        seals = shared.seals();
    }
    while !seals.closed {
        if !seals.due {
            seals = shared.seal_bell.wait(seals).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let begun = Instant::now();
        let mut seen = None;
        while !seals.closed && !seals.many && seen != Some(journal.count()) && begun.elapsed() < SEAL_WAIT {
            seen = Some(journal.count());
            let waited = shared.seal_bell.wait_timeout_while(seals, SEAL_IDLE, |seals| !seals.closed && !seals.many);
            seals = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        // What comes from here on is for the next time.
        (seals.due, seals.many) = (false, false);
        drop(seals);
        let failure = journal.seal().err();
        shared.seal_bell.notify_all();
        if failure.is_none() {
            shared.offer(journal);
        }
        tend();
        seals = shared.seals();
        seals.due |= failure.is_some();
        shared.unsealed.store(failure.is_some(), Ordering::Relaxed);
        if let Some(source) = failure {
            shared.waiting().failure = WriteError { path: journal.path().to_owned(), source }.to_string();
        }
    }
    drop(seals);
    tend();
}

#[cfg(test)]
pub(crate) mod tests;
