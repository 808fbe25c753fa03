//! Finds thousands of literals in one pass, most without regard to ASCII case.
//!
//! An Aho-Corasick automaton over the literals of the built-in packs takes tens of milliseconds and megabytes to build,
//! and every start of the program would pay for it. Here ([`super::table`]) each literal is known by the four
//! of its bytes that come least often (a short one by all it has), and the pass asks at every byte of the text, in bit sets
//! that stay in the processor's nearest cache, whether any literal has them. It is faster than the automaton, too.
//!
//! Most literals do not concern the text at hand, so the bit sets and tables that it is held against have only those that
//! do: a [`Lane`] for each kind of text.

use std::ops::Range;

use crate::byteset::ByteSet;

use super::table::{Entry, KEY_BITS, Needles, Table, hash, mix, pair, single_key, triple};

const WORDS: usize = 1 << (KEY_BITS - 6);

/// A bit for each key.
type Present = Box<[u64; WORDS]>;

/// The literals that concern one kind of text, and what stands for them.
#[derive(Debug)]
pub(super) struct Lane {
    long: Table,
    triple: Table,
    short: Table,
    single: Table,
    /// What most places of a text are told by: the next two sets in one.
    sieve: Sieve,
    /// The hashes of four bytes.
    fours: Present,
    /// The hashes of three bytes.
    threes: Present,
    /// Pairs of bytes, as they stand in a text, that some shorter literal has.
    pairs: Present,
    /// Those of literals that are one byte.
    bytes: ByteSet,
}

/// A word for each hash of three bytes: whether some literal may begin with them. In its lower half a bit for each of the
/// fourth bytes that do, in its upper half one for another hash of the three, of literals that have no fourth. One look at
/// it, which the nearest cache holds, in place of two at sets of their own.
#[derive(Debug)]
struct Sieve(Box<[u64; 1 << Sieve::BITS]>);

impl Sieve {
    const BITS: u32 = 12;

    #[expect(clippy::large_stack_arrays, reason = "32 KiB, on its way to the heap")]
    fn new() -> Self {
        Self(Box::new([0; 1 << Self::BITS]))
    }

    /// Where the word of three bytes is, and the bits in it of those and the fourth.
    #[inline]
    fn place(low: u16, high: u16) -> (u16, u16) {
        let three = mix(low, high & 0xff);
        (three >> (u16::BITS - Self::BITS), (high >> 8 & 31) | (three & 31 | 32) << 8)
    }

    /// Notes four bytes, or three of which the fourth may be any.
    fn mark(&mut self, [a, b, c]: [u8; 3], fourth: Option<u8>) {
        let high = u16::from_le_bytes([c, fourth.unwrap_or(0)]);
        let (word, bits) = Self::place(u16::from_le_bytes([a, b]), high);
        if let Some(word) = self.0.get_mut(usize::from(word)) {
            *word |= 1 << if fourth.is_some() { bits & 63 } else { bits >> 8 };
        }
    }

    /// 1 if some literal may stand at such a place; else 0.
    #[inline]
    fn has(&self, (word, bits): (u16, u16)) -> u64 {
        let word = self.0.get(usize::from(word) & ((1 << Self::BITS) - 1)).copied().unwrap_or(0);
        (word >> (bits & 63) | word >> (bits >> 8 & 63)) & 1
    }
}

/// How many places are looked at in one go: one bit each.
const CHUNK: usize = 64;

impl Lane {
    fn is_empty(&self) -> bool {
        [&self.long, &self.triple, &self.short, &self.single].iter().all(|table| table.entries.is_empty())
    }

