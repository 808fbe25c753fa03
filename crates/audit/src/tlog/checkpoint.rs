//! Checkpoints: how large a log is, and what its tree comes to.

use super::hash::Hash;
use super::note::{KeyName, Note, NoteError};
use ed25519_dalek::VerifyingKey;

/// What a log says of itself when it signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name for itself, for ever.
    pub origin: KeyName,
    /// Its entries.
    pub size: u64,
    /// The hash of its tree.
    pub root: Hash,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root)
    }

    /// Reads the text of a note. What other logs say beyond the three lines is not heeded.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = KeyName::new(lines.next()?)?;
        let number = lines.next()?;
        let size: u64 = number.parse().ok()?;
        let root = Hash::parse(lines.next()?)?;
        (size.to_string() == number).then_some(Self { origin, size, root })
    }

    /// Reads a signed one: of the log that it names, by `key`.
    pub fn verify(note: &[u8], key: &VerifyingKey) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(note.unverified()).ok_or(NoteError::Malformed)?;
        note.verify(&checkpoint.origin, key)?;
        Ok(checkpoint)
    }
}
