//! A built-in pack as the build left it: its YAML read, its patterns' literals found, its test cases put aside.
//!
//! Reading 250 KB of YAML and walking a thousand patterns takes longer than the whole start of the program may.

use serde::{Deserialize, Serialize};

use super::hint::PatternHints;
use super::yaml::Node;

/// What the build writes, and loading reads.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Prepared {
    /// The pack, without `tests`.
    pub(super) pack: Node,
    /// The hints of each rule's patterns, `pattern` before `patterns`.
    pub(super) hints: Vec<Vec<PatternHints>>,
}
