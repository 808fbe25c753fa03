//! Tiles: 256 hashes of the tree in a file, and the entries under them in another.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::hash::Hash;
use super::tree::{Nodes, whole};

/// Hashes in a full tile, and entries in a full bundle.
pub const FULL: u64 = 256;
/// The most bytes of a bundle: 256 entries with their lengths.
const MAX_BUNDLE: u64 = FULL * (2 + u16::MAX as u64);

/// A tile, or a bundle of entries (which has no level), by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tile {
    /// Its level; `None` for entries.
    pub level: Option<u8>,
    /// Its number in the level.
    pub index: u64,
    /// How many hashes or entries it has, at most [`FULL`].
    pub width: u64,
}

/// A tile can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// It is not there, or can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It does not hold what a tile holds.
    #[error("{}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
}

impl Tile {
    /// A tile of `level` in a tree of `size` entries; `None` where the tree has no such tile.
    pub fn of_tree(level: Option<u8>, index: u64, size: u64) -> Option<Self> {
        let count = size.checked_shr(8 * u32::from(level.unwrap_or(0))).unwrap_or(0);
        let width = count.saturating_sub(index.checked_mul(FULL)?).min(FULL);
        (width > 0).then_some(Self { level, index, width })
    }

    /// Where it lies below the log's directory.
    pub fn path(&self) -> PathBuf {
        let mut path = self.full_path();
        if self.width < FULL {
            path = self.partials();
            path.push(self.width.to_string());
        }
        path
    }

    /// Where it lies once it is full.
    pub fn full_path(&self) -> PathBuf {
        let mut path = PathBuf::from("tile");
        match self.level {
            Some(level) => path.push(level.to_string()),
            None => path.push("entries"),
        }
        let mut groups = vec![format!("{:03}", self.index % 1000)];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(format!("x{:03}", rest % 1000));
            rest /= 1000;
        }
        path.extend(groups.iter().rev());
        path
    }

    /// The directory of its forms before it is full.
    pub fn partials(&self) -> PathBuf {
        let mut path = self.full_path().into_os_string();
        path.push(".p");
        path.into()
    }

    /// Its bytes from the directory of a log: of its own form, or the beginning of the full one, which may have come in its place.
    fn read(&self, log: &Path, most: u64) -> Result<(PathBuf, Vec<u8>), TileError> {
        let path = log.join(self.path());
        match read_bounded(&path, most) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.width < FULL => {
                let full = log.join(self.full_path());
                // What is missing is what the tree asks for.
                let bytes = read_bounded(&full, most).map_err(|_| TileError::Read { path, source: error })?;
                Ok((full, bytes))
            }
            Err(source) => Err(TileError::Read { path, source }),
            Ok(bytes) => Ok((path, bytes)),
        }
    }

    /// The hashes of a tile.
    pub fn hashes(&self, log: &Path) -> Result<Vec<Hash>, TileError> {
        let (path, mut bytes) = self.read(log, FULL * Hash::LEN as u64)?;
        let wanted = usize::try_from(self.width).unwrap_or(usize::MAX).saturating_mul(Hash::LEN);
        if bytes.len() < wanted || (bytes.len() != wanted && path == log.join(self.path())) {
            return Err(TileError::Malformed { path, what: "has not as many hashes as its name says" });
        }
        bytes.truncate(wanted);
        Ok(bytes.as_chunks::<{ Hash::LEN }>().0.iter().map(|hash| Hash(*hash)).collect())
    }

    /// The entries of a bundle.
    pub fn entries(&self, log: &Path) -> Result<Entries, TileError> {
        let (path, bytes) = self.read(log, MAX_BUNDLE)?;
        let own = path == log.join(self.path());
        Entries::parse(bytes, self.width, own)
            .ok_or(TileError::Malformed { path, what: "has not as many entries as its name says" })
    }
}

/// Reads a file that must not be longer than `most`.
pub(crate) fn read_bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    use io::Read as _;
    let file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    if length > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("longer than {most} bytes")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The entries of a bundle, in their order.
#[derive(Debug)]
pub struct Entries {
    bytes: Vec<u8>,
    ends: Vec<(usize, usize)>,
}

impl Entries {
    /// Takes a bundle of `width` entries apart; `exact`: and not one byte more. `None` where it is none.
    pub fn parse(bytes: Vec<u8>, width: u64, exact: bool) -> Option<Self> {
        let mut ends = Vec::new();
        let mut at = 0;
        for _ in 0..width {
            let length = bytes.get(at..at + 2)?;
            let start = at + 2;
            at = start + usize::from(u16::from_be_bytes([length[0], length[1]]));
            bytes.get(start..at)?;
            ends.push((start, at));
        }
        (!exact || at == bytes.len()).then_some(Self { bytes, ends })
    }

    /// Each entry.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.ends.iter().map(|&(start, end)| &self.bytes[start..end])
    }

    /// One of them.
    pub fn get(&self, number: u64) -> Option<&[u8]> {
        let &(start, end) = self.ends.get(usize::try_from(number).ok()?)?;
        Some(&self.bytes[start..end])
    }
}

/// The hashes of a tree in the tiles of a directory. The tiles that were read last stay in memory, one a level.
#[derive(Debug)]
pub struct Tiles<'a> {
    log: &'a Path,
    size: u64,
    last: Vec<Option<(u64, Vec<Hash>)>>,
}

impl<'a> Tiles<'a> {
    /// Those of the log in a directory, as far as its tree of `size` entries goes.
    pub fn new(log: &'a Path, size: u64) -> Self {
        Self { log, size, last: Vec::new() }
    }

    /// The hashes of one tile.
    pub fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], TileError> {
        let slot = usize::from(level);
        if self.last.len() <= slot {
            self.last.resize(slot + 1, None);
        }
        if self.last[slot].as_ref().is_none_or(|(known, _)| *known != index) {
            let missing = || {
                let path = self.log.join(Tile { level: Some(level), index, width: FULL }.path());
                TileError::Malformed { path, what: "is beyond the tree" }
            };
            let tile = Tile::of_tree(Some(level), index, self.size).ok_or_else(missing)?;
            self.last[slot] = Some((index, tile.hashes(self.log)?));
        }
        Ok(self.last[slot].as_ref().map_or(&[], |(_, hashes)| hashes))
    }
}

impl Nodes for Tiles<'_> {
    type Error = TileError;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, TileError> {
        // Levels of nodes are those of a tree of at most 2⁶⁴ entries, so this is at most 8.
        let (of_tiles, within) = (u8::try_from(level / 8).unwrap_or(u8::MAX), level % 8);
        let first = index << within;
        let (number, at) = (first / FULL, usize::try_from(first % FULL).unwrap_or(0));
        let path = self.log.join(Tile { level: Some(of_tiles), index: number, width: FULL }.path());
        let hashes = self.tile(of_tiles, number)?.get(at..at + (1 << within));
        hashes.map(whole).ok_or(TileError::Malformed { path, what: "ends before the tree does" })
    }
}
