//! What a text means (L2): a score by somebody who has learnt it, an argument as the clock is.
//!
//! L1 finds what it has words for. A scorer says how likely the rest is an attack; what that means is decided here, by two
//! thresholds, and by the rules that ask for the detectors `injection.meant` and `injection.doubted`.

//!
//! A scorer that takes its time, as a language model does, is not asked while a message is judged. What is worth a
//! [`Question`] is told with the judgment, and the edge asks a [`Counsel`] for its [`Advice`], which
//! [`Engine::raise`](crate::Engine::raise) turns into findings.

mod counsel;
mod mask;
mod question;
mod risk;

use std::fmt;
use std::sync::Arc;

use crate::rules::Direction;

pub use counsel::{About, Advice, Asking, Counsel, Figures, Scored, Told, Unscored, Wait};
pub use mask::Masked;
pub(crate) use mask::Masker;
pub use question::{MAX_QUESTIONS, MAX_TEXT, Question, Subject};
pub(crate) use question::{Passing, questions};
pub(crate) use risk::{Ground, Risk, Suspicion};

/// Gives scores. Asked while a message is judged: pure, quick, linear in the text.
pub trait Scorer: fmt::Debug + Send + Sync {
    /// What the parts of one sentence weigh: sentences that stand together are weighed each once.
    fn weigh(&self, sentence: &str) -> Weight;

    /// How strongly sentences of this weight, which say `said`, give orders to a model: the more, the stronger.
    fn injection(&self, weight: Weight, said: &Said) -> f32;

    /// How likely it is that a text gives such orders of which `windows` were judged and the strongest gave `strongest`: 0 to 1. Of
    /// many some are strong by chance.
    fn likely(&self, strongest: f32, windows: usize) -> f32;
}

/// What the parts of a text weigh together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weight {
    /// The sum of the parts.
    pub sum: f32,
    /// How many there are.
    pub parts: f32,
}

impl Weight {
    /// The weight of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { sum: self.sum + other.sum, parts: self.parts + other.parts }
    }
}

/// What L1 makes of some sentences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// A bit for each thing of [`crate::detect::injection::FEATURES`] that they say.
    pub features: u128,
    /// Their score by it, in hundredths of a logit.
    pub score: i32,
    /// Which way they travel.
    pub direction: Direction,
}

/// A scorer, and what its scores mean.
#[derive(Debug, Clone)]
pub struct Meaning {
    scorer: Arc<dyn Scorer>,
    warn: f32,
    block: f32,
}

impl Meaning {
    /// The score from which on a text is worth a warning.
    pub const WARN: f32 = 0.5;
    /// The score from which on it is refused.
    pub const BLOCK: f32 = 0.8;

    /// What `scorer` says is worth a warning from `warn` on, and refused from `block` on.
    pub fn new(scorer: Arc<dyn Scorer>, warn: f32, block: f32) -> Self {
        Self { scorer, warn, block }
    }

    /// What says it.
    pub(crate) fn scorer(&self) -> &dyn Scorer {
        &*self.scorer
    }

    /// What a score means.
    pub(crate) fn of(&self, score: f32) -> Meant {
        Self::measure(score, self.warn, self.block)
    }

    /// What a score means by these thresholds.
    pub(crate) fn measure(score: f32, warn: f32, block: f32) -> Meant {
        if score >= block {
            Meant::Attack
        } else if score >= warn {
            Meant::Doubt
        } else {
            Meant::Nothing
        }
    }
}

/// What a score means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meant {
    /// Nothing that matters.
    Nothing,
    /// It may be an attack.
    Doubt,
    /// It is taken for one.
    Attack,
}
