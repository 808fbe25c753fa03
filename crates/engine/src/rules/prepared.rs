//! A built-in pack as the build left it: its YAML read, its patterns' literals found, its test cases put aside.
//!
//! Reading 250 KB of YAML and walking a thousand patterns takes longer than the whole start of the program may.

use serde::{Deserialize, Serialize};

use super::hint::PatternHints;
use super::yaml::{Node, Value};

/// What the build writes, and loading reads.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Prepared {
    /// The pack, without `tests` and without the places of its values.
    pub(super) pack: Node,
    /// The line of each rule.
    pub(super) lines: Vec<u32>,
    /// The hints of each rule's patterns, `pattern` before `patterns`.
    pub(super) hints: Vec<Vec<PatternHints>>,
}

impl Prepared {
    /// The pack, each rule knowing its line.
    pub(super) fn tree(pack: Node, lines: &[u32]) -> Node {
        let mut pack = pack;
        if let Value::List(rules) = &mut pack.value {
            for (rule, line) in rules.iter_mut().zip(lines) {
                rule.at.line = *line;
            }
        }
        pack
    }
}
