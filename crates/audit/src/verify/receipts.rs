//! Receipts of VEX, held against the checkpoint that they are of.

use std::path::Path;

use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use super::{Faults, Layer, goes_on};
use crate::receipt::{DIRECTORY, Receipt, Worth, worth};
use crate::tlog::Checkpoint;

/// What VEX was told of, and what its answer is worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipted {
    /// What it is worth.
    pub worth: Worth,
    /// The records that the checkpoint signs.
    pub size: u64,
}

impl Receipted {
    pub(super) const NONE: Self = Self { worth: Worth::None, size: 0 };

    /// Whether it holds: the gate's key has signed it.
    pub fn holds(&self) -> bool {
        self.worth == Worth::Verified
    }
}

/// Every receipt of a log. The newest of the best.
pub(super) fn of_log(
    dir: &Path,
    key: &VerifyingKey,
    now: &Checkpoint,
    gate: Option<&VerifyingKey>,
    faults: &mut Faults,
) -> Receipted {
    let mut best = Receipted::NONE;
    let sizes = match Receipt::sizes(dir) {
        Ok(sizes) => sizes,
        Err(error) => {
            faults.add(Layer::Receipted, DIRECTORY, error.to_string());
            return best;
        }
    };
    for size in sizes {
        let place = format!("{DIRECTORY}/{size:012}.json");
        let receipt = match Receipt::read(dir, size) {
            Ok(receipt) => receipt,
            Err(error) => {
                faults.add(Layer::Receipted, place, error.to_string());
                continue;
            }
        };
        match Checkpoint::verify(receipt.checkpoint.as_bytes(), key) {
            Ok(signed) if signed.size == size => goes_on(dir, &signed, now, faults),
            Ok(_) => faults.add(Layer::Receipted, place.clone(), "is not of as many records as its name says"),
            Err(error) => faults.add(Layer::Signed, place.clone(), error.to_string()),
        }
        let found = of_report(&receipt.checkpoint, &receipt.request, &receipt.answer, size, (gate, &place), faults);
        if found.worth >= best.worth {
            best = found;
        }
    }
    best
}

/// One receipt, of one checkpoint.
pub(super) fn of_report(
    checkpoint: &str,
    request: &str,
    answer: &str,
    size: u64,
    (gate, place): (Option<&VerifyingKey>, &str),
    faults: &mut Faults,
) -> Receipted {
    match worth(checkpoint, request, answer, gate) {
        Ok(worth) => Receipted { worth, size },
        Err(error) => {
            faults.add(Layer::Receipted, place, error.to_string());
            Receipted::NONE
        }
    }
}
