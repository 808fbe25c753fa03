//! The scorer inside the program: a linear model of what sentences say, fitted by `training/semantic`.

mod memory;

use std::sync::Arc;

use vanguard_engine::meaning::{Said, Scorer, Weight};

use crate::features;

/// The model that comes with the program.
static OWN: &[u8] = include_bytes!("../model/injection.bin");
/// What a file of this version begins with.
const VERSION: &[u8; 8] = b"VANGSEM3";
/// Numbers after that, before the weights.
const NUMBERS: usize = 10;
/// Things that L1 says of a text, each with a weight.
const SAID: usize = 128;

/// See the module.
#[derive(Debug)]
pub struct Embedded {
    /// A weight for each bucket, in steps of `step`.
    weights: &'static [u8],
    step: f32,
    said: Box<[f32; SAID]>,
    answers: Known,
    descriptions: Known,
    /// How steeply a likelihood rises, and where it is a half.
    slope: f32,
    middle: f32,
    /// What the strongest of many loses for each time that there are e times as many.
    crowd: f32,
}

/// What is known of one direction.
#[derive(Debug)]
struct Known {
    bias: f32,
    /// What a point of the L1 score counts, and what it counts beyond [`PLAIN`].
    point: f32,
    beyond: f32,
}

/// As many parts as a sentence of a few words has, added to those of each: else few words that say little would weigh as much as many.
const FEW: f32 = 20.0;
/// The L1 score from which on it counts more.
const PLAIN: f32 = 2.5;

/// A model that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It begins with something else.
    #[error("this is no model of this version")]
    Version,
    /// It ends too early or too late.
    #[error("the model is {0} bytes long; it should be {1}")]
    Length(usize, usize),
    /// It holds a number that is none.
    #[error("the model holds a number that is none")]
    Number,
}

impl Embedded {
    /// The model that comes with the program.
    ///
    /// # Errors
    /// It is broken, which a test rules out.
    pub fn own() -> Result<Arc<Self>, ModelError> {
        Self::read(OWN).map(Arc::new)
    }

    /// Reads a model.
    fn read(bytes: &'static [u8]) -> Result<Self, ModelError> {
        const WHOLE: usize = VERSION.len() + 4 * (NUMBERS + SAID) + features::BUCKETS;
        let rest = bytes.strip_prefix(VERSION).ok_or(ModelError::Version)?;
        if bytes.len() != WHOLE {
            return Err(ModelError::Length(bytes.len(), WHOLE));
        }
        let (numbers, weights) = rest.split_at(4 * (NUMBERS + SAID));
        let (numbers, _) = numbers.as_chunks();
        let numbers: Vec<f32> = numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        if !numbers.iter().all(|number| number.is_finite()) {
            return Err(ModelError::Number);
        }
        let (&[step, bias, point, beyond, d_bias, d_point, d_beyond, slope, middle, crowd], said) =
            numbers.split_first_chunk::<NUMBERS>().ok_or(ModelError::Version)?;
        Ok(Self {
            weights,
            step,
            said: Box::new(said.try_into().map_err(|_| ModelError::Version)?),
            answers: Known { bias, point, beyond },
            descriptions: Known { bias: d_bias, point: d_point, beyond: d_beyond },
            slope,
            middle,
            crowd,
        })
    }
}

impl Scorer for Embedded {
    #[expect(clippy::cast_precision_loss, reason = "a sentence has a few thousand parts at most")]
    fn weigh(&self, sentence: &str) -> Weight {
        let (sum, parts) = memory::sum(sentence, self.weights);
        Weight { sum: sum as f32, parts: parts as f32 }
    }

    #[expect(clippy::cast_precision_loss, reason = "L1 scores are small")]
    fn injection(&self, weight: Weight, said: &Said) -> f32 {
        let described = said.direction.intersects(vanguard_engine::rules::Direction::DESCRIPTION);
        let known = if described { &self.descriptions } else { &self.answers };
        let score = said.score as f32 / 100.0;
        let mut logit = known.bias + self.step * weight.sum / (weight.parts + FEW).sqrt();
        logit += known.point * score.clamp(-2.0, 6.0) + known.beyond * (score - PLAIN).clamp(0.0, 3.0);
        let mut rest = said.features;
        while rest != 0 {
            logit += self.said.get(rest.trailing_zeros() as usize).copied().unwrap_or(0.0);
            rest &= rest.wrapping_sub(1);
        }
        logit
    }

    #[expect(clippy::cast_precision_loss, reason = "a few more or less of a million are nothing")]
    fn likely(&self, strongest: f32, windows: usize) -> f32 {
        let logit = strongest - self.crowd * (windows.max(1) as f32).ln();
        1.0 / (1.0 + (-self.slope * (logit - self.middle)).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_of_many_is_less_likely_an_attack() {
        let scorer = Embedded::own().expect("the model that comes with the program is whole");
        let likely = [0, 1, 40, 4000, usize::MAX].map(|windows| scorer.likely(2.0, windows));
        assert!(likely.is_sorted_by(|few, many| few >= many) && likely[1] > likely[2], "{likely:?}");
        assert!(likely.iter().all(|likely| (0.0..=1.0).contains(likely)), "{likely:?}");
    }

    #[test]
    fn a_model_of_another_version_or_length_is_refused() {
        assert_eq!(Embedded::read(b"VANGSEM2").err(), Some(ModelError::Version));
        assert_eq!(Embedded::read(b"").err(), Some(ModelError::Version));
        assert!(matches!(Embedded::read(&OWN[..OWN.len() - 1]).err(), Some(ModelError::Length(..))));
        let mut broken = OWN.to_vec();
        broken[8..12].copy_from_slice(&f32::NAN.to_le_bytes());
        assert_eq!(Embedded::read(broken.leak()).err(), Some(ModelError::Number));
        assert!(Embedded::own().is_ok());
    }
}
