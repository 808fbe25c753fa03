//! What is to be sent, on disk: a file for each, until it was sent. What can't be sent as it is lies with the dead letters, until somebody
//! has it tried again.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::now;
use crate::evidence::files::{make_directory, private, remove, replace};

/// Its name beside the logs.
pub(crate) const NAME: &str = "outbox";
/// The file of the agent that reports to VEX.
const AGENT: &str = "vex-agent";
/// The most that waits. Beyond, nothing more goes in until something left: the log's next checkpoint says all that this one says.
pub const MAX_WAITING: usize = 16_384;
/// The most dead letters. Beyond, the oldest goes.
pub const MAX_DEAD: usize = 4096;
/// The most bytes of one.
const MAX_BYTES: u64 = 256 * 1024;
/// What a clock that was wrong may have put off at most, in seconds.
const MAX_WAIT: u64 = 24 * 3600;

/// What becomes of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It is anchored in Bitcoin.
    Anchor,
    /// It is reported to VEX.
    Report,
    /// Witnesses are asked to sign it.
    Witness,
}

impl Kind {
    /// Each.
    pub const ALL: [Self; 3] = [Self::Anchor, Self::Report, Self::Witness];

    /// As its files are named.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anchor => "anchor",
            Self::Report => "report",
            Self::Witness => "witness",
        }
    }
}

/// One checkpoint that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// For what.
    pub kind: Kind,
    /// Its log.
    pub log: String,
    /// The records that it signs.
    pub size: u64,
    /// The checkpoint, as it was signed.
    pub checkpoint: String,
    /// Since when it waits, in seconds since 1970.
    pub since: u64,
    /// Before when it is not tried, in seconds since 1970.
    pub not_before: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Job {
    /// Of a checkpoint, not tried yet.
    pub fn new(kind: Kind, log: &str, size: u64, checkpoint: String) -> Self {
        let (log, now) = (log.to_owned(), now());
        Self { kind, log, size, checkpoint, since: now, not_before: now, attempts: 0, error: None }
    }

    /// What it is called, and its file: there is one of a kind for each checkpoint of a log.
    pub fn id(&self) -> String {
        format!("{}-{}-{:012}", self.kind.name(), self.log, self.size)
    }

    /// Since when it waits, as text.
    pub fn since_text(&self) -> String {
        let second = i64::try_from(self.since).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
        second.map(|time| time.to_string()).unwrap_or_default()
    }

    /// Whether it may be tried now.
    pub fn due(&self, now: u64) -> bool {
        self.not_before <= now || self.not_before > now + MAX_WAIT
    }
}

/// The directory of what is to be sent.
#[derive(Debug)]
pub struct Outbox {
    dir: PathBuf,
    /// How many wait, about: others put in as well.
    count: AtomicUsize,
}

impl Outbox {
    /// That of a directory of evidence; it is made at the first use.
    pub fn open(home: &Path) -> io::Result<Self> {
        let dir = home.join(NAME);
        make_directory(&dir.join("waiting"))?;
        make_directory(&dir.join("dead"))?;
        Self::existing(home)
    }

    /// That of a directory of evidence as it is.
    pub fn existing(home: &Path) -> io::Result<Self> {
        let outbox = Self { dir: home.join(NAME), count: AtomicUsize::new(0) };
        outbox.count.store(outbox.waiting()?.len(), Ordering::Relaxed);
        Ok(outbox)
    }

