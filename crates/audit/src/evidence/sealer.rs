//! From the write-ahead file to the log that is published: tiles, and a signed checkpoint.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;

use super::files::{force_all, make_directory, private, remove, replace};
use super::wal::{Frames, Header, Step};
use crate::tlog::{Checkpoint, FULL, Growing, Hash, KeyName, Tile};

/// The file of the newest checkpoint in a log's directory.
pub const CHECKPOINT: &str = "checkpoint";

/// What has been sealed, and where the sealing stands in the write-ahead file.
#[derive(Debug)]
pub(super) struct Sealer {
    log: PathBuf,
    key: SigningKey,
    origin: KeyName,
    tree: Growing,
    frames: Frames,
    /// The entries of the bundle that is not full yet, as they stand in it…
    bundle: Vec<u8>,
    /// …and where the first of them stands in the write-ahead file.
    bundle_at: u64,
    kept_from: u64,
    kept_bytes: u64,
    /// Size of the newest checkpoint, if there is one.
    signed: Option<u64>,
    /// Size and root of the checkpoint that was there, until the tree has come so far.
    promised: Option<(u64, Hash)>,
    /// Where the records of the write-ahead file begin.
    records_at: u64,
    /// Full tiles and bundles that the write-ahead file still stands behind.
    unforced: Vec<PathBuf>,
}

impl Sealer {
    /// At the beginning of the write-ahead file. `None` where its first line does not hold together.
    pub(super) fn begin(log: &Path, key: SigningKey, header: &Header, frames: Frames) -> Option<Self> {
        let (tree, origin) = (header.tree()?, KeyName::new(&header.origin)?);
        if !header.base.is_multiple_of(FULL) || header.kept_from > header.base {
            return None;
        }
        let bundle_at = frames.at();
        let &Header { kept_from, kept_bytes, .. } = header;
        let (log, bundle, unforced) = (log.to_owned(), Vec::new(), Vec::new());
        Some(Self {
            log,
            key,
            origin,
            tree,
            frames,
            bundle,
            bundle_at,
            kept_from,
            kept_bytes,
            signed: None,
            promised: None,
            records_at: bundle_at,
            unforced,
        })
    }

    pub(super) fn tree(&self) -> &Growing {
        &self.tree
    }

    pub(super) fn signed(&self) -> Option<u64> {
        self.signed
    }

    /// There is a checkpoint of this size and root, which the records that are taken must come to.
    pub(super) fn was_signed(&mut self, size: u64, root: Hash) {
        self.signed = Some(size);
        self.promised = Some((size, root));
    }

    /// Bytes of the write-ahead file that full tiles have taken over.
    pub(super) fn spent(&self) -> u64 {
        self.bundle_at - self.records_at
    }

    pub(super) fn kept_bytes(&self) -> u64 {
        self.kept_bytes
    }

    /// Bytes of the write-ahead file that have been taken.
    pub(super) fn taken(&self) -> u64 {
        self.frames.at()
    }

    /// Takes records up to byte `end`, or as far as they are whole, but no more than make the tree `size` large. Full tiles are written.
    pub(super) fn take(&mut self, end: u64, size: u64) -> io::Result<()> {
        self.frames.up_to(end);
        while self.tree.size() < size {
            let Step::Entry(entry) = self.frames.next()? else { return Ok(()) };
            let length = u16::try_from(entry.len()).unwrap_or(u16::MAX);
            self.bundle.extend_from_slice(&length.to_be_bytes());
            self.bundle.extend_from_slice(entry);
            let leaf = Hash::leaf(entry);
            let (log, unforced) = (&self.log, &mut self.unforced);
            self.tree.push(leaf, |level, index, hashes| {
                write_full(log, Tile { level: Some(level), index, width: FULL }, &bytes_of(hashes), unforced)
            })?;
            if let Some((size, root)) = self.promised.take_if(|(size, _)| *size == self.tree.size())
                && root != self.tree.root()
            {
                return Err(io::Error::other(format!(
                    "its first {size} records are not those that it signed any more"
                )));
            }
            if self.tree.size().is_multiple_of(FULL) {
                let tile = Tile { level: None, index: self.tree.size() / FULL - 1, width: FULL };
                write_full(&self.log, tile, &self.bundle, &mut self.unforced)?;
                self.kept_bytes += self.bundle.len() as u64;
                self.bundle.clear();
                self.bundle_at = self.frames.at();
            }
        }
        Ok(())
    }

