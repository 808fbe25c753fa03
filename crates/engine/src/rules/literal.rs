//! Literals that every match of a pattern must contain.
//!
//! One pass over a text for these decides which patterns run at all, so a good literal is a rare one. The walk
//! keeps, for each part of a pattern, the finite set of strings it is, begins with, ends with, or must contain.
//! All sets are folded to ASCII lower case, as the pass is.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};
use regex_syntax::utf8::Utf8Sequences;
use serde::{Deserialize, Serialize};

/// The most strings in one set while a pattern's parts are multiplied out.
const MAX_SET: usize = 48;
/// The most characters of a class that are spelt out.
const MAX_CLASS: usize = 12;
/// The most bytes of a literal that are kept.
const MAX_LITERAL: usize = 24;

/// Stands in a set's strings for the edge of a word. No text holds this byte, being UTF-8.
const EDGE: u8 = 0xff;

type Set = Vec<Vec<u8>>;

/// A literal that every match, or every one of its alternatives, contains.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Needle {
    /// In ASCII lower case; not empty.
    #[serde(with = "latin1")]
    pub(super) bytes: Vec<u8>,
    /// A word begins or ends where it begins.
    pub(super) edge_before: bool,
    /// A word begins or ends where it ends.
    pub(super) edge_after: bool,
}

impl Needle {
    /// How often it comes, a byte of prose, if letters came independently.
    pub(super) fn frequency(&self) -> f64 {
        let edge = |present: bool| if present { EDGE_FREQUENCY } else { 1.0 };
        frequency(&self.bytes) * edge(self.edge_before) * edge(self.edge_after)
    }

    fn of(marked: &[u8]) -> Self {
        Self {
            bytes: marked.iter().copied().filter(|byte| *byte != EDGE).collect(),
            edge_before: marked.first() == Some(&EDGE),
            edge_after: marked.last() == Some(&EDGE),
        }
    }
}

/// Bytes as a text of as many characters: compact in JSON, and any bytes will do.
mod latin1 {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&bytes.iter().copied().map(char::from).collect::<String>())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.chars().map(|c| u8::try_from(c).map_err(serde::de::Error::custom)).collect()
    }
}

/// The cheapest set of strings of which every match of `pattern` contains at least one; `None` where there is none.
pub(super) fn required(pattern: &Hir) -> Option<Vec<Needle>> {
    let part = walk(pattern);
    let mut best = part.best;
    for set in [part.exact, part.prefix, part.suffix].into_iter().flatten() {
        best = cheaper(best, set);
    }
    best.map(|set| minimal(set).iter().map(|marked| Needle::of(marked)).collect())
}

/// What is known of one part of a pattern.
#[derive(Default, Clone)]
struct Part {
    /// It is exactly one of these.
    exact: Option<Set>,
    /// It begins with one of these.
    prefix: Option<Set>,
    /// It ends with one of these.
    suffix: Option<Set>,
    /// It contains one of these.
    best: Option<Set>,
}

impl Part {
    fn exactly(set: Set) -> Self {
        Self { exact: Some(set), ..Self::default() }
    }

    fn head(&self) -> Option<&Set> {
        self.exact.as_ref().or(self.prefix.as_ref())
    }

    fn tail(&self) -> Option<&Set> {
        self.exact.as_ref().or(self.suffix.as_ref())
    }

    fn contained(&self) -> Option<Set> {
        [&self.exact, &self.prefix, &self.suffix]
            .into_iter()
            .flatten()
            .fold(self.best.clone(), |best, set| cheaper(best, set.clone()))
    }
}

fn walk(hir: &Hir) -> Part {
    match hir.kind() {
        HirKind::Look(look) if is_edge(*look) => Part::exactly(vec![vec![EDGE]]),
        HirKind::Empty | HirKind::Look(_) => Part::exactly(vec![Vec::new()]),
        HirKind::Literal(literal) if literal.0.contains(&EDGE) => Part::default(),
        HirKind::Literal(literal) => Part::exactly(vec![literal.0.to_ascii_lowercase()]),
        HirKind::Class(class) => walk_class(class),
        HirKind::Capture(capture) => walk(&capture.sub),
        HirKind::Repetition(repetition) => walk_repetition(walk(&repetition.sub), repetition.min, repetition.max),
        HirKind::Concat(parts) => walk_concat(parts),
        HirKind::Alternation(parts) => walk_alternation(parts),
    }
}