    /// Where in the first [`CHUNK`] places of `text` bytes begin that some literal may have; the lowest bit is the first place.
    /// The hottest loops of all: they have no branch, and the first two are done with vector instructions.
    #[inline(never)]
    fn candidates(&self, text: &[u8]) -> u64 {
        let Some(text) = text.first_chunk::<{ CHUNK + 3 }>() else { return self.last_candidates(text) };
        let mut twos = [0_u16; CHUNK + 2];
        for (two, bytes) in twos.iter_mut().zip(text.array_windows()) {
            *two = u16::from_le_bytes(*bytes);
        }
        let (mut words, mut bits) = ([0_u16; CHUNK], [0_u16; CHUNK]);
        for ((word, bit), [low, _, high]) in words.iter_mut().zip(&mut bits).zip(twos.array_windows()) {
            (*word, *bit) = Sieve::place(*low, *high);
        }
        // The first comes to be the lowest again, once all have come in there.
        let keys = words.iter().zip(&bits).zip(&twos);
        keys.fold(0_u64, |found, ((word, bits), two)| (found | self.may_have((*word, *bits), *two)).rotate_right(1))
    }

    /// The same of a text shorter than that.
    fn last_candidates(&self, text: &[u8]) -> u64 {
        text.array_windows().rev().fold(0, |found, [a, b, c, d]| {
            let (low, high) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
            found << 1 | self.may_have(Sieve::place(low, high), low)
        })
    }

    /// 1 if some literal may stand at this place of the sieve, or begins with these two bytes; else 0.
    #[inline]
    fn may_have(&self, place: (u16, u16), two: u16) -> u64 {
        self.sieve.has(place) | has(&*self.pairs, two.into())
    }
}

/// The places of the bits of a set, in their order.
fn places(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
        (place < u64::BITS).then_some(place as usize)
    })
}

impl Needles {
    /// The lane of the literals that `concerns` says yes to, by number.
    pub(super) fn lane(&self, concerns: impl Fn(usize) -> bool) -> Lane {
        let [long, triple, short, single] =
            [&self.long, &self.triple, &self.short, &self.single].map(|table| table.part(&concerns));
        let mut sieve = Sieve::new();
        let [mut fours, mut threes, mut pairs] = [(); 3].map(|()| Box::new([0; WORDS]));
        for entry in &*long.entries {
            mark(&mut *fours, entry.key.into());
            let bytes = self.bytes(entry.literal).get(usize::from(entry.offset)..).unwrap_or_default();
            if let Some([a, b, c, d]) = bytes.first_chunk() {
                sieve.mark([*a, *b, *c], Some(*d));
            }
        }
        for entry in &*triple.entries {
            mark(&mut *threes, entry.key.into());
            if let Some(three) = self.bytes(entry.literal).first_chunk() {
                sieve.mark(*three, None);
            }
        }
        for entry in &*short.entries {
            let Some([first, second]) = self.bytes(entry.literal).first_chunk() else { continue };
            for first in cases(*first) {
                for second in cases(*second) {
                    mark(&mut *pairs, u16::from_le_bytes([first, second]).into());
                }
            }
        }
        let mut bytes = ByteSet::filled(false);
        for entry in &*single.entries {
            for byte in self.bytes(entry.literal).iter().flat_map(|byte| cases(*byte)) {
                bytes.add(byte);
                for next in 0..=u8::MAX {
                    mark(&mut *pairs, u16::from_le_bytes([byte, next]).into());
                }
            }
        }
        Lane { long, triple, short, single, sieve, fours, threes, pairs, bytes }
    }

