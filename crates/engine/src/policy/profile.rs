//! Named starting points.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A named starting point of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Records what it would have done, and forwards. Unreadable messages are refused all the same: bytes that two
    /// readers could take differently cannot be recorded honestly either.
    Monitor,
    /// Refuses what is surely harmful.
    #[default]
    Balanced,
    /// Refuses what deserves a look, and what could not be inspected in full.
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