    /// Writes the tiles that are not full, then the checkpoint. What has been taken must be on disk.
    pub(super) fn sign(&mut self) -> io::Result<()> {
        let size = self.tree.size();
        let width = size % FULL;
        if width > 0 {
            self.write_partial(Tile { level: None, index: size / FULL, width }, &self.bundle)?;
        }
        for level in 0..self.tree.levels() {
            let hashes = self.tree.last_tile(level);
            let (Ok(level), width) = (u8::try_from(level), hashes.len() as u64) else { continue };
            if width > 0 {
                let index = (size >> (8 * u32::from(level))) / FULL;
                self.write_partial(Tile { level: Some(level), index, width }, &bytes_of(hashes))?;
            }
        }
        let checkpoint = Checkpoint { origin: self.origin.clone(), size, root: self.tree.root() };
        let note = self.origin.sign(&self.key, &checkpoint.text());
        replace(&self.log.join(CHECKPOINT), note.as_bytes(), true)?;
        self.signed = Some(size);
        self.remove_partials()
    }

    /// A tile that will be written again when it has grown.
    fn write_partial(&self, tile: Tile, bytes: &[u8]) -> io::Result<()> {
        replace(&self.log.join(tile.path()), bytes, false)
    }

    /// Removes what the newest checkpoint does not need of the tiles that are not full.
    fn remove_partials(&self) -> io::Result<()> {
        let size = self.tree.size();
        for level in
            std::iter::once(None).chain((0..self.tree.levels()).filter_map(|level| u8::try_from(level).ok()).map(Some))
        {
            let index = (size >> (8 * u32::from(level.unwrap_or(0)))) / FULL;
            let Some(tile) = Tile::of_tree(level, index, size) else { continue };
            let kept = tile.path();
            let Ok(partials) = fs::read_dir(self.log.join(tile.partials())) else { continue };
            for partial in partials {
                let partial = partial?;
                if Some(partial.file_name().as_os_str()) != kept.file_name() {
                    remove(&partial.path())?;
                }
            }
        }
        Ok(())
    }

    /// The first line of a write-ahead file that begins at the last full tile, and the byte of this one where its records begin. What lies
    /// before it is forced to disk, and records before number `kept_from` are no longer told of.
    pub(super) fn header(&mut self, public: String, kept_from: u64, dropped: u64) -> io::Result<(Header, u64)> {
        force_all(&self.log, &self.unforced)?;
        self.unforced.clear();
        self.kept_from = kept_from;
        self.kept_bytes = self.kept_bytes.saturating_sub(dropped);
        let levels = (1..self.tree.levels()).map(|level| self.tree.last_tile(level));
        let header = Header {
            origin: self.origin.as_str().to_owned(),
            key: public,
            base: self.tree.size() / FULL * FULL,
            kept_from,
            kept_bytes: self.kept_bytes,
            above: levels.map(|hashes| hashes.iter().map(ToString::to_string).collect()).collect(),
        };
        Ok((header, self.bundle_at))
    }

    /// Goes on in the write-ahead file that was begun anew, where the incomplete bundle begins at byte `start`.
    pub(super) fn moved(&mut self, wal: &Path, start: u64) -> io::Result<()> {
        let at = start + (self.frames.at() - self.bundle_at);
        self.frames = Frames::from_byte(wal, at)?;
        (self.bundle_at, self.records_at) = (start, start);
        Ok(())
    }

    /// Which records are to be dropped so that about `spare` bytes of bundles go: up to which number, and the bytes that this comes to.
    pub(super) fn to_drop(&self, spare: u64) -> (u64, u64) {
        let (mut upto, mut bytes) = (self.kept_from, 0);
        while bytes < spare && upto + FULL <= self.tree.size() {
            let tile = Tile { level: None, index: upto / FULL, width: FULL };
            bytes += fs::metadata(self.log.join(tile.path())).map_or(0, |metadata| metadata.len());
            upto += FULL;
        }
        (upto, bytes)
    }

    /// Removes the entries and their hashes from number `from` up to `upto`. What is above them in the tree stays.
    pub(super) fn drop_bundles(&self, from: u64, upto: u64) -> io::Result<()> {
        for index in from / FULL..upto / FULL {
            for level in [None, Some(0)] {
                remove(&self.log.join(Tile { level, index, width: FULL }.path()))?;
            }
        }
        Ok(())
    }

    pub(super) fn kept_from(&self) -> u64 {
        self.kept_from
    }

    pub(super) fn origin(&self) -> &KeyName {
        &self.origin
    }
}

/// Writes a full tile, which nothing will change any more, and removes its forms before. Nobody reads it before a checkpoint says that it is
/// there, so it need not appear as a whole.
fn write_full(log: &Path, tile: Tile, bytes: &[u8], unforced: &mut Vec<PathBuf>) -> io::Result<()> {
    let path = log.join(tile.path());
    let write = || private().write(true).create_new(true).open(&path)?.write_all(bytes);
    match write() {
        // As it was before a crash: a checkpoint may say so already.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => replace(&path, bytes, false)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), make_directory)?;
            write()?;
        }
        outcome => outcome?,
    }
    unforced.push(path);
    match fs::remove_dir_all(log.join(tile.partials())) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Hashes side by side, as a tile has them.
fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}