    /// Calls `hit` with each literal that concerns texts of this `lane`, by number, and where it stands, until it says that
    /// the literal is of no more use. Nearly in the order of the text: where the bytes stand that the literal is known by.
    /// Of one that stands again and again, the range begins where it stands and ends no earlier than the last of those
    /// that are not called for, because they lie in it.
    pub(super) fn find<E>(
        &self,
        text: &[u8],
        lane: &Lane,
        claims: &mut Claims,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<Use, E>,
    ) -> Result<(), E> {
        if lane.is_empty() {
            return Ok(());
        }
        claims.begin(self.literals.len());
        for begin in (0..text.len()).step_by(CHUNK) {
            let candidates = lane.candidates(text.get(begin..).unwrap_or_default());
            for at in places(candidates).map(|place| begin.saturating_add(place)) {
                if let Some(four) = text.get(at..).and_then(<[u8]>::first_chunk) {
                    self.look(*four, text, at, lane, claims, hit)?;
                }
            }
        }
        // What is left of the text is too short for a literal of four.
        let rest = text.len().saturating_sub(3);
        for at in rest..text.len() {
            let byte = |at: usize| text.get(at).copied().unwrap_or(0);
            let four = [at, at.saturating_add(1), at.saturating_add(2), text.len()].map(byte);
            self.look(four, text, at, lane, claims, hit)?;
        }
        Ok(())
    }

