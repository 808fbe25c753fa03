//! The directory that files of pins stand in: read whole, written whole, shared by any number of proxies.

use std::fs::{self, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use vanguard_engine::pins::{Book, Trouble};

use super::document::{By, Document, Server};
use super::memory::now;

/// The largest file.
pub const MAX_FILE: u64 = 8 << 20;
/// How long to wait for another proxy that writes.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often to look whether it is done.
const PAUSE: Duration = Duration::from_millis(5);

/// Files of pins.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

/// By what a file is known to be the one that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

/// A server by its key; of what cannot be read, why.
pub type Known = (String, Result<Document, Trouble>);

/// What is written of a server, if anything is, and by what that is known again.
pub(super) type Standing = (Option<Document>, Option<Stamp>);

impl Store {
    /// In `dir`, which need not be there yet.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The file of a server, by its key.
    pub fn path(&self, key: &str) -> PathBuf {
        self.dir.join(format!("{key}.json"))
    }

    /// What is pinned of a server; `None` where it was never seen.
    pub fn read(&self, key: &str) -> Result<Option<Document>, Trouble> {
        let path = self.path(key);
        let unreadable = |error: &dyn std::fmt::Display| Trouble::Unreadable(format!("{}: {error}", path.display()));
        let damaged = |what: &dyn std::fmt::Display| Trouble::Damaged(format!("{}: {what}", path.display()));
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&error)),
        };
        let about = file.metadata().map_err(|error| unreadable(&error))?;
        if !about.is_file() || about.len() > MAX_FILE {
            return Err(damaged(&"it is no file of pins, or too large for one"));
        }
        let mut text = Vec::new();
        file.take(MAX_FILE).read_to_end(&mut text).map_err(|error| unreadable(&error))?;
        let document: Document = serde_json::from_slice(&text).map_err(|error| damaged(&error))?;
        if !document.is_known() {
            return Err(unreadable(&"another release has written it"));
        }
        Ok(Some(document))
    }

    /// Every server by its key, in order.
    pub fn all(&self) -> Result<Vec<Known>, Trouble> {
        let unreadable = |error: io::Error| Trouble::Unreadable(format!("{}: {error}", self.dir.display()));
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut keys = Vec::new();
        for entry in entries {
            let name = entry.map_err(unreadable)?.file_name();
            keys.extend(name.to_str().and_then(|name| name.strip_suffix(".json")).map(str::to_owned));
        }
        keys.sort();
        Ok(keys.into_iter().filter_map(|key| Some((key.clone(), self.read(&key).transpose()?))).collect())
    }

    /// Changes what is pinned of a server while nobody else does. `change` is told what is there, and says what shall be; where it says
    /// nothing, that stays.
    pub fn update(
        &self,
        key: &str,
        change: impl FnOnce(Result<Option<Document>, Trouble>) -> Result<Option<Document>, Trouble>,
    ) -> Result<(), Trouble> {
        self.exchange(key, change).map(|_| ())
    }

    /// Forgets what is pinned of a server, so that its next word is its first. What cannot be read is put aside; `false` where nothing is known.
    pub fn reset(&self, key: &str) -> Result<bool, Trouble> {
        let mut known = true;
        self.update(key, |found| {
            let document = match found {
                Ok(None) => {
                    known = false;
                    return Ok(None);
                }
                Ok(Some(document)) => Document { book: Book::default(), ..document },
                Err(trouble @ Trouble::Unreadable(_)) => return Err(trouble),
                Err(_) => {
                    self.set_aside(key);
                    let server = Server { name: key.to_owned(), by: By::Command(Vec::new()) };
                    // Nobody knows how often it was written: so often it was not.
                    Document { edition: u64::try_from(now()).unwrap_or_default(), ..Document::new(server) }
                }
            };
            Ok(Some(document))
        })?;
        Ok(known)
    }

    /// The same, and says what is there then.
    pub(super) fn exchange(
        &self,
        key: &str,
        change: impl FnOnce(Result<Option<Document>, Trouble>) -> Result<Option<Document>, Trouble>,
    ) -> Result<Standing, Trouble> {
        let unwritten = |error: io::Error| Trouble::Unwritten(format!("{}: {error}", self.dir.display()));
        self.make_dir().map_err(unwritten)?;
        let _locked = self.lock().map_err(unwritten)?;
        let found = self.read(key);
        let edition = found.as_ref().ok().and_then(Option::as_ref).map_or(0, |document| document.edition);
        let present = found.clone();
        let document = match change(found)? {
            Some(mut document) => {
                document.edition = document.edition.max(edition).saturating_add(1);
                self.write(key, &mut document).map_err(unwritten)?;
                Some(document)
            }
            None => present?,
        };
        Ok((document, Stamp::of(&self.path(key))))
    }

    /// Moves a file that cannot be read out of the way, for a person to look at.
    pub(super) fn set_aside(&self, key: &str) {
        // Where that fails it is written over.
        let _ = fs::rename(self.path(key), self.dir.join(format!("{key}.json.damaged")));
    }

    fn write(&self, key: &str, document: &mut Document) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(document)?;
        if text.len() as u64 >= MAX_FILE {
            // Texts are for people; digests alone tell.
            let tools = document.book.tools.values_mut();
            tools.flat_map(|held| held.waiting.iter_mut().chain([&mut held.pinned])).for_each(|pin| pin.parts.clear());
            text = serde_json::to_vec_pretty(document)?;
        }
        text.push(b'\n');
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(self.path(key))?;
        Ok(())
    }

    fn make_dir(&self) -> io::Result<()> {
        if self.dir.is_dir() {
            return Ok(());
        }
        let mut dir = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut dir, 0o700);
        dir.recursive(true).create(&self.dir)
    }

    /// Keeps other proxies from writing, as long as the file is open.
    fn lock(&self) -> io::Result<fs::File> {
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(self.dir.join("lock"))?;
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if since.elapsed() < PATIENCE => sleep(PAUSE),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Stamp {
    /// Of what is there now; `None` where nothing is, or nobody can tell.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&about);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: about.modified().ok(), length: about.len(), inode })
    }
}
