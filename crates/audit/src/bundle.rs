//! What an auditor gets of one record: the record, its manifest, and the proof that it is in the log. Verified with the public key alone.

use std::path::Path;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::evidence::{ReadError, Reader};
use crate::key;
use crate::manifest::{Envelope, Statement};
use crate::tlog::{Checkpoint, NoteError, Proof, TileError, Tiles, inclusion};

/// What a bundle is.
pub(crate) const KIND: &str = "urn:mcp-vanguard:evidence-bundle:1";

/// The evidence of one record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// What it is, and of which version.
    #[serde(rename = "type")]
    pub kind: String,
    /// The public key that signed it, as it says itself.
    pub key: String,
    /// The record, byte for byte.
    pub record: String,
    /// That it is in the log (`c2sp.org/tlog-proof@v1`).
    pub proof: String,
    /// What it means, as a signed in-toto statement.
    pub manifest: Envelope,
}

/// A bundle can't be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The log has no such record.
    #[error("there is no record {0} in this log")]
    NoRecord(u64),
    /// It is the line of an event, or was changed.
    #[error("record {0} is not the record of a verdict")]
    NoVerdict(u64),
    /// It is in no checkpoint yet.
    #[error("record {0} is not signed yet; it will be in a few seconds while the proxy runs, and at its end")]
    NotSigned(u64),
    /// The newest checkpoint is not by the key.
    #[error("the log's checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    /// The log can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A tile can't be read.
    #[error(transparent)]
    Tile(#[from] TileError),
}

impl Bundle {
    /// The most bytes of one that is read.
    pub const MAX_BYTES: u64 = 1024 * 1024;

    /// The evidence of record `index` of the log in a directory, its manifest signed by `key`.
    pub fn make(log: &Path, index: u64, key: &SigningKey) -> Result<Self, BundleError> {
        let mut reader = Reader::open(log)?;
        let entry = reader.numbers().contains(&index).then(|| reader.record(index)).transpose()?.flatten();
        let entry = entry.ok_or(BundleError::NoRecord(index))?.to_vec();
        let no_verdict = || BundleError::NoVerdict(index);
        let statement = Statement::of(&entry).ok_or_else(no_verdict)?;
        let record = String::from_utf8(entry).map_err(|_| no_verdict())?;
        let checkpoint = reader.checkpoint()?.ok_or(BundleError::NotSigned(index))?;
        let signed = Checkpoint::verify(checkpoint.as_bytes(), &key.verifying_key())?;
        if index >= signed.size {
            return Err(BundleError::NotSigned(index));
        }
        let hashes = inclusion(index, signed.size, &mut Tiles::new(log, signed.size))?;
        Ok(Self {
            kind: KIND.to_owned(),
            key: key::public_text(&key.verifying_key()),
            record,
            proof: Proof { index, hashes, checkpoint }.text(),
            manifest: Envelope::sign(&statement.canonical(), key),
        })
    }

    /// Reads one; `None` for what is none.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() as u64 > Self::MAX_BYTES {
            return None;
        }
        serde_json::from_slice::<Self>(bytes).ok().filter(|bundle| bundle.kind == KIND)
    }
}
