//! Checkpoints of a log that witnesses have signed: each in a file of its own in the log's directory (`witnessed/000000004711.checkpoint`), with
//! their signatures below the owner's, as a signed note has it.

use std::io;
use std::path::{Path, PathBuf};

use crate::evidence::files::{remove, replace};
use crate::tlog::{Checkpoint, Note, NoteError, Witness, read_bounded};

/// The directory in that of the log.
pub(crate) const DIRECTORY: &str = "witnessed";
/// The most that are kept of a log. Beyond, the oldest go: whatever an older one says, a newer one says too.
pub const MAX_COSIGNED: usize = 256;
/// The most bytes of one.
const MAX_BYTES: u64 = 128 * 1024;

/// The sizes of the checkpoints of a log that some witness has signed, in their order.
pub fn sizes(log: &Path) -> io::Result<Vec<u64>> {
    crate::anchor::sizes(&log.join(DIRECTORY), ".checkpoint", |size| path(log, size))
}

/// One of them, as it is written.
pub fn read(log: &Path, size: u64) -> io::Result<String> {
    String::from_utf8(read_bounded(&path(log, size), MAX_BYTES)?).map_err(io::Error::other)
}

/// The newest under which a witness's name and key stand, with a signature that is as `wanted`: its size and its text.
pub(crate) fn newest(
    log: &Path,
    witness: &Witness,
    wanted: fn(Result<u64, NoteError>) -> bool,
) -> io::Result<Option<(u64, String)>> {
    for size in sizes(log)?.into_iter().rev() {
        let note = read(log, size)?;
        let time = Note::parse(note.as_bytes()).ok().and_then(|note| note.cosigned(witness).transpose());
        if time.is_some_and(wanted) {
            return Ok(Some((size, note)));
        }
    }
    Ok(None)
}

/// Writes one, on disk when this returns.
pub(crate) fn write(log: &Path, size: u64, note: &str) -> io::Result<()> {
    replace(&path(log, size), note.as_bytes(), true)
}

/// Removes the oldest beyond those that are kept.
pub(crate) fn prune(log: &Path) -> io::Result<()> {
    sizes(log)?.iter().rev().skip(MAX_COSIGNED).try_for_each(|&size| remove(&path(log, size)))
}

/// Whether a note is a checkpoint of this size.
pub(crate) fn is_of(note: &str, size: u64) -> bool {
    let note = Note::parse(note.as_bytes()).ok();
    note.and_then(|note| Checkpoint::parse(note.unverified())).is_some_and(|signed| signed.size == size)
}

fn path(log: &Path, size: u64) -> PathBuf {
    log.join(DIRECTORY).join(format!("{size:012}.checkpoint"))
}
