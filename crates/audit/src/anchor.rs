//! The checkpoints of a log that were anchored, or are to be: each in a file of its own in the log's directory, and beside it the proof
//! (`anchors/000000004711.checkpoint` and `….checkpoint.ots`), as other programs that verify such proofs want them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::evidence::files::{remove, replace};
use crate::ots::{Detached, MAX_BYTES, OtsError};

/// The directory in that of the log.
pub(crate) const DIRECTORY: &str = "anchors";
/// The most that are kept of a log. Beyond, the oldest go.
pub const MAX_ANCHORS: usize = 4096;
/// The most bytes of a checkpoint.
const MAX_CHECKPOINT: u64 = 128 * 1024;

/// A checkpoint of a log, and the proof that it was there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The records that it signs.
    pub size: u64,
    /// The checkpoint, as it was signed.
    pub checkpoint: String,
    /// The proof.
    pub proof: Result<Detached, OtsError>,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Calendars have promised to put it into a block.
    Pending,
    /// A calendar told the way into a block. Whether it leads there, who has the block's header can tell.
    Confirmed,
    /// The proof is none.
    Failed,
}

/// The sizes of checkpoints about which there is a file in `directory`, in their order: its name is `path` of the size, and ends so.
pub(crate) fn sizes(directory: &Path, end: &str, path: impl Fn(u64) -> PathBuf) -> io::Result<Vec<u64>> {
    let mut sizes = Vec::new();
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(sizes),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let size = name.to_str().and_then(|name| name.strip_suffix(end)?.parse().ok());
        sizes.extend(size.filter(|size| path(*size).file_name() == Some(&name)));
    }
    sizes.sort_unstable();
    Ok(sizes)
}

impl Anchor {
    /// The sizes of the checkpoints of a log that have a proof, in their order.
    pub fn sizes(log: &Path) -> io::Result<Vec<u64>> {
        sizes(&log.join(DIRECTORY), ".checkpoint.ots", |size| path(log, size, true))
    }

    /// One of them.
    pub fn read(log: &Path, size: u64) -> io::Result<Self> {
        let checkpoint = bounded(&path(log, size, false), MAX_CHECKPOINT)?;
        let checkpoint = String::from_utf8(checkpoint).map_err(io::Error::other)?;
        let proof = Detached::parse(&bounded(&path(log, size, true), MAX_BYTES as u64)?);
        Ok(Self { size, checkpoint, proof })
    }

    /// How far it has come.
    pub fn state(&self) -> State {
        match &self.proof {
            Ok(proof) if proof.blocks().is_empty() => State::Pending,
            Ok(_) => State::Confirmed,
            Err(_) => State::Failed,
        }
    }

    /// Writes one, on disk when this returns: the checkpoint first, then what proves it.
    pub(crate) fn write(log: &Path, size: u64, checkpoint: &str, proof: &Detached) -> io::Result<()> {
        let bytes = proof.bytes().map_err(io::Error::other)?;
        replace(&path(log, size, false), checkpoint.as_bytes(), true)?;
        replace(&path(log, size, true), &bytes, true)
    }

    /// Removes the oldest beyond those that are kept.
    pub(crate) fn prune(log: &Path) -> io::Result<()> {
        let sizes = Self::sizes(log)?;
        for &old in sizes.iter().rev().skip(MAX_ANCHORS) {
            remove(&path(log, old, true))?;
            remove(&path(log, old, false))?;
        }
        Ok(())
    }
}

/// The file of a checkpoint, or of its proof.
fn path(log: &Path, size: u64, proof: bool) -> PathBuf {
    let end = if proof { ".ots" } else { "" };
    log.join(DIRECTORY).join(format!("{size:012}.checkpoint{end}"))
}

/// Reads a file that must not be longer than `most`.
fn bounded(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    crate::tlog::read_bounded(path, most)
}
