//! Literals that every match of a pattern must contain.
//!
//! One pass over a text for these decides which patterns run at all, so a good literal is a rare one. The walk
//! keeps, for each part of a pattern, the finite set of strings it is, begins with, ends with, or must contain. It keeps
//! two sets of the last kind, from different places of the pattern: prose is full of "message" and of "and", but seldom
//! of both near each other.
//!
//! A small letter in a set stands for both cases, a capital for itself.

use std::borrow::Cow;

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};
use regex_syntax::utf8::Utf8Sequences;
use serde::{Deserialize, Serialize};

use super::edges::{self, Edge};
use super::frequency::{edge_frequency, frequency, is_of_commands};

/// The most strings in one set while a pattern's parts are multiplied out.
const MAX_SET: usize = 48;
/// The most characters of a class that are spelt out.
const MAX_CLASS: usize = 16;
/// The most bytes of a literal that are kept.
const MAX_LITERAL: usize = 24;

/// Stands in a set's strings for the edge of a word. No text holds this byte, being UTF-8.
pub(super) const EDGE: u8 = 0xff;

type Set = Vec<Vec<u8>>;

/// A literal that every match, or every one of its alternatives, contains.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Needle {
    /// Not empty. A small letter stands for both cases.
    pub(super) bytes: Cow<'static, [u8]>,
    /// A word begins or ends where it begins.
    pub(super) edge_before: bool,
    /// A word begins or ends where it ends.
    pub(super) edge_after: bool,
}

impl Needle {
    /// How often it comes, a byte of prose, if letters came independently.
    pub(super) fn frequency(&self) -> f64 {
        let edge = |present: bool, at: Option<&u8>| if present { edge_frequency(at) } else { 1.0 };
        frequency(&self.bytes) * edge(self.edge_before, self.bytes.first()) * edge(self.edge_after, self.bytes.last())
    }

    fn of(marked: &[u8]) -> Self {
        Self {
            bytes: marked.iter().copied().filter(|byte| *byte != EDGE).collect(),
            edge_before: marked.first() == Some(&EDGE),
            edge_after: marked.last() == Some(&EDGE),
        }
    }
}

/// A set of literals of which every match contains one, and where in the match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gate {
    /// Left out of a prepared pack: the built-in packs' are numbered already.
    #[serde(skip)]
    pub(super) needles: Vec<Needle>,
    /// The most bytes of a match before the literal.
    pub(super) before: usize,
    /// The most bytes of a match after it.
    pub(super) after: usize,
}

/// One or two gates, the cheapest first; none where every match contains nothing in particular.
///
/// A repetition without a bound counts [`REPETITION`] bytes in the gates' measures.
pub(super) fn required(pattern: &Hir) -> Vec<Gate> {
    let gate = |marked: Marked| Gate {
        needles: minimal(marked.set).iter().map(|string| Needle::of(string)).collect(),
        before: marked.before,
        after: marked.after,
    };
    let mut gates: Vec<Gate> = walk(pattern, Edges::default()).contained().into_iter().map(gate).collect();
    // The pass finds short literals last, and so cannot tell how near they stand to others.
    let long = |gate: &Gate| gate.needles.iter().all(|needle| needle.bytes.len() >= 3);
    let worth_it = |gate: &Gate| {
        gate.needles.iter().map(Needle::frequency).sum::<f64>() * 1e6 <= SECOND_MAX
            && !gate.needles.iter().any(|needle| is_of_commands(&needle.bytes))
    };
    if gates.len() > 1 && !(gates.iter().all(long) && gates.last().is_some_and(worth_it)) {
        gates.truncate(1);
    }
    gates
}

/// Hits in a megabyte of prose beyond which looking for a second set costs more than it spares, as it does where every command
/// line has some of it.
const SECOND_MAX: f64 = 10_000.0;

/// What a repetition without a bound, such as `\s+`, may take up in prose.
const REPETITION: usize = 64;

