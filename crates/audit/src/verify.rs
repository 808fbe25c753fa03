//! Whether what is there is what was recorded, and where it is not.

mod anchors;
mod bundle;
mod log;
mod receipts;
mod witnesses;

use std::path::PathBuf;

use ed25519_dalek::VerifyingKey;
use serde::Serialize;

use crate::bitcoin::Headers;
use crate::receipt::Worth;
use crate::tlog::{Checkpoint, Witness};

pub use anchors::{Anchored, Block, Standing};
pub use bundle::{BundleReport, bundle};
use log::goes_on;
pub use log::log;
pub use receipts::Receipted;
pub use witnesses::Cosigned;

/// What was found in a log.
#[derive(Debug, Serialize)]
pub struct LogReport {
    /// Its directory.
    pub log: PathBuf,
    /// Its own name for itself.
    pub origin: String,
    /// The records that its newest checkpoint signs.
    pub size: u64,
    /// The hash of its tree, in base64.
    pub root: String,
    /// Records that were dropped to keep to the log's size; their hashes are in the tree.
    pub dropped: u64,
    /// Records that were read and held against the tree.
    pub checked: u64,
    /// Records that came after the newest checkpoint.
    pub unsigned: u64,
    /// The checkpoint is signed by the key.
    pub signed: bool,
    /// Each record is in the tree that was signed.
    pub included: bool,
    /// The tree is of one piece, and goes on from the earlier checkpoints: that which was given, and those that were anchored.
    pub consistent: bool,
    /// The newest checkpoint that each witness has signed, of those that were asked for.
    pub witnessed: Vec<Cosigned>,
    /// Up to where it is anchored in Bitcoin.
    pub anchored: Anchored,
    /// Up to where VEX was told of it.
    pub receipted: Receipted,
    /// All that is wrong.
    pub faults: Vec<Fault>,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Which of the proofs it breaks.
    pub layer: Layer,
    /// Where: a record by its number, or a file in the log's directory.
    pub place: String,
    /// What.
    pub what: String,
}

/// What a proof says, from the ground up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// The log's owner said so.
    Signed,
    /// The record is in the log that was signed.
    Included,
    /// The log only ever grew; what is derived from a record says what the record says.
    Consistent,
    /// Others saw that it only grew.
    Witnessed,
    /// It was there when a block of Bitcoin was made.
    Anchored,
    /// A third party has signed that it was told of it.
    Receipted,
}

impl Layer {
    /// The exit code of a verification that fails here.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Signed => 10,
            Self::Included => 11,
            Self::Consistent => 12,
            Self::Witnessed => 13,
            Self::Anchored => 14,
            Self::Receipted => 15,
        }
    }
}

/// What is asked beyond what the log itself can tell.
#[derive(Debug, Default)]
pub struct Asked {
    /// A checkpoint that the log must go on from.
    pub earlier: Option<Checkpoint>,
    /// Who is to have signed the checkpoint beside the log's owner.
    pub witnesses: Vec<Witness>,
    /// Where headers of blocks come from.
    pub headers: Option<Headers>,
    /// The key of the gate that signs receipts.
    pub gate: Option<VerifyingKey>,
    /// Proofs that must be there: that one is missing is a fault.
    pub required: Vec<Layer>,
}

impl Asked {
    /// Adds a fault where something that must be there is not.
    fn require(&self, anchored: &Anchored, receipted: &Receipted, faults: &mut Faults) {
        if self.required.contains(&Layer::Receipted) && !receipted.holds() && faults.hold(Layer::Receipted) {
            faults.add(
                Layer::Receipted,
                "receipt",
                match receipted.worth {
                    Worth::Mock => "there is only that of the mock gate, whose key everybody has",
                    Worth::Unverified => "it is not signed by the gate's key (--gate-key)",
                    Worth::None | Worth::Verified => "there is none",
                },
            );
        }
        if self.required.contains(&Layer::Anchored) && !anchored.holds() && faults.hold(Layer::Anchored) {
            faults.add(
                Layer::Anchored,
                "anchor",
                match anchored.standing {
                    Standing::Pending => "calendars have promised a block, and none is known yet",
                    Standing::Unchecked => "no header of the block that it is in was to be had",
                    Standing::None | Standing::Anchored => "there is none",
                },
            );
        }
    }
}

/// The most faults that are told: what is wholly changed is told as such by fewer.
const MAX_FAULTS: usize = 1000;

/// Faults as they are found.
#[derive(Debug, Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, layer: Layer, place: impl Into<String>, what: impl Into<String>) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(Fault { layer, place: place.into(), what: what.into() });
        }
    }

    fn hold(&self, layer: Layer) -> bool {
        self.0.iter().all(|fault| fault.layer != layer)
    }
}
