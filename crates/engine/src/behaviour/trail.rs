//! What is remembered of one session, beside its counts.

use serde::{Deserialize, Serialize};

use super::flow::Flows;
use super::sequence::Progress;
use super::usual::Usual;

/// What is remembered of one session. Bounded: [`super::flow`] and [`super::sequence`] say by what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    /// What prints are salted with: those of one session say nothing of another's.
    pub salt: u64,
    /// Calls of tools so far.
    pub calls: u32,
    /// Where data came from.
    pub flows: Flows,
    /// How far sequences have come.
    pub(crate) progress: Vec<Progress>,
    /// What is usual for it, where that is asked for.
    pub(crate) usual: Usual,
    /// Milliseconds of the memory's clock until which nothing passes.
    pub(crate) quarantined_until: u64,
}

impl Trail {
    /// The trail of a session that has done nothing yet.
    pub fn new(salt: u64) -> Self {
        Self { salt, ..Self::default() }
    }
}
