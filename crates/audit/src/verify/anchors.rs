//! Proofs of OpenTimestamps, held against the checkpoint that they are of and the headers of blocks.

use std::path::Path;

use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use super::{Faults, Layer, goes_on};
use crate::anchor::{Anchor, DIRECTORY};
use crate::bitcoin::{Chain, Headers};
use crate::ots::Detached;
use crate::tlog::Checkpoint;

/// How far a checkpoint is anchored in Bitcoin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Not at all.
    None,
    /// Calendars have promised to put it into a block.
    Pending,
    /// It leads to a block, whose header was not to be had here.
    Unchecked,
    /// It leads to a block whose header says the same.
    Anchored,
}

/// What is anchored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Anchored {
    /// How far.
    pub standing: Standing,
    /// The records that the checkpoint signs.
    pub size: u64,
    /// The block: the earliest that holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<Block>,
}

/// A block that a proof leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Block {
    /// Its number in the chain.
    pub height: u64,
    /// When it was made, by its miner's clock (RFC 3339). `None` without its header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Of which chain it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
}

impl Anchored {
    pub(super) const NONE: Self = Self { standing: Standing::None, size: 0, block: None };

    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.standing == Standing::Anchored
    }
}

/// Every anchor of a log. What the newest comes to that has come furthest.
pub(super) fn of_log(
    dir: &Path,
    key: &VerifyingKey,
    now: &Checkpoint,
    headers: &mut Option<Headers>,
    faults: &mut Faults,
) -> Anchored {
    let mut best = Anchored::NONE;
    let sizes = match Anchor::sizes(dir) {
        Ok(sizes) => sizes,
        Err(error) => {
            faults.add(Layer::Anchored, DIRECTORY, error.to_string());
            return best;
        }
    };
    for size in sizes {
        let place = format!("{DIRECTORY}/{size:012}.checkpoint");
        let anchor = match Anchor::read(dir, size) {
            Ok(anchor) => anchor,
            Err(error) => {
                faults.add(Layer::Anchored, place, error.to_string());
                continue;
            }
        };
        match Checkpoint::verify(anchor.checkpoint.as_bytes(), key) {
            Ok(signed) if signed.size == size => goes_on(dir, &signed, now, faults),
            Ok(_) => faults.add(Layer::Anchored, place.clone(), "is not of as many records as its name says"),
            Err(error) => faults.add(Layer::Signed, place.clone(), error.to_string()),
        }
        match &anchor.proof {
            Ok(proof) => {
                let found = proof_of(proof, &anchor.checkpoint, size, &place, headers, faults);
                if found.standing >= best.standing {
                    best = found;
                }
            }
            Err(error) => faults.add(Layer::Anchored, format!("{place}.ots"), error.to_string()),
        }
    }
    best
}

/// One proof, of one checkpoint.
pub(super) fn proof_of(
    proof: &Detached,
    checkpoint: &str,
    size: u64,
    place: &str,
    headers: &mut Option<Headers>,
    faults: &mut Faults,
) -> Anchored {
    if proof.digest != Detached::new(checkpoint.as_bytes()).digest {
        faults.add(Layer::Anchored, place, "the proof is of another checkpoint");
        return Anchored::NONE;
    }
    let mut blocks = proof.blocks();
    blocks.sort_unstable();
    let mut anchored = Anchored { standing: Standing::Pending, size, block: None };
    if blocks.is_empty() && proof.pending().is_empty() {
        anchored.standing = Standing::None;
    }
    for (height, root) in blocks {
        let header = match headers.as_mut().map(|headers| headers.header(height)) {
            Some(Ok(header)) => header,
            Some(Err(error)) => {
                faults.add(Layer::Anchored, format!("block {height}"), error.to_string());
                None
            }
            None => None,
        };
        let Some((header, chain)) = header else {
            if anchored.block.is_none() {
                let block = Some(Block { height, time: None, chain: None });
                anchored = Anchored { standing: Standing::Unchecked, size, block };
            }
            continue;
        };
        if header.merkle_root() != root || !header.has_work() {
            faults.add(Layer::Anchored, place, format!("is not in block {height}, where the proof says it is"));
            continue;
        }
        if anchored.standing < Standing::Anchored {
            let time = jiff::Timestamp::from_second(header.time().into()).ok().map(|time| time.to_string());
            // What takes no work to make is of no main chain, whoever gives it.
            let chain = if chain == Chain::Given && !header.is_hard() { Chain::Regtest } else { chain };
            let block = Some(Block { height, time, chain: Some(chain) });
            anchored = Anchored { standing: Standing::Anchored, size, block };
        }
    }
    anchored
}
