//! What is known of a pattern before it runs: where to look for it, and how far from there.

use std::ops::Range;

use regex_syntax::hir::{Hir, Look};
use serde::{Deserialize, Serialize};

use super::literal::{self, Gate};
use super::syntax::{self, Alternative, Dialect};

/// How far from its literal a match in prose may begin or end.
const PROSE_REACH: usize = 1024;
/// By how much two literals may be found out of their order: no more than the longest is long.
const DISORDER: usize = 32;
/// How far an anchored pattern may reach and still look for literals that come often.
const ANCHORED_REACH: usize = 1024;
/// How often in a megabyte of prose a literal of two bytes may come.
const RARE: f64 = 1_000.0;

/// Where to look for a pattern, or for one alternative of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hint {
    /// Which part of the pattern it is about.
    pub(super) part: Alternative,
    /// One or two sets of literals: every match contains one of each.
    pub(super) gates: Vec<Gate>,
    /// Whether its matches have a bound.
    bounded: bool,
    /// Whether it can match at the start of a text alone.
    anchored: bool,
    /// Whether it can match at the start of a line alone.
    begins_line: bool,
}

/// The hints of one pattern, one for each of its alternatives.
pub(super) type PatternHints = Vec<Hint>;

impl Hint {
    /// How to mend a pattern with no literals that suit it.
    pub(super) const MEND: &str = "Add a word of three letters or more that every match must contain, outside `?`, `*` and \
                                   large classes; or split it into `patterns` that each have one.";

    /// Reads the hints off a pattern, one for each of its alternatives; the error is for people.
    pub(super) fn read(pattern: &str) -> Result<PatternHints, String> {
        let hint = |part: Alternative| Self::of(part, &syntax::parse(&part.of(pattern), Dialect::New)?);
        syntax::alternatives(pattern).into_iter().map(hint).collect()
    }

    fn of(part: Alternative, pattern: &Hir) -> Result<Self, String> {
        let properties = pattern.properties();
        if properties.minimum_len() == Some(0) {
            return Err("it matches the empty text, and so everything".to_owned());
        }
        Ok(Self {
            part,
            gates: literal::required(pattern),
            bounded: properties.maximum_len().is_some(),
            anchored: properties.look_set_prefix().contains(Look::Start),
            begins_line: properties.look_set_prefix().contains(Look::StartLF),
        })
    }

    /// As a prepared pack holds it.
    #[cfg(test)]
    pub(super) fn without_needles(&self) -> Self {
        let bare = |gate: &Gate| Gate { needles: Vec::new(), ..*gate };
        Self { gates: self.gates.iter().map(bare).collect(), ..*self }
    }

    /// Where a match can stand in `text` that contains literals of the gate `own` within `at`, and some of the other gate,
    /// if there is one, within `other` or before it; `None` for nowhere.
    pub(super) fn window(
        &self,
        prose: bool,
        text: &[u8],
        own: usize,
        at: &Range<usize>,
        other: Option<&Range<usize>>,
    ) -> Option<Range<usize>> {
        let length = text.len();
        if !prose && !self.bounded {
            // A command is read whole: padding must not push its parts out of a window.
            return Some(0..length);
        }
        let reach = |bytes: usize| if prose { bytes.min(PROSE_REACH) } else { bytes };
        let gate = self.gates.get(own)?;
        let start = at.start.saturating_sub(reach(gate.before));
        let mut end = at.end.saturating_add(reach(gate.after)).min(length);
        if let (Some(other), Some(gate)) = (other, self.gates.get(1_usize.saturating_sub(own))) {
            if other.end.saturating_add(DISORDER) < start {
                return None;
            }
            end = end.min(other.end.saturating_add(reach(gate.after)).saturating_add(DISORDER)).max(at.end);
        }
        // In the midst of a long line nothing is searched for that begins one.
        let near = || text.get(start.saturating_sub(1)..at.end.min(length)).unwrap_or_default();
        let begins = start == 0 || !(self.anchored || (self.begins_line && !near().contains(&b'\n')));
        begins.then_some(start..end)
    }

    /// Whether its literals are rare enough in what the rule reads. In prose a hit must cost nothing to speak of; a
    /// field that names something is short, and a hit in it cheap.
    pub(super) fn suits(&self, prose: bool) -> bool {
        if self.gates.is_empty() {
            return false;
        }
        let start_only = self.anchored && self.gates.iter().take(1).all(|gate| gate.before <= ANCHORED_REACH);
        self.gates.iter().take(1).flat_map(|gate| &gate.needles).all(|literal| match &*literal.bytes {
            [_, _, _, ..] => true,
            [_, _] => !prose || start_only || literal.frequency() * 1e6 <= RARE,
            [byte] if prose && !start_only => is_odd(*byte),
            [byte] => !byte.is_ascii_alphanumeric() && *byte != b' ',
            [] => false,
        })
    }

    /// Why [`Self::suits`] says no.
    pub(super) fn complaint(&self, pattern: &str) -> String {
        let part = self.part.of(pattern);
        let place = if part == pattern { String::new() } else { format!(" in its alternative `{part}`") };
        if self.gates.is_empty() {
            return format!("`pattern` has no literal{place} that every match contains, so it would run on every text");
        }
        let literals = self.gates.iter().take(1).flat_map(|gate| &gate.needles).take(5);
        let shown: Vec<String> = literals.map(|literal| format!("`{}`", literal.bytes.escape_ascii())).collect();
        let shown = shown.join(", ");
        format!("`pattern` has no literal{place} that is rare enough to look for first; its best is {shown}")
    }
}

/// Whether a byte hardly ever comes in prose.
fn is_odd(byte: u8) -> bool {
    matches!(byte, 0..=8 | 11 | 12 | 14..=0x1f | 0x7f..)
}
