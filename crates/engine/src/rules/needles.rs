//! Finds thousands of literals in one pass, most without regard to ASCII case.
//!
//! An Aho-Corasick automaton over the literals of the built-in packs takes tens of milliseconds and megabytes to build,
//! and every start of the program would pay for it. Here ([`super::table`]) each literal is known by the four
//! (of a short one, two) of its bytes that come least often, and the pass asks at every byte of the text, in bit sets
//! that stay in the processor's nearest cache, whether any literal has them. It is faster than the automaton, too.
//!
//! Most literals do not concern the text at hand, so the bit sets and tables that it is held against have only those that
//! do: a [`Lane`] for each kind of text.

use std::ops::Range;

use crate::byteset::ByteSet;

use super::table::{Entry, FOLD, KEY_BITS, Literal, Needles, Table, hash, mix, pair, single_key};

const WORDS: usize = 1 << (KEY_BITS - 6);

/// A bit for each key.
type Present = Box<[u64; WORDS]>;

/// The literals that concern one kind of text, and what stands for them.
#[derive(Debug)]
pub(super) struct Lane {
    long: Table,
    short: Table,
    single: Table,
    /// The hashes of four bytes.
    fours: Present,
    /// Pairs of bytes, as they stand in a text.
    pairs: Present,
}

/// How many places are looked at in one go: one bit each.
const CHUNK: usize = 64;

impl Lane {
    fn is_empty(&self) -> bool {
        [&self.long, &self.short, &self.single].iter().all(|table| table.entries.is_empty())
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
        let mut keys = [(0_u16, 0_u16); CHUNK];
        for (key, [low, _, high]) in keys.iter_mut().zip(twos.array_windows()) {
            *key = (mix(*low, *high), *low);
        }
        keys.iter().rev().fold(0, |found, (four, pair)| found << 1 | self.may_have(*four, *pair))
    }

    /// The same of a text shorter than that.
    fn last_candidates(&self, text: &[u8]) -> u64 {
        text.array_windows().rev().fold(0, |found, four| {
            let word = u32::from_le_bytes(*four);
            found << 1 | self.may_have(hash(word), two(word))
        })
    }

    /// 1 if some literal has these four bytes, or pair of bytes, by their keys; else 0.
    #[inline]
    fn may_have(&self, four: u16, pair: u16) -> u64 {
        has(&*self.fours, four.into()) | has(&*self.pairs, pair.into())
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
        let [long, short, single] = [&self.long, &self.short, &self.single].map(|table| table.part(&concerns));
        let (mut fours, mut pairs) = (Box::new([0; WORDS]), Box::new([0; WORDS]));
        for entry in &*long.entries {
            mark(&mut *fours, entry.key.into());
        }
        for entry in &*short.entries {
            let at = entry.offset as usize;
            let Some([first, second]) = self.bytes(entry.literal).get(at..).and_then(<[u8]>::first_chunk) else {
                continue;
            };
            for first in cases(*first) {
                for second in cases(*second) {
                    mark(&mut *pairs, u16::from_le_bytes([first, second]).into());
                }
            }
        }
        for entry in &*single.entries {
            for byte in self.bytes(entry.literal).iter().flat_map(|byte| cases(*byte)) {
                for next in 0..=u8::MAX {
                    mark(&mut *pairs, u16::from_le_bytes([byte, next]).into());
                }
            }
        }
        Lane { long, short, single, fours, pairs }
    }

    /// Calls `hit` with each literal that concerns texts of this `lane`, by number, and where it stands. Nearly in the order
    /// of the text: where the bytes stand that the literal is known by.
    pub(super) fn find<E>(
        &self,
        text: &[u8],
        lane: &Lane,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        if lane.is_empty() {
            return Ok(());
        }
        for begin in (0..text.len()).step_by(CHUNK) {
            let candidates = lane.candidates(text.get(begin..).unwrap_or_default());
            for at in places(candidates).map(|place| begin.saturating_add(place)) {
                let Some(four @ [a, b, _, _]) = text.get(at..).and_then(<[u8]>::first_chunk) else { continue };
                let word = u32::from_le_bytes(*four);
                if has(&*lane.fours, hash(word).into()) != 0 {
                    self.compare(&lane.long, hash(word), text, at, hit)?;
                }
                if has(&*lane.pairs, two(word).into()) != 0 {
                    self.compare(&lane.short, pair(*a, *b), text, at, hit)?;
                    self.compare(&lane.single, single_key(*a), text, at, hit)?;
                }
            }
        }
        // What is left of the text is too short for a literal of four.
        let rest = text.len().saturating_sub(3);
        for (at, byte) in text.iter().enumerate().skip(rest) {
            if let Some(next) = text.get(at.saturating_add(1)) {
                self.compare(&lane.short, pair(*byte, *next), text, at, hit)?;
            }
            self.compare(&lane.single, single_key(*byte), text, at, hit)?;
        }
        Ok(())
    }

    #[inline]
    fn compare<E>(
        &self,
        table: &Table,
        key: u16,
        text: &[u8],
        at: usize,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        for entry in table.bucket(key).iter().filter(|entry| entry.key == key) {
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            let last = start.saturating_add(entry.length as usize).saturating_sub(1);
            let [first, end] = entry.ends;
            let folded = |at: usize| text.get(at).map_or(0, |byte| byte | FOLD);
            if folded(start) == first && folded(last) == end {
                self.verify(entry, text, start, hit)?;
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
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let literal = self.literals.get(entry.literal as usize);
        match literal.and_then(|literal| literal.stands_at(start, text, self.bytes(entry.literal))) {
            Some(range) => hit(entry.literal as usize, range),
            None => Ok(()),
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

impl Literal {
    fn stands_at(self, start: usize, text: &[u8], bytes: &[u8]) -> Option<Range<usize>> {
        let range = start..start.saturating_add(bytes.len());
        let found = text.get(range.clone())?;
        let same = |(text, byte): (&u8, &u8)| text == byte || text.to_ascii_lowercase() == *byte;
        let stands = found.iter().zip(bytes).all(same)
            && (!self.edge_before || is_edge(text, range.start))
            && (!self.edge_after || is_edge(text, range.end));
        stands.then_some(range)
    }
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
        let Ok(()) = needles.find(text, &needles.lane(|_| true), &mut |n, range| -> Result<(), Infallible> {
            found.push((n, range));
            Ok(())
        });
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
            prop_assert_eq!(found(&Needles::new(&needles), text.as_bytes()), expected);
        }
    }

    #[test]
    fn nothing_to_look_for_is_found_nowhere() {
        assert!(found(&Needles::new(&[]), b"some text").is_empty());
    }
}