/// The most bytes of a match, counting little for repetitions without a bound.
fn extent(part: &Hir) -> usize {
    match part.kind() {
        HirKind::Capture(capture) => extent(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(extent).fold(0, usize::saturating_add),
        HirKind::Alternation(parts) => parts.iter().map(extent).max().unwrap_or(0),
        HirKind::Repetition(repetition) => match repetition.max {
            Some(max) => extent(&repetition.sub).saturating_mul(max as usize),
            None => extent(&repetition.sub).saturating_mul(repetition.min as usize).saturating_add(REPETITION),
        },
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {
            part.properties().maximum_len().unwrap_or(0)
        }
    }
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
    /// Where it is not exactly something: it contains one of each of these.
    gates: Gates,
    /// The most bytes of it.
    extent: usize,
}

/// A set, and the most bytes of its part before and after the string.
#[derive(Clone, PartialEq)]
struct Marked {
    set: Set,
    before: usize,
    after: usize,
}

impl Marked {
    fn moved(mut self, before: usize, after: usize) -> Self {
        self.before = self.before.saturating_add(before);
        self.after = self.after.saturating_add(after);
        self
    }
}

/// At most two sets, the cheaper first.
#[derive(Default, Clone)]
struct Gates(Vec<Marked>);

impl Gates {
    fn add(&mut self, marked: Marked) {
        if usable(&marked.set) {
            self.0.push(marked);
            self.0.sort_by(|a, b| cost(&a.set).total_cmp(&cost(&b.set)));
            self.0.dedup();
            self.0.truncate(2);
        }
    }
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

    fn contained(&self) -> Vec<Marked> {
        match &self.exact {
            Some(exact) if usable(exact) => {
                vec![Marked { set: exact.clone(), before: self.extent, after: self.extent }]
            }
            Some(_) => Vec::new(),
            None => self.gates.0.clone(),
        }
    }
}

/// Whether a word begins where a part begins, or ends where it ends, by what stands round the part.
#[derive(Default, Clone, Copy)]
struct Edges {
    before: bool,
    after: bool,
}

fn walk(hir: &Hir, edges: Edges) -> Part {
    let part = match hir.kind() {
        HirKind::Capture(capture) => walk(&capture.sub, edges),
        HirKind::Concat(parts) => walk_concat(parts, edges),
        HirKind::Alternation(parts) => walk_alternation(parts, edges),
        _ if edges.before || edges.after => walk_concat(std::slice::from_ref(hir), edges),

        HirKind::Look(look) if is_edge(*look) => Part::exactly(vec![vec![EDGE]]),
        HirKind::Empty | HirKind::Look(_) => Part::exactly(vec![Vec::new()]),
        HirKind::Literal(literal) if literal.0.contains(&EDGE) => Part::default(),
        HirKind::Literal(literal) => Part::exactly(vec![literal.0.to_vec()]),
        HirKind::Class(class) => walk_class(class),
        HirKind::Repetition(repetition) => {
            walk_repetition(walk(&repetition.sub, Edges::default()), repetition.min, repetition.max, extent(hir))
        }
    };
    Part { extent: extent(hir), ..part }
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
                set.push(vec![byte]);
            }
        }
        Class::Unicode(chars) => {
            let count: usize = chars.ranges().iter().map(ClassUnicodeRange::len).sum();
            if count > MAX_CLASS.saturating_mul(2) {
                let heads = utf8_heads(chars);
                let mut gates = Gates::default();
                gates.add(Marked { set: heads.clone().unwrap_or_default(), before: 0, after: 4 });
                return Part { prefix: heads, gates, ..Part::default() };
            }
            for c in chars.ranges().iter().flat_map(|range| range.start()..=range.end()) {
                let mut buffer = [0; 4];
                set.push(c.encode_utf8(&mut buffer).as_bytes().to_vec());
            }
        }
    }
    let mut set = distinct(set);
    let small: Set = set.iter().filter(|string| string.iter().any(u8::is_ascii_lowercase)).cloned().collect();
    set.retain(|string| !(string.iter().any(u8::is_ascii_uppercase) && small.contains(&string.to_ascii_lowercase())));
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

fn walk_repetition(part: Part, min: u32, max: Option<u32>, extent: usize) -> Part {
    if min == 0 {
        return match (part.exact, max) {
            (Some(mut set), Some(1)) => {
                set.push(Vec::new());
                Part::exactly(set)
            }
            _ => Part::default(),
        };
    }
    let Some(unit) = &part.exact else {
        let gates = Gates(part.gates.0.into_iter().map(|gate| gate.moved(extent, extent)).collect());
        return Part { gates, ..part };
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
        return Part::exactly(run);
    }
    let mut gates = Gates::default();
    gates.add(Marked { set: run.clone(), before: extent, after: extent });
    Part { prefix: Some(run.clone()), suffix: Some(run), gates, ..Part::default() }
}

fn walk_concat(parts: &[Hir], outer: Edges) -> Part {
    let total = parts.iter().map(extent).fold(0, usize::saturating_add);
    // INVARIANT: every match of the parts so far ends with one of `run`.
    let mut run: Set = vec![Vec::new()];
    // The cheapest set of the stretch that `run` belongs to, and how much of the match stands before that stretch.
    let mut stretch = None;
    let mut stretch_start = 0;
    let mut done: usize = 0;
    let mut gates = Gates::default();
    let mut prefix = None;
    for part in walk_parts(parts, outer) {
        let start = done;
        done = done.saturating_add(part.extent);
        let longer = part.head().and_then(|head| cross(&run, head));
        match (longer, part.exact.is_some()) {
            (Some(longer), true) => {
                stretch = cheaper(stretch, std::mem::replace(&mut run, longer));
                continue;
            }
            (Some(longer), false) => {
                prefix.get_or_insert_with(|| longer.clone());
                stretch = cheaper(stretch, longer);
            }
            (None, _) => {
                prefix.get_or_insert_with(|| run.clone());
            }
        }
        if let Some(set) = cheaper(stretch.take(), std::mem::take(&mut run)) {
            gates.add(Marked { set, before: done, after: total.saturating_sub(stretch_start) });
        }
        if part.exact.is_none() {
            let after = total.saturating_sub(done);
            part.contained().into_iter().for_each(|gate| gates.add(gate.moved(start, after)));
        }
        run = part.tail().cloned().unwrap_or_else(|| vec![Vec::new()]);
        stretch_start = start;
    }
    let Some(prefix) = prefix else { return Part::exactly(run) };
    if let Some(set) = cheaper(stretch, run.clone()) {
        gates.add(Marked { set, before: total, after: total.saturating_sub(stretch_start) });
    }
    Part { prefix: Some(prefix), suffix: Some(run), gates, ..Part::default() }
}