/// Whether a word begins or ends there, in ASCII: a Unicode edge need not be one.
fn is_edge(look: Look) -> bool {
    matches!(look, Look::WordAscii | Look::WordStartAscii | Look::WordEndAscii)
}

fn walk_class(class: &Class) -> Part {
    let mut set: Set = Vec::new();
    match class {
        Class::Bytes(bytes) => {
            for byte in bytes.ranges().iter().flat_map(|range| range.start()..=range.end()) {
                set.push(vec![byte.to_ascii_lowercase()]);
            }
        }
        Class::Unicode(chars) => {
            let count: usize = chars.ranges().iter().map(ClassUnicodeRange::len).sum();
            if count > MAX_CLASS.saturating_mul(2) {
                return Part { prefix: utf8_heads(chars), ..Part::default() };
            }
            for c in chars.ranges().iter().flat_map(|range| range.start()..=range.end()) {
                let mut buffer = [0; 4];
                set.push(c.encode_utf8(&mut buffer).as_bytes().to_ascii_lowercase());
            }
        }
    }
    let set = distinct(set);
    if set.len() > MAX_CLASS || set.contains(&vec![EDGE]) { Part::default() } else { Part::exactly(set) }
}

/// The leading bytes of a large class of characters beyond ASCII, such as the tag characters: as many as there is room
/// to spell out.
fn utf8_heads(chars: &ClassUnicode) -> Option<Set> {
    [4, 3, 2, 1].into_iter().find_map(|bytes| utf8_heads_of(chars, bytes))
}

fn utf8_heads_of(chars: &ClassUnicode, bytes: usize) -> Option<Set> {
    let mut heads: Set = Vec::new();
    for range in chars.ranges() {
        if range.start().is_ascii() {
            return None;
        }
        for sequence in Utf8Sequences::new(range.start(), range.end()) {
            let mut set: Set = vec![Vec::new()];
            for range in sequence.as_slice().iter().take(bytes) {
                let next: Set = (range.start..=range.end).map(|byte| vec![byte]).collect();
                set = cross(&set, &next)?;
            }
            heads.append(&mut set);
        }
        heads = distinct(heads);
        if heads.len() > MAX_SET {
            return None;
        }
    }
    Some(heads)
}

fn walk_repetition(part: Part, min: u32, max: Option<u32>) -> Part {
    if min == 0 {
        return match (part.exact, max) {
            (Some(mut set), Some(1)) => {
                set.push(Vec::new());
                Part::exactly(set)
            }
            _ => Part::default(),
        };
    }
    let best = part.contained();
    let Some(unit) = &part.exact else {
        return Part { exact: None, best, ..part };
    };
    let mut run = unit.clone();
    let mut copies = 1;
    while copies < min {
        match cross(&run, unit) {
            Some(longer) => run = longer,
            None => break,
        }
        copies = copies.saturating_add(1);
    }
    if copies == min && max == Some(min) {
        Part::exactly(run)
    } else {
        Part { exact: None, prefix: Some(run.clone()), suffix: Some(run), best }
    }
}

fn walk_concat(parts: &[Hir]) -> Part {
    // INVARIANT: every match of the parts so far ends with one of `run`.
    let mut run: Set = vec![Vec::new()];
    let mut best = None;
    let mut prefix = None;
    for part in parts.iter().map(walk) {
        let longer = part.head().and_then(|head| cross(&run, head));
        match (longer, part.exact.is_some()) {
            (Some(longer), true) => {
                best = cheaper(best, std::mem::replace(&mut run, longer));
                continue;
            }
            (Some(longer), false) => {
                prefix.get_or_insert_with(|| longer.clone());
                best = cheaper(best, longer);
            }
            (None, _) => {
                prefix.get_or_insert_with(|| run.clone());
            }
        }
        best = cheaper(best, std::mem::take(&mut run));
        if let Some(contained) = part.contained() {
            best = cheaper(best, contained);
        }
        run = part.tail().cloned().unwrap_or_else(|| vec![Vec::new()]);
    }
    match prefix {
        None => Part { best, ..Part::exactly(run) },
        Some(prefix) => Part { exact: None, prefix: Some(prefix), suffix: Some(run), best },
    }
}