    /// Puts something in, on disk when this returns. `false` where it is full.
    pub fn put(&self, job: &Job) -> io::Result<bool> {
        if self.count.load(Ordering::Relaxed) >= MAX_WAITING {
            self.count.store(self.waiting()?.len(), Ordering::Relaxed);
            if self.count.load(Ordering::Relaxed) >= MAX_WAITING {
                return Ok(false);
            }
        }
        self.write("waiting", job, true)?;
        self.count.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    /// The names of what waits, by kind, log and size.
    pub fn waiting(&self) -> io::Result<Vec<String>> {
        self.names("waiting")
    }

    /// The names of the dead letters.
    pub fn dead(&self) -> io::Result<Vec<String>> {
        self.names("dead")
    }

    /// One that waits, or a dead letter; `None` where it is gone or no longer can be read.
    pub fn job(&self, id: &str) -> Option<Job> {
        ["waiting", "dead"].into_iter().find_map(|place| self.read(place, id))
    }

    /// One that waits.
    pub(super) fn waiting_job(&self, id: &str) -> Option<Job> {
        self.read("waiting", id)
    }

    /// Writes down that one was tried.
    pub(super) fn put_off(&self, job: &Job) -> io::Result<()> {
        self.write("waiting", job, false)
    }

    /// Takes one out that was sent.
    pub(super) fn done(&self, id: &str) -> io::Result<()> {
        self.count.fetch_sub(self.count.load(Ordering::Relaxed).min(1), Ordering::Relaxed);
        remove(&self.path("waiting", id))
    }

    /// Lays one with the dead letters.
    pub(super) fn bury(&self, job: &Job) -> io::Result<()> {
        let dead = self.dead()?;
        if dead.len() >= MAX_DEAD {
            let oldest = dead.iter().min_by_key(|id| self.read("dead", id).map_or(0, |job| job.since));
            oldest.map_or(Ok(()), |id| remove(&self.path("dead", id)))?;
        }
        self.write("dead", job, true)?;
        self.done(&job.id())
    }

    /// Lays a file with the dead letters that is none of ours any more.
    pub(super) fn bury_unread(&self, id: &str) -> io::Result<()> {
        match fs::rename(self.path("waiting", id), self.path("dead", id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Has a dead letter tried again, or one that waits tried now. Whether there is one of that name.
    pub fn retry(&self, id: &str) -> io::Result<bool> {
        let Some(mut job) = self.job(id) else { return Ok(false) };
        (job.not_before, job.attempts) = (now(), 0);
        self.write("waiting", &job, true)?;
        remove(&self.path("dead", id))?;
        Ok(true)
    }

    /// The lock of who sends; `None` while somebody else does.
    pub fn lock(&self) -> io::Result<Option<File>> {
        let file = private().write(true).create(true).truncate(false).open(self.dir.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// When the last checkpoint of a log was put in, in seconds since 1970, and its size.
    pub(super) fn offered(&self, kind: Kind, log: &str) -> Option<(u64, u64)> {
        let text = fs::read_to_string(self.note(kind, log)).ok()?;
        let (at, size) = text.trim().split_once(' ')?;
        Some((at.parse().ok()?, size.parse().ok()?))
    }

    /// Remembers that one was put in.
    pub(super) fn note_offered(&self, kind: Kind, log: &str, at: u64, size: u64) -> io::Result<()> {
        replace(&self.note(kind, log), format!("{at} {size}\n").as_bytes(), false)
    }

    /// The agent that was made in the server at an address.
    pub(super) fn agent(&self, url: &str) -> Option<String> {
        let text = fs::read_to_string(self.dir.join(AGENT)).ok()?;
        let (id, at) = text.trim().split_once(' ')?;
        (at == url).then(|| id.to_owned())
    }

    pub(super) fn remember_agent(&self, url: &str, id: &str) -> io::Result<()> {
        replace(&self.dir.join(AGENT), format!("{id} {url}\n").as_bytes(), false)
    }

    pub(super) fn forget_agent(&self) -> io::Result<()> {
        remove(&self.dir.join(AGENT))
    }

    fn note(&self, kind: Kind, log: &str) -> PathBuf {
        self.dir.join(format!("last-{}-{log}", kind.name()))
    }

    fn path(&self, place: &str, id: &str) -> PathBuf {
        self.dir.join(place).join(id)
    }

    fn names(&self, place: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.dir.join(place))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            // All of ours end with a number; what does not was being written when it broke off.
            if name.ends_with(|last: char| last.is_ascii_digit()) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, place: &str, id: &str) -> Option<Job> {
        if id.contains(['/', '\\']) {
            return None;
        }
        let path = self.path(place, id);
        if fs::metadata(&path).ok()?.len() > MAX_BYTES {
            return None;
        }
        serde_json::from_slice::<Job>(&fs::read(path).ok()?).ok().filter(|job| job.id() == id)
    }

    fn write(&self, place: &str, job: &Job, forced: bool) -> io::Result<()> {
        let bytes = serde_json::to_vec(job).map_err(io::Error::other)?;
        replace(&self.path(place, &job.id()), &bytes, forced)
    }
}
