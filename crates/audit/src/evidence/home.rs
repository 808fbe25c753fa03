//! The directory of evidence: one key, and a log for each server. Each log is written by one process; a second one before the same server
//! at the same time takes the next log (`files~2`), which is used again later, so that there are never more logs than proxies at once.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;

use super::files::{make_directory, private};
use crate::key;
use crate::send::OUTBOX;

/// The key's file.
const KEY: &str = "key";
/// The file that a log's writer holds locked.
const LOCK: &str = "lock";
/// The most logs of one name: as many proxies before one server at once.
const MAX_LOGS: u32 = 1000;
/// The most bytes of a log's name.
const MAX_NAME: usize = 64;

/// The directory of evidence, and the key in it.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    key: SigningKey,
}

/// A log's directory, which this process alone writes to as long as this is there.
#[derive(Debug)]
pub struct LogDir {
    /// The directory.
    pub path: PathBuf,
    /// The log's name: that of the directory.
    pub name: String,
    /// Held for its lock.
    _lock: File,
}

/// The directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
    /// The key is no key, or others may read it.
    #[error("{0}")]
    Key(String),
    /// Every log of the name is written to by somebody.
    #[error("{} has {MAX_LOGS} logs of the name {name}, and each is written to by another proxy", dir.display())]
    Full {
        /// The directory.
        dir: PathBuf,
        /// The name.
        name: String,
    },
}

impl Home {
    /// Opens a directory; makes it, and the key, at the first use.
    pub fn open(dir: &Path) -> Result<Self, HomeError> {
        let failed = |source| HomeError::Io { path: dir.to_owned(), source };
        make_directory(dir).map_err(failed)?;
        let path = dir.join(KEY);
        if !path.exists() {
            // Five proxies that start at once make one key.
            let lock = private().write(true).create(true).truncate(false).open(dir.join(LOCK)).map_err(failed)?;
            lock.lock().map_err(failed)?;
            if !path.exists() {
                make_key(&path)?;
            }
        }
        Ok(Self { dir: dir.to_owned(), key: read_key(&path)? })
    }

    /// The directory and key as they are, for who only reads.
    pub fn existing(dir: &Path) -> Result<Self, HomeError> {
        Ok(Self { dir: dir.to_owned(), key: read_key(&dir.join(KEY))? })
    }

    /// What signs.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The first log of the name that nobody else writes to.
    pub fn log(&self, name: &str) -> Result<LogDir, HomeError> {
        let name = file_name(name);
        for number in 1..=MAX_LOGS {
            let name = if number == 1 { name.clone() } else { format!("{name}~{number}") };
            let path = self.dir.join(&name);
            let failed = |source| HomeError::Io { path: path.clone(), source };
            make_directory(&path).map_err(failed)?;
            let lock = private().write(true).create(true).truncate(false).open(path.join(LOCK)).map_err(failed)?;
            match lock.try_lock() {
                Ok(()) => return Ok(LogDir { path, name, _lock: lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
        Err(HomeError::Full { dir: self.dir.clone(), name })
    }

    /// The logs that this key signs and that nobody writes to.
    pub(super) fn idle_logs(&self) -> io::Result<Vec<LogDir>> {
        let public = key::public_text(&self.key.verifying_key());
        let mut idle = Vec::new();
        for path in Self::logs(&self.dir)? {
            let Ok(lock) = private().write(true).open(path.join(LOCK)) else { continue };
            let ours = super::wal::read(&path.join(super::wal::NAME)).ok().flatten();
            if lock.try_lock().is_ok() && ours.is_some_and(|(header, _)| header.key == public) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                idle.push(LogDir { path, name, _lock: lock });
            }
        }
        Ok(idle)
    }

    /// Whether a directory holds a log.
    pub fn is_log(path: &Path) -> bool {
        is_log(path)
    }

    /// The directories of the logs below `dir`, by name.
    pub fn logs(dir: &Path) -> io::Result<Vec<PathBuf>> {
        let mut logs = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if is_log(&path) {
                logs.push(path);
            }
        }
        logs.sort();
        Ok(logs)
    }
}

/// Whether a directory holds a log.
pub(super) fn is_log(path: &Path) -> bool {
    path.join(super::wal::NAME).exists() || path.join(super::CHECKPOINT).exists()
}

/// A server's name as that of a directory.
fn file_name(name: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    let name: String = name.chars().take(MAX_NAME).map(safe).collect();
    match name.trim_start_matches('.') {
        // The one of the directory itself lies beside the logs.
        "" | KEY | LOCK | OUTBOX => format!("server-{name}"),
        fits => fits.to_owned(),
    }
}

/// Makes a key: it has its name once it is whole.
fn make_key(path: &Path) -> Result<(), HomeError> {
    let failed = |source| HomeError::Io { path: path.to_owned(), source };
    let key = key::generate().map_err(HomeError::Key)?;
    let new = path.with_extension("new");
    super::files::remove(&new).map_err(failed)?;
    key::write_private(&key, &new).map_err(failed)?;
    fs::rename(&new, path).map_err(failed)?;
    path.parent().map_or(Ok(()), super::files::force_directory).map_err(failed)
}

/// Reads the key, which nobody but its owner may.
fn read_key(path: &Path) -> Result<SigningKey, HomeError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = fs::metadata(path).map_err(|source| HomeError::Io { path: path.to_owned(), source })?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.display();
            let what = format!(
                "{path}: others may read the key that signs the audit (mode {mode:03o}). `chmod 600 {path}` mends it; where they may have, \
                 move the file away, and a new key is made"
            );
            return Err(HomeError::Key(what));
        }
    }
    key::read_private(path).map_err(HomeError::Key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_server_is_one_of_a_directory() {
        assert_eq!(file_name("filesystem"), "filesystem");
        assert_eq!(file_name("https://a.example/mcp"), "https___a.example_mcp");
        assert_eq!(file_name("../../etc"), "_.._etc");
        assert_eq!(file_name(".."), "server-..");
        assert_eq!(file_name("key"), "server-key");
        assert_eq!(file_name("outbox"), "server-outbox");
        assert_eq!(file_name("*"), "_");
        assert_eq!(file_name(&"é".repeat(500)).len(), MAX_NAME);
    }

    #[test]
    fn proxies_at_once_have_a_log_each_and_logs_are_used_again() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path()).unwrap();
        let first = home.log("files").unwrap();
        let second = Home::open(dir.path()).unwrap().log("files").unwrap();
        assert_eq!((first.name.as_str(), second.name.as_str()), ("files", "files~2"));
        assert_eq!(home.log("git").unwrap().name, "git");
        drop(first);
        assert_eq!(home.log("files").unwrap().name, "files");
    }

    #[test]
    fn five_proxies_that_start_at_once_have_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..5).map(|_| scope.spawn(|| Home::open(dir.path()).unwrap().key.to_bytes())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Home::open(dir.path()).unwrap();
        let key = dir.path().join(KEY);
        let mode = fs::metadata(&key).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Home::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("chmod 600") && error.contains("640"), "{error}");
    }
}