    /// Compares with the literals that these four bytes at `at` may stand for. Most are of none after all: a place is asked
    /// here three times for nothing.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call with so many arguments costs as much as what it does")]
    fn look<E>(
        &self,
        four: [u8; 4],
        text: &[u8],
        at: usize,
        lane: &Lane,
        claims: &mut Claims,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<Use, E>,
    ) -> Result<(), E> {
        let ([a, b, c, _], word) = (four, u32::from_le_bytes(four));
        if has(&*lane.fours, hash(word).into()) != 0 {
            self.compare(&lane.long, hash(word), text, at, claims, hit)?;
        }
        if has(&*lane.threes, triple(two(word), c).into()) != 0 {
            self.compare(&lane.triple, triple(two(word), c), text, at, claims, hit)?;
        }
        if has(&*lane.pairs, two(word).into()) != 0 {
            self.compare(&lane.short, pair(a, b), text, at, claims, hit)?;
            if lane.bytes.has(a) {
                self.compare(&lane.single, single_key(a), text, at, claims, hit)?;
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn compare<E>(
        &self,
        table: &Table,
        key: u16,
        text: &[u8],
        at: usize,
        claims: &mut Claims,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<Use, E>,
    ) -> Result<(), E> {
        for entry in table.bucket(key).iter().filter(|entry| entry.key == key) {
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            let last = start.saturating_add(entry.length as usize).saturating_sub(1);
            let ([first, end], [fold, fold_end], [begins, ends]) = (entry.ends, entry.folds, entry.edges);
            let is = |at: usize, fold: u8, end: u8| text.get(at).is_some_and(|byte| byte | fold == end);
            if is(start, fold, first)
                && is(last, fold_end, end)
                && (!begins || is_edge(text, start))
                && (!ends || is_edge(text, last.saturating_add(1)))
                && !claims.cover(entry.literal, last)
            {
                self.verify(entry, text, start, claims, hit)?;
            }
        }
        Ok(())
    }

    #[inline(never)]
    fn verify<E>(
        &self,
        entry: &Entry,
        text: &[u8],
        start: usize,
        claims: &mut Claims,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<Use, E>,
    ) -> Result<(), E> {
        if let Some(mut at) = reads(text, start, self.bytes(entry.literal)) {
            at.end = claims.add(entry.literal, at.end).min(text.len());
            if hit(entry.literal as usize, at)? == Use::Spent {
                claims.add_rest(entry.literal);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
impl Needles {
    /// Everywhere in `text` that some literal stands, the slow way.
    pub(super) fn everywhere(&self, text: &[u8]) -> Vec<Range<usize>> {
        let stand = |(n, literal): (u32, &super::table::Literal)| {
            let is_there = |at: &Range<usize>| {
                (!literal.edge_before || is_edge(text, at.start)) && (!literal.edge_after || is_edge(text, at.end))
            };
            (0..text.len()).filter_map(|start| reads(text, start, self.bytes(n))).filter(is_there).collect::<Vec<_>>()
        };
        (0_u32..).zip(&*self.literals).flat_map(stand).collect()
    }
}

/// Whether a literal has more to say about a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Use {
    Live,
    Spent,
}

/// Where literals count as standing in the text at hand. One that comes often claims ever longer parts of the text ahead,
/// so that a text of nothing else costs no more than another.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// By literal.
    of: Vec<Claim>,
    text: u32,
}

/// What one literal claims.
#[derive(Debug, Default, Clone, Copy)]
struct Claim {
    /// The text that it is about; any other is gone.
    text: u32,
    /// How often it was called for.
    times: u32,
    /// Up to where it counts as standing, in bytes.
    end: u32,
}

impl Claims {
    /// The most that is claimed ahead, in bytes: more than is searched round one literal, and little of a text that costs
    /// something. It is reached after 128 times.
    const MOST: u32 = 4 << 10;

    fn begin(&mut self, literals: usize) {
        if self.of.len() != literals || self.text == u32::MAX {
            *self = Self { of: vec![Claim::default(); literals], text: 0 };
        }
        self.text = self.text.saturating_add(1);
    }

    /// Whether a literal whose last byte is at `last` need not be looked at.
    #[inline]
    fn cover(&self, literal: u32, last: usize) -> bool {
        self.of.get(literal as usize).is_some_and(|claim| claim.text == self.text && last < claim.end as usize)
    }

    /// A literal ends at `end`: up to where it counts as standing.
    fn add(&mut self, literal: u32, end: usize) -> usize {
        let Some(claim) = self.of.get_mut(literal as usize) else { return end };
        if claim.text != self.text {
            *claim = Claim { text: self.text, times: 0, end: 0 };
        }
        let ahead = (claim.times.saturating_mul(claim.times) / 4).min(Self::MOST);
        claim.times = claim.times.saturating_add(1);
        claim.end = u32::try_from(end).unwrap_or(u32::MAX).saturating_add(ahead);
        claim.end as usize
    }

    /// A literal claims all that is left.
    fn add_rest(&mut self, literal: u32) {
        if let Some(claim) = self.of.get_mut(literal as usize) {
            claim.end = u32::MAX;
        }
    }
}

impl Table {
    /// The entries of the literals that `concerns` says yes to, as a table of their own.
    fn part(&self, concerns: impl Fn(usize) -> bool) -> Self {
        Self::new(self.entries.iter().filter(|entry| concerns(entry.literal as usize)).copied().collect())
    }
}

/// The bit of `key`: 1 or 0.
#[inline]
pub(super) fn has(set: &[u64], key: usize) -> u64 {
    set.get(key >> 6).copied().unwrap_or(0) >> (key & 63) & 1
}

pub(super) fn mark(set: &mut [u64], key: usize) {
    if let Some(word) = set.get_mut(key >> 6) {
        *word |= 1 << (key & 63);
    }
}

/// Where the bytes of a literal stand, if they do from `start`.
fn reads(text: &[u8], start: usize, literal: &[u8]) -> Option<Range<usize>> {
    let range = start..start.saturating_add(literal.len());
    let same = |(text, byte): (&u8, &u8)| text == byte || text.to_ascii_lowercase() == *byte;
    text.get(range.clone())?.iter().zip(literal).all(same).then_some(range)
}

/// Whether a word, of ASCII letters, digits and `_`, begins or ends at `at`.
fn is_edge(text: &[u8], at: usize) -> bool {
    static WORD: ByteSet = ByteSet::of(b"_").and_alphanumeric();
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| WORD.has(*byte));
    is_word(at.checked_sub(1).and_then(|before| text.get(before))) != is_word(text.get(at))
}

/// The bytes of a text that stand for one of a literal: a capital only for itself.
fn cases(byte: u8) -> [u8; 2] {
    [byte, byte.to_ascii_uppercase()]
}

/// The first two of four bytes, as they stand in a text.
fn two(bytes: u32) -> u16 {
    (bytes & 0xffff) as u16
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;
    use crate::rules::literal::Needle;

    fn found(needles: &Needles, text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        let mut hit = |n, range| -> Result<Use, Infallible> {
            found.push((n, range));
            Ok(Use::Live)
        };
        let Ok(()) = needles.find(text, &needles.lane(|_| true), &mut Claims::default(), &mut hit);
        found.sort_unstable_by_key(|(n, range)| (*n, range.start));
        found
    }

    fn needle(bytes: &[u8]) -> Needle {
        Needle { bytes: bytes.to_vec().into(), edge_before: false, edge_after: false }
    }

    #[test]
    fn a_capital_stands_for_itself() {
        let needles = Needles::new(&[needle(b"SKx"), needle(b"K")]);
        assert_eq!(found(&needles, b"skx SKX Skx SKx"), [(0, 4..7), (0, 12..15), (1, 5..6), (1, 13..14)]);
    }

    #[test]
    fn an_edge_keeps_a_word_from_being_found_inside_another() {
        let needles = Needles::new(&[Needle { edge_before: true, ..needle(b"nc ") }]);
        assert_eq!(found(&needles, b"rsync a; nc -l; NC x").len(), 2);
        assert_eq!(found(&needles, b"nc x").len(), 1);
    }

    #[test]
    fn a_spent_literal_is_found_no_more_in_this_text_and_again_in_the_next() {
        let needles = Needles::new(&[needle(b"abcd"), needle(b"x")]);
        let (lane, mut claims) = (needles.lane(|_| true), Claims::default());
        let text = b"abcd x abcd x";
        for _ in 0..2 {
            let mut found = Vec::new();
            let mut hit = |n, range: Range<usize>| -> Result<Use, Infallible> {
                found.push((n, range.start));
                Ok(if n == 0 { Use::Spent } else { Use::Live })
            };
            let Ok(()) = needles.find(text, &lane, &mut claims, &mut hit);
            assert_eq!(found, [(0, 0), (1, 5), (1, 12)]);
        }
    }

    proptest! {
        #[test]
        fn finds_what_an_automaton_finds(
            literals in proptest::collection::btree_set("[a-c%./\u{e9}]{1,5}", 1..40),
            text in "[a-cA-C%./\u{e9}\u{c9} ]{0,200}",
        ) {
            let literals: Vec<Vec<u8>> = literals.into_iter().map(String::into_bytes).collect();
            let needles: Vec<Needle> = literals.iter().map(|bytes| needle(bytes)).collect();
            let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&literals).unwrap();
            let mut expected: Vec<_> = automaton
                .find_overlapping_iter(&text)
                .map(|hit| (hit.pattern().as_usize(), hit.range()))
                .collect();
            expected.sort_unstable_by_key(|(n, range)| (*n, range.start));
            let needles = Needles::new(&needles);
            let found = found(&needles, text.as_bytes());
            let near = |a: &Range<usize>, b: &Range<usize>| a.start <= b.start && b.end <= a.end;
            for (n, at) in &expected {
                prop_assert!(found.iter().any(|(other, range)| other == n && near(range, at)), "{} at {:?}", n, at);
            }
            for (n, range) in &found {
                prop_assert!(expected.iter().any(|(other, at)| other == n && at.start == range.start), "{} {:?}", n, range);
            }
        }

        #[test]
        fn a_literal_that_fills_a_text_is_hardly_looked_at(literal in "[a-z]{1,8}", gap in 0_usize..200) {
            let needles = Needles::new(&[needle(literal.as_bytes())]);
            let text = format!("{literal}{}", " ".repeat(gap)).repeat(4_000);
            let most = 160 + text.len() / (4 << 10);
            prop_assert!(found(&needles, text.as_bytes()).len() < most, "of {} bytes", text.len());
        }
    }

    #[test]
    fn nothing_to_look_for_is_found_nowhere() {
        assert!(found(&Needles::new(&[]), b"some text").is_empty());
    }
}
