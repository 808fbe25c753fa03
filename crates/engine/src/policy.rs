//! What becomes of findings.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A named starting point of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Records what it would have done, and lets everything pass.
    Monitor,
    /// Blocks what is an attack beyond reasonable doubt.
    #[default]
    Balanced,
    /// Blocks what a person would want to look at, too.
    Strict,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Monitor => "monitor",
            Self::Balanced => "balanced",
            Self::Strict => "strict",
        })
    }
}
