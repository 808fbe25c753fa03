//! What an auditor gets of one record: the record, its manifest, and the proof that it is in the log. Verified with the public key alone.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

use crate::anchor::{Anchor, State};
use crate::cosigned;
use crate::evidence::{ReadError, Reader};
use crate::key;
use crate::manifest::{Envelope, Statement};
use crate::receipt::{Receipt, Worth};
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
    /// That it was there when a block of Bitcoin was made, or will be in one, where its log is anchored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchor: Option<AnchorPart>,
    /// What VEX answered when it was told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptPart>,
}

/// A checkpoint that VEX was told of, and that the record is in its tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptPart {
    /// That the record is in its tree (`c2sp.org/tlog-proof@v1`), with the checkpoint as it was signed.
    pub proof: String,
    /// The report as it was sent.
    pub request: String,
    /// The answer as it came.
    pub answer: String,
}

/// A checkpoint that was anchored, and that the record is in its tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorPart {
    /// That the record is in its tree (`c2sp.org/tlog-proof@v1`), with the checkpoint as it was signed.
    pub proof: String,
    /// The proof of OpenTimestamps of that checkpoint, in base64.
    pub ots: String,
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
        let (checkpoint, at) = witnessed(log, index, signed.size)?.unwrap_or((checkpoint, signed.size));
        let hashes = inclusion(index, at, &mut Tiles::new(log, signed.size))?;
        let anchor = anchor(log, index, signed.size)?;
        let receipt = receipt(log, index, signed.size)?;
        Ok(Self {
            kind: KIND.to_owned(),
            key: key::public_text(&key.verifying_key()),
            record,
            proof: Proof { index, hashes, checkpoint }.text(),
            manifest: Envelope::sign(&statement.canonical(), key),
            anchor,
            receipt,
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

/// The newest checkpoint with the record in it that witnesses have signed: it proves what the newest does, and by others as well.
fn witnessed(log: &Path, index: u64, size: u64) -> Result<Option<(String, u64)>, BundleError> {
    let unread = |source| ReadError::Io { path: log.join(cosigned::DIRECTORY), source };
    let at = cosigned::sizes(log).map_err(unread)?.into_iter().rfind(|at| (index + 1..=size).contains(at));
    let Some(at) = at else { return Ok(None) };
    Ok(Some((cosigned::read(log, at).map_err(unread)?, at)))
}

/// The earliest checkpoint with the record in it that is in a block, or else that will be in one. `size` is that of the log's newest.
fn anchor(log: &Path, index: u64, size: u64) -> Result<Option<AnchorPart>, BundleError> {
    let unread = |source| ReadError::Io { path: log.join(crate::anchor::DIRECTORY), source };
    let mut chosen: Option<Anchor> = None;
    for at in Anchor::sizes(log).map_err(unread)?.into_iter().filter(|at| (index + 1..=size).contains(at)) {
        let anchor = Anchor::read(log, at).map_err(unread)?;
        match anchor.state() {
            State::Confirmed => {
                chosen = Some(anchor);
                break;
            }
            State::Pending if chosen.is_none() => chosen = Some(anchor),
            State::Pending | State::Failed => {}
        }
    }
    let Some(Anchor { size: at, checkpoint, proof: Ok(proof) }) = chosen else { return Ok(None) };
    // Whatever lies in the tree of the older checkpoint lies at the same place in that of the newest.
    let hashes = inclusion(index, at, &mut Tiles::new(log, size))?;
    let ots = proof.bytes().map(|bytes| STANDARD.encode(bytes)).unwrap_or_default();
    Ok(Some(AnchorPart { proof: Proof { index, hashes, checkpoint }.text(), ots }))
}

/// The earliest checkpoint with the record in it that VEX was told of: one that is not by the mock gate, if there is one.
fn receipt(log: &Path, index: u64, size: u64) -> Result<Option<ReceiptPart>, BundleError> {
    let unread = |source| ReadError::Io { path: log.join(crate::receipt::DIRECTORY), source };
    let mut chosen: Option<(u64, Receipt)> = None;
    for at in Receipt::sizes(log).map_err(unread)?.into_iter().filter(|at| (index + 1..=size).contains(at)) {
        let receipt = Receipt::read(log, at).map_err(unread)?;
        match receipt.worth(None) {
            Ok(Worth::Unverified | Worth::Verified) => {
                chosen = Some((at, receipt));
                break;
            }
            Ok(Worth::Mock) if chosen.is_none() => chosen = Some((at, receipt)),
            Ok(Worth::Mock | Worth::None) | Err(_) => {}
        }
    }
    let Some((at, Receipt { checkpoint, request, answer, .. })) = chosen else { return Ok(None) };
    let hashes = inclusion(index, at, &mut Tiles::new(log, size))?;
    Ok(Some(ReceiptPart { proof: Proof { index, hashes, checkpoint }.text(), request, answer }))
}
