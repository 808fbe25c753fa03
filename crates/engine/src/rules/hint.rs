//! What is known of a pattern before it runs: where to look for it, and how far from there.

use std::ops::Range;

use regex_syntax::hir::{Hir, Look};
use serde::{Deserialize, Serialize};

use super::literal::{self, Needle};

/// How far from its literal a match in prose may begin or end when its pattern sets no bound.
const PROSE_REACH: usize = 2048;
/// How far a bound may reach in prose.
const PROSE_BOUND: usize = 1024;
/// How far an anchored pattern may reach and still look for literals that come often.
const ANCHORED_REACH: usize = 1024;
/// How often in a megabyte of prose a literal of two bytes may come.
const RARE: f64 = 1_000.0;

/// Where to look for a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hint {
    /// Every match contains one of these.
    pub(super) literals: Vec<Needle>,
    /// The most bytes of a match, where it has a bound.
    pub(super) reach: Option<usize>,
    /// Whether it can match at the start of a text alone.
    pub(super) anchored: bool,
}

impl Hint {
    /// How to mend a pattern with no literals that suit it.
    pub(super) const MEND: &str = "Add a word of three letters or more that every match must contain, outside `?`, `*` and \
                                   large classes; or split it into `patterns` that each have one.";

    /// Reads the hint off a pattern.
    pub(super) fn of(pattern: &Hir) -> Result<Self, &'static str> {
        let properties = pattern.properties();
        if properties.minimum_len() == Some(0) {
            return Err("`pattern` matches the empty text, and so everything");
        }
        Ok(Self {
            literals: literal::required(pattern).unwrap_or_default(),
            reach: properties.maximum_len(),
            anchored: properties.look_set_prefix().contains(Look::Start),
        })
    }

    /// Where a match that contains the literal at `at` can stand in a text of `length` bytes; `None` for nowhere.
    pub(super) fn window(&self, prose: bool, length: usize, at: &Range<usize>) -> Option<Range<usize>> {
        let reach = match (self.reach, prose) {
            (Some(reach), true) => reach.min(PROSE_BOUND),
            (Some(reach), false) => reach,
            (None, true) => PROSE_REACH,
            // A command is read whole: padding must not push its parts out of a window.
            (None, false) => length,
        };
        let start = at.end.saturating_sub(reach).min(at.start);
        let end = at.start.saturating_add(reach).max(at.end).min(length);
        if self.anchored { (start == 0).then_some(0..end.min(reach.max(at.end))) } else { Some(start..end) }
    }

    /// Whether its literals are rare enough in what the rule reads. In prose a hit must cost nothing to speak of; a
    /// field that names something is short, and a hit in it cheap.
    pub(super) fn suits(&self, prose: bool) -> bool {
        if self.literals.is_empty() {
            return false;
        }
        let start_only = self.anchored && self.reach.is_some_and(|reach| reach <= ANCHORED_REACH);
        self.literals.iter().all(|literal| match literal.bytes.as_slice() {
            [_, _, _, ..] => true,
            [_, _] => !prose || start_only || literal.frequency() * 1e6 <= RARE,
            [byte] if prose && !start_only => is_odd(*byte),
            [byte] => !byte.is_ascii_alphanumeric() && *byte != b' ',
            [] => false,
        })
    }

    /// Why [`Self::suits`] says no.
    pub(super) fn complaint(&self) -> String {
        if self.literals.is_empty() {
            return "`pattern` has no literal that every match contains, so it would run on every text".to_owned();
        }
        let shown: Vec<String> =
            self.literals.iter().take(5).map(|literal| format!("`{}`", literal.bytes.escape_ascii())).collect();
        format!("`pattern` has no literal that is rare enough to look for first; its best is {}", shown.join(", "))
    }
}

/// Whether a byte hardly ever comes in prose.
fn is_odd(byte: u8) -> bool {
    matches!(byte, 0..=8 | 11 | 12 | 14..=0x1f | 0x7f..)
}