/// The parts, and where the edge of a word must be between them. Alternatives have it each for itself: they may be too many
/// to be put together with what stands beside them.
fn walk_parts(parts: &[Hir], outer: Edges) -> Vec<Part> {
    let implied = edges::implied(parts);
    let mut walked = Vec::with_capacity(parts.len());
    for (at, hir) in parts.iter().enumerate() {
        let begins = match at.checked_sub(1) {
            Some(before) => implied.get(before) == Some(&Some(Edge::Begins)),
            None => outer.before,
        };
        let ends = match implied.get(at) {
            Some(edge) => *edge == Some(Edge::Ends),
            None => outer.after,
        };
        if matches!(hir.kind(), HirKind::Alternation(_) | HirKind::Capture(_)) {
            walked.push(walk(hir, Edges { before: begins, after: ends }));
            continue;
        }
        let edge = |present: bool| present.then(|| Part::exactly(vec![vec![EDGE]]));
        walked.extend(edge(begins).into_iter().chain([walk(hir, Edges::default())]).chain(edge(ends)));
    }
    walked
}

fn walk_alternation(parts: &[Hir], edges: Edges) -> Part {
    let parts: Vec<Part> = parts.iter().map(|part| walk(part, edges)).collect();
    let union = |choose: &dyn Fn(&Part) -> Option<Set>, limit: usize| -> Option<Set> {
        let sets: Option<Vec<Set>> = parts.iter().map(choose).collect();
        let set = distinct(sets?.into_iter().flatten().collect());
        (set.len() <= limit).then_some(set)
    };
    Part {
        exact: union(&|part| part.exact.clone(), MAX_SET),
        prefix: union(&|part| part.head().cloned(), MAX_SET),
        suffix: union(&|part| part.tail().cloned(), MAX_SET),
        gates: either(&parts),
        extent: 0,
    }
}

/// The first gates of all parts as one, and the second.
fn either(parts: &[Part]) -> Gates {
    let mut gates = Gates::default();
    for n in 0..2 {
        let of_each: Option<Vec<Marked>> = parts
            .iter()
            .map(|part| {
                let gates = part.contained();
                gates.get(n).or(gates.first()).cloned()
            })
            .collect();
        let joined = of_each.into_iter().flatten().reduce(|mut joined, gate| {
            joined.set.extend(gate.set);
            Marked { set: joined.set, before: joined.before.max(gate.before), after: joined.after.max(gate.after) }
        });
        if let Some(joined) = joined {
            // Many alternatives are many literals: that is what the author wrote.
            gates.add(Marked { set: distinct(joined.set), ..joined });
        }
    }
    gates
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
    Some(distinct(left.iter().flat_map(|head| right.iter().map(move |tail| joined(head, tail))).collect()))
}

/// One string behind another. An edge between letters is left out: they have it, or nothing matches.
fn joined(head: &[u8], tail: &[u8]) -> Vec<u8> {
    let mut joined = [head, tail].concat();
    let mut at = 0_usize;
    let last = joined.len().saturating_sub(1);
    joined.retain(|byte| {
        let keep = *byte != EDGE || at == 0 || at == last;
        at = at.saturating_add(1);
        keep
    });
    joined
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
    match best {
        Some(best) if !usable(&set) || cost(&best) <= cost(&set) => Some(best),
        best => {
            if usable(&set) {
                Some(set)
            } else {
                best
            }
        }
    }
}

/// Whether there is something to look for in each of its strings.
fn usable(set: &Set) -> bool {
    !set.is_empty() && set.iter().all(|string| letters(string) > 0)
}

/// How many bytes of text a marked string stands for.
fn letters(marked: &[u8]) -> usize {
    marked.iter().filter(|byte| **byte != EDGE).count()
}

/// Hits to expect in a megabyte of prose, and something for the room each literal takes. Where the letters stand without
/// the edge, that is found out at a part of the cost.
fn cost(set: &[Vec<u8>]) -> f64 {
    let shortest = set.iter().map(|string| letters(string)).min().unwrap_or(0);
    let short = match shortest {
        0 | 1 => 1e7,
        2 => 1e5,
        _ => 0.0,
    };
    let hits = |literal: &Vec<u8>| {
        let bare: Vec<u8> = literal.iter().copied().filter(|byte| *byte != EDGE).collect();
        frequency(literal) + MISS * frequency(&bare)
    };
    set.iter().map(|literal| hits(literal) * 1e6 + 20.0).sum::<f64>() + short
}

/// What letters without their edge cost, beside a hit.
const MISS: f64 = 0.2;
