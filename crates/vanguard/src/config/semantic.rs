//! What texts mean, as it is written and as it is meant.

use schemars::JsonSchema;
use serde::Deserialize;
use vanguard_engine::meaning::Meaning;

use super::origin::pick;
use super::{Layer, Set};
use crate::exit::Failure;

/// Layer 2: what texts mean, by a scorer inside the program.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Semantic {
    /// Whether texts are scored.
    pub(crate) enabled: Option<bool>,
    /// The score from which on a text is worth a warning: 0 to 1.
    pub(crate) warn: Option<f32>,
    /// The score from which on it is refused: 0 to 1.
    pub(crate) block: Option<f32>,
}

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Scored {
    pub(crate) enabled: Set<bool>,
    pub(crate) warn: Set<f32>,
    pub(crate) block: Set<f32>,
}

impl Scored {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        Self {
            enabled: pick(layers, true, |w| w.semantic.enabled),
            warn: pick(layers, Meaning::WARN, |w| w.semantic.warn),
            block: pick(layers, Meaning::BLOCK, |w| w.semantic.block),
        }
    }

    /// Refuses scores that there are not.
    pub(crate) fn within_reason(&self) -> Result<(), Failure> {
        for (key, set) in [("semantic.warn", &self.warn), ("semantic.block", &self.block)] {
            if !(0.0..=1.0).contains(&set.value) {
                let what = format!("{key} is {} ({}); it must lie between 0 and 1", set.value, set.origin);
                return Err(Failure::Configuration(what));
            }
        }
        Ok(())
    }

    /// Who says what texts mean, unless nobody is to.
    pub(crate) fn meaning(&self) -> Result<Option<Meaning>, Failure> {
        if !self.enabled.value {
            return Ok(None);
        }
        let meaning = vanguard_semantic::embedded(self.warn.value, self.block.value);
        meaning.map(Some).map_err(|error| Failure::Configuration(format!("the scorer of layer 2: {error}")))
    }
}
