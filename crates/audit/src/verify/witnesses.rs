//! Cosignatures of witnesses on a checkpoint.

use std::path::Path;

use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use super::{Asked, Faults, Layer, goes_on};
use crate::cosigned;
use crate::evidence::CHECKPOINT;
use crate::tlog::{Checkpoint, Note, Witness};

/// A witness that has signed the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cosigned {
    /// Its name.
    pub witness: String,
    /// When it did, by its clock (RFC 3339).
    pub time: String,
    /// The records that the checkpoint signs.
    pub size: u64,
}

/// Which of the witnesses that are asked for have signed a checkpoint. Where that must be all of them, one that has not is a fault.
pub(super) fn of_checkpoint(note: &[u8], asked: &Asked, faults: &mut Faults) -> Vec<Cosigned> {
    let mut signed = Vec::new();
    for witness in &asked.witnesses {
        signed.extend(by(note, witness, CHECKPOINT, faults).or_else(|| missing(witness, asked, faults)));
    }
    nobody(asked, faults);
    signed
}

/// Which of them have signed the newest checkpoint of a log, or else an earlier one that it goes on from: the newest that each has.
pub(super) fn of_log(
    dir: &Path,
    note: &[u8],
    (key, now): (&VerifyingKey, &Checkpoint),
    asked: &Asked,
    faults: &mut Faults,
) -> Vec<Cosigned> {
    let mut signed = Vec::new();
    for witness in &asked.witnesses {
        let newest = by(note, witness, CHECKPOINT, faults).or_else(|| earlier(dir, witness, (key, now), faults));
        signed.extend(newest.or_else(|| missing(witness, asked, faults)));
    }
    nobody(asked, faults);
    signed
}

/// The newest checkpoint beside the log that a witness has signed.
fn earlier(
    dir: &Path,
    witness: &Witness,
    (key, now): (&VerifyingKey, &Checkpoint),
    faults: &mut Faults,
) -> Option<Cosigned> {
    // One that does not hold is told, and not passed over for an earlier one that does.
    let (size, note) = match cosigned::newest(dir, witness, |_| true) {
        Ok(newest) => newest?,
        Err(error) => {
            faults.add(Layer::Witnessed, cosigned::DIRECTORY, error.to_string());
            return None;
        }
    };
    let place = format!("{}/{size:012}.checkpoint", cosigned::DIRECTORY);
    match Checkpoint::verify(note.as_bytes(), key) {
        Ok(signed) if signed.size == size => {
            goes_on(dir, &signed, now, faults);
            by(note.as_bytes(), witness, &place, faults)
        }
        Ok(_) => {
            faults.add(Layer::Witnessed, place, "is not of as many records as its name says");
            None
        }
        Err(error) => {
            faults.add(Layer::Signed, place, error.to_string());
            None
        }
    }
}

/// The signature of one witness on a checkpoint.
fn by(note: &[u8], witness: &Witness, place: &str, faults: &mut Faults) -> Option<Cosigned> {
    let note = Note::parse(note).ok()?;
    match note.cosigned(witness) {
        Ok(time) => {
            let second = i64::try_from(time?).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
            let time = second.map(|time| time.to_string()).unwrap_or_default();
            let size = Checkpoint::parse(note.unverified())?.size;
            Some(Cosigned { witness: witness.name.to_string(), time, size })
        }
        Err(error) => {
            faults.add(Layer::Witnessed, place, format!("{}: {error}", witness.name));
            None
        }
    }
}

/// A witness that has signed nothing, where all of them must have.
fn missing(witness: &Witness, asked: &Asked, faults: &mut Faults) -> Option<Cosigned> {
    if asked.required.contains(&Layer::Witnessed) {
        faults.add(Layer::Witnessed, CHECKPOINT, format!("is not signed by the witness {}", witness.name));
    }
    None
}

/// Nobody is asked for, where somebody must have signed.
fn nobody(asked: &Asked, faults: &mut Faults) {
    if asked.required.contains(&Layer::Witnessed) && asked.witnesses.is_empty() {
        faults.add(Layer::Witnessed, CHECKPOINT, "no witness is named (--witness)");
    }
}
