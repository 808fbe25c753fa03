//! A built-in pack as the build left it: its YAML read, its patterns' literals found, its test cases put aside.
//!
//! Reading 700 KB of YAML and walking two thousand patterns takes longer than the whole start of the program may. What
//! is read back borrows its texts from the program itself: loading copies none of them.

use serde::{Deserialize, Serialize};

use super::hint::PatternHints;
use super::yaml::{Node, Value};

/// What the build writes, and loading reads.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub(super) struct Prepared {
    /// The pack, without `tests` and without the places of its values.
    pub(super) pack: Node,
    /// The line of each rule.
    pub(super) lines: Vec<u32>,
    /// The hints of each rule's patterns, `pattern` before `patterns`.
    pub(super) hints: Vec<Vec<PatternHints>>,
}

impl Prepared {
    /// The pack, each rule knowing its line, and the hints.
    pub(super) fn read(bytes: &'static [u8]) -> Option<(Node, Vec<Vec<PatternHints>>)> {
        let Self { mut pack, lines, hints } = postcard::from_bytes(bytes).ok()?;
        if let Value::List(rules) = &mut pack.value {
            for (rule, line) in rules.iter_mut().zip(lines) {
                rule.at.line = line;
            }
        }
        Some((pack, hints))
    }
}