fn walk_alternation(parts: &[Hir]) -> Part {
    let parts: Vec<Part> = parts.iter().map(walk).collect();
    let union = |choose: &dyn Fn(&Part) -> Option<Set>, limit: usize| -> Option<Set> {
        let sets: Option<Vec<Set>> = parts.iter().map(choose).collect();
        let set = distinct(sets?.into_iter().flatten().collect());
        (set.len() <= limit).then_some(set)
    };
    Part {
        exact: union(&|part| part.exact.clone(), MAX_SET),
        prefix: union(&|part| part.head().cloned(), MAX_SET),
        suffix: union(&|part| part.tail().cloned(), MAX_SET),
        // Many alternatives are many literals: that is what the author wrote.
        best: union(&Part::contained, usize::MAX),
    }
}

/// Every string of `left` followed by every one of `right`, unless that is too many or too long.
fn cross(left: &[Vec<u8>], right: &[Vec<u8>]) -> Option<Set> {
    if left.len().checked_mul(right.len())? > MAX_SET {
        return None;
    }
    let longest = |set: &[Vec<u8>]| set.iter().map(Vec::len).max().unwrap_or(0);
    if longest(left).saturating_add(longest(right)) > 256 {
        return None;
    }
    Some(distinct(
        left.iter().flat_map(|head| right.iter().map(move |tail| [head.as_slice(), tail].concat())).collect(),
    ))
}

fn distinct(mut set: Set) -> Set {
    set.sort_unstable();
    set.dedup();
    set
}

/// Cuts each literal to its rarest part and drops those that contain another.
fn minimal(set: Set) -> Set {
    let mut set = distinct(set.into_iter().map(|literal| rarest_part(&literal).to_vec()).collect());
    set.sort_by_key(Vec::len);
    let mut kept: Set = Vec::new();
    for literal in set {
        if !kept.iter().any(|short| literal.windows(short.len()).any(|window| window == short.as_slice())) {
            kept.push(literal);
        }
    }
    kept
}

fn rarest_part(literal: &[u8]) -> &[u8] {
    literal
        .windows(MAX_LITERAL.min(literal.len()).max(1))
        .min_by(|a, b| frequency(a).total_cmp(&frequency(b)))
        .unwrap_or(literal)
}

fn cheaper(best: Option<Set>, set: Set) -> Option<Set> {
    if set.is_empty() || set.iter().any(|string| letters(string) == 0) {
        return best;
    }
    match best {
        Some(best) if cost(&best) <= cost(&set) => Some(best),
        _ => Some(set),
    }
}

/// How many bytes of text a marked string stands for.
fn letters(marked: &[u8]) -> usize {
    marked.iter().filter(|byte| **byte != EDGE).count()
}

/// Hits to expect in a megabyte of prose, and something for the room each literal takes.
fn cost(set: &[Vec<u8>]) -> f64 {
    let shortest = set.iter().map(|string| letters(string)).min().unwrap_or(0);
    let short = match shortest {
        0 | 1 => 1e7,
        2 => 1e5,
        _ => 0.0,
    };
    set.iter().map(|literal| frequency(literal) * 1e6 + 20.0).sum::<f64>() + short
}

/// How often `literal` comes, a byte of prose, if letters came independently.
pub(super) fn frequency(literal: &[u8]) -> f64 {
    literal.iter().map(|byte| byte_frequency(*byte)).product()
}

/// How many places of a text are the edge of a word.
const EDGE_FREQUENCY: f64 = 0.3;

fn byte_frequency(byte: u8) -> f64 {
    match byte {
        EDGE => EDGE_FREQUENCY,
        b' ' => 0.16,
        b'e' => 0.10,
        b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 0.06,
        b'h' | b'l' | b'd' | b'c' | b'u' => 0.03,
        b'm' | b'f' | b'p' | b'g' | b'y' | b'w' | b'b' | b'\n' => 0.015,
        b'v' | b'k' | b'0'..=b'9' | b'.' | b',' | b'-' | b'_' | b'/' | b'"' | b'=' | b':' | b'(' | b')' => 0.008,
        b'x' | b'j' | b'q' | b'z' | 0x21..=0x7e | b'\t' => 0.002,
        0x80..=0xfe => 0.001,
        _ => 0.000_02,
    }
}
