//! A built-in pack as the build left it: its rules read, its patterns' literals found, its test cases put aside.
//!
//! Reading 700 KB of YAML and walking two thousand patterns takes longer than the whole start of the program may. What
//! is read back borrows its texts from the program itself: loading copies none of them.

use serde::{Deserialize, Serialize};

use super::form::RuleForm;
use super::hint::PatternHints;

/// What the build writes, and loading reads.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(super) struct Prepared {
    /// How many rules stand in the built-in packs before this one.
    pub(super) first: usize,
    /// The rules, and the hints of each one's patterns. The literals of the hints are gathered elsewhere.
    pub(super) rules: Vec<(RuleForm, Vec<PatternHints>)>,
}

impl Prepared {
    pub(super) fn read(bytes: &'static [u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}
