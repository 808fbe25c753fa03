//! The records of a log, signed or not yet, for who reads it while it may be written to.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::wal::{Unsealed, unsealed};
use super::{CHECKPOINT, home};
use crate::tlog::{Entries, FULL, Tile, TileError};

/// A log, to be read.
#[derive(Debug)]
pub struct Reader {
    dir: PathBuf,
    unsealed: Unsealed,
    bundle: Option<(u64, Entries)>,
}

/// A log can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none.
    #[error("{}: is no audit log", .0.display())]
    NoLog(PathBuf),
    /// Its write-ahead file can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A bundle of records can't be read.
    #[error(transparent)]
    Tile(#[from] TileError),
}

impl Reader {
    /// The log in a directory, as it is now.
    pub fn open(dir: &Path) -> Result<Self, ReadError> {
        if !home::is_log(dir) {
            return Err(ReadError::NoLog(dir.to_owned()));
        }
        let path = dir.join(super::wal::NAME);
        let unsealed = unsealed(dir).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        let broken = || io::Error::other("its first line was changed");
        let unsealed = unsealed.ok_or_else(|| ReadError::Io { path, source: broken() })?;
        Ok(Self { dir: dir.to_owned(), unsealed, bundle: None })
    }

    /// The numbers of the records that it has; those before were dropped.
    pub fn numbers(&self) -> Range<u64> {
        self.unsealed.kept_from..self.unsealed.base + self.unsealed.entries.len() as u64
    }

    /// The public key that signs it, as it says itself.
    pub fn key(&self) -> &str {
        &self.unsealed.key
    }

    /// One record.
    pub fn record(&mut self, index: u64) -> Result<Option<&[u8]>, ReadError> {
        if let Some(at) = index.checked_sub(self.unsealed.base) {
            let at = usize::try_from(at).unwrap_or(usize::MAX);
            return Ok(self.unsealed.entries.get(at).map(Vec::as_slice));
        }
        if self.bundle.as_ref().is_none_or(|(number, _)| *number != index / FULL) {
            let tile = Tile { level: None, index: index / FULL, width: FULL };
            self.bundle = Some((index / FULL, tile.entries(&self.dir)?));
        }
        Ok(self.bundle.as_ref().and_then(|(_, entries)| entries.get(index % FULL)))
    }

    /// The newest checkpoint as it is written, if there is one.
    pub fn checkpoint(&self) -> Result<Option<String>, ReadError> {
        let path = self.dir.join(CHECKPOINT);
        match fs::read_to_string(&path) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ReadError::Io { path, source }),
        }
    }
}
