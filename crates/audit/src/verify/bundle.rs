//! One record's evidence, by itself: nothing is read but the bundle, and nobody is asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use super::{Anchored, Asked, Cosigned, Fault, Faults, Layer, Receipted, anchors, receipts, witnesses};
use crate::bundle::{AnchorPart, Bundle, ReceiptPart};
use crate::manifest::{EnvelopeError, Statement};
use crate::ots::{Detached, OtsError};
use crate::tlog::{Checkpoint, Hash, Note, Proof, check_inclusion};

/// What was found in a bundle.
#[derive(Debug, Serialize)]
pub struct BundleReport {
    /// The log's own name for itself.
    pub origin: String,
    /// The record's number in it.
    pub index: u64,
    /// The records that the checkpoint signs.
    pub size: u64,
    /// Checkpoint and manifest are signed by the key.
    pub signed: bool,
    /// The record is in the tree that was signed.
    pub included: bool,
    /// The manifest says what the record says.
    pub consistent: bool,
    /// The witnesses that have signed its checkpoint, of those that were asked for.
    pub witnessed: Vec<Cosigned>,
    /// Whether it is anchored in Bitcoin.
    pub anchored: Anchored,
    /// Whether VEX was told of it.
    pub receipted: Receipted,
    /// All that is wrong.
    pub faults: Vec<Fault>,
    /// What the record says, where all of it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Statement>,
}

/// Verifies a bundle by `key`.
pub fn bundle(bundle: &Bundle, key: &VerifyingKey, asked: &mut Asked) -> BundleReport {
    let mut faults = Faults::default();
    let proof = Proof::parse(&bundle.proof);
    let note = proof.as_ref().map(|proof| proof.checkpoint.as_bytes()).unwrap_or_default();
    let witnessed = witnesses::of_checkpoint(note, asked, &mut faults);
    let checkpoint = proof.as_ref().and_then(|proof| checkpoint(proof, key, &mut faults));
    if proof.is_none() {
        faults.add(Layer::Included, "proof", "it is not of the form");
    }
    if let (Some(proof), Some(checkpoint)) = (&proof, &checkpoint) {
        included(&bundle.record, proof, checkpoint, "record", &mut faults);
    }
    let statement = Statement::of(bundle.record.as_bytes());
    match bundle.manifest.verify(key) {
        Ok(payload) if statement.as_ref().is_some_and(|statement| statement.canonical() == payload) => {}
        Ok(_) => faults.add(Layer::Consistent, "manifest", "it does not say what the record says"),
        Err(error @ EnvelopeError::Malformed) => faults.add(Layer::Consistent, "manifest", error.to_string()),
        Err(error) => faults.add(Layer::Signed, "manifest", error.to_string()),
    }
    let anchored = match (&bundle.anchor, &checkpoint) {
        (Some(part), Some(checkpoint)) => anchor(bundle, part, checkpoint, key, asked, &mut faults),
        _ => Anchored::NONE,
    };
    let receipted = match (&bundle.receipt, &checkpoint) {
        (Some(part), Some(checkpoint)) => receipt(bundle, part, checkpoint, key, asked.gate.as_ref(), &mut faults),
        _ => Receipted::NONE,
    };
    asked.require(&anchored, &receipted, &mut faults);
    let [signed, included, consistent] =
        [Layer::Signed, Layer::Included, Layer::Consistent].map(|layer| checkpoint.is_some() && faults.hold(layer));
    BundleReport {
        origin: checkpoint.as_ref().map(|checkpoint| checkpoint.origin.to_string()).unwrap_or_default(),
        index: proof.map_or(0, |proof| proof.index),
        size: checkpoint.map_or(0, |checkpoint| checkpoint.size),
        signed,
        included,
        consistent,
        witnessed,
        anchored,
        receipted,
        statement: statement.filter(|_| faults.0.is_empty()),
        faults: faults.0,
    }
}

/// Whether the record is where a proof says it is.
fn included(record: &str, proof: &Proof, checkpoint: &Checkpoint, place: &str, faults: &mut Faults) {
    let leaf = Hash::leaf(record.as_bytes());
    if !check_inclusion(leaf, proof.index, checkpoint.size, &proof.hashes, checkpoint.root) {
        let what = format!("is not record {} of the {} that the checkpoint signs", proof.index, checkpoint.size);
        faults.add(Layer::Included, place, what);
    }
}

/// A checkpoint of the same log, signed by the same key, with the same record in its tree: what an anchor or a receipt is of.
fn other(
    bundle: &Bundle,
    proof: &str,
    newest: &Checkpoint,
    key: &VerifyingKey,
    (layer, place): (Layer, &str),
    faults: &mut Faults,
) -> Option<(Proof, Checkpoint)> {
    let proof = Proof::parse(proof);
    let signed = proof.as_ref().and_then(|proof| checkpoint(proof, key, faults));
    let (Some(proof), Some(signed)) = (proof, signed) else {
        faults.add(layer, place, "its checkpoint is not of the form");
        return None;
    };
    if signed.origin != newest.origin {
        faults.add(layer, place, format!("is of another log, {}", signed.origin));
    }
    included(&bundle.record, &proof, &signed, place, faults);
    Some((proof, signed))
}

/// What of it is anchored.
fn anchor(
    bundle: &Bundle,
    part: &AnchorPart,
    newest: &Checkpoint,
    key: &VerifyingKey,
    asked: &mut Asked,
    faults: &mut Faults,
) -> Anchored {
    let Some((proof, signed)) = other(bundle, &part.proof, newest, key, (Layer::Anchored, "anchor"), faults) else {
        return Anchored::NONE;
    };
    let ots = STANDARD.decode(&part.ots).map_err(|_| OtsError::Magic).and_then(|bytes| Detached::parse(&bytes));
    match ots {
        Ok(ots) => anchors::proof_of(&ots, &proof.checkpoint, signed.size, "anchor", &mut asked.headers, faults),
        Err(error) => {
            faults.add(Layer::Anchored, "anchor", error.to_string());
            Anchored::NONE
        }
    }
}

/// What of it VEX was told.
fn receipt(
    bundle: &Bundle,
    part: &ReceiptPart,
    newest: &Checkpoint,
    key: &VerifyingKey,
    gate: Option<&VerifyingKey>,
    faults: &mut Faults,
) -> Receipted {
    let Some((proof, signed)) = other(bundle, &part.proof, newest, key, (Layer::Receipted, "receipt"), faults) else {
        return Receipted::NONE;
    };
    receipts::of_report(&proof.checkpoint, &part.request, &part.answer, signed.size, (gate, "receipt"), faults)
}

/// The checkpoint. One whose signature is not by the key is still held against the record.
fn checkpoint(proof: &Proof, key: &VerifyingKey, faults: &mut Faults) -> Option<Checkpoint> {
    let note = proof.checkpoint.as_bytes();
    match Checkpoint::verify(note, key) {
        Ok(checkpoint) => Some(checkpoint),
        Err(error) => {
            faults.add(Layer::Signed, "checkpoint", error.to_string());
            Checkpoint::parse(Note::parse(note).ok()?.unverified())
        }
    }
}

#[cfg(test)]
mod tests;
