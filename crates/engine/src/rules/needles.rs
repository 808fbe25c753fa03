//! Finds thousands of literals in one pass, most without regard to ASCII case.
//!
//! An Aho-Corasick automaton over the literals of the built-in packs takes tens of milliseconds and megabytes to build,
//! and every start of the program would pay for it. This table takes a millisecond: each literal is known by the four
//! of its bytes that come least often, and the pass asks of every four bytes of the text, in a bit set that stays in
//! the processor's nearest cache, whether any literal has them. It is faster than the automaton, too.

use std::ops::Range;

use super::compile::Mask;
use super::literal::{self, Needle};

/// Bits of a hash.
const HASH_BITS: u32 = 17;
const WORDS: usize = 1 << (HASH_BITS - 6);
/// Hashes that share a bucket of entries: enough buckets that each holds an entry or two.
const BUCKET_SHIFT: u32 = 5;

/// A set of literals to look for.
#[derive(Debug)]
pub(super) struct Needles {
    literals: Vec<Needle>,
    /// Literals of four bytes or more.
    long: Table,
    /// Literals of three bytes.
    three: Table,
    /// Literals of one or two bytes.
    short: Table,
}

/// Literals by the hash of a few of their bytes.
#[derive(Debug)]
struct Table {
    /// Which hashes some literal has that concerns one lane, the other, or either ([`Mask::lanes`]): most text is prose, and
    /// most rules do not concern it, so that their literals would only cost it time.
    present: [Present; 3],
    /// By the upper bits of the hash, where its entries begin; one more at the end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    /// What any of the rules reads that require one of the literals; `None` without literals.
    mask: Option<Mask>,
}

/// A bit for each hash.
type Present = Box<[u64; WORDS]>;

/// One literal, by the bytes that stand for it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    literal: u32,
    /// Where in the literal those bytes stand.
    offset: u32,
    /// What the rules read that require it.
    mask: Mask,
    /// Its bytes, and the first and last of them folded as [`hash`] folds: most literals that share a hash with a text
    /// are told apart by these, without a look at the literal.
    length: u32,
    ends: [u8; 2],
}

impl Entry {
    fn new(hash: u32, offset: u32, n: u32, literal: &[u8], mask: Mask) -> Self {
        let ends = [literal.first(), literal.last()].map(|end| end.map_or(0, |byte| byte | FOLD));
        let length = u32::try_from(literal.len()).unwrap_or(u32::MAX);
        Self { hash, literal: n, offset, mask, length, ends }
    }
}

impl Needles {
    /// Prepares `literals`, each with what the rules read that require it.
    pub(super) fn new(literals: Vec<(Needle, Mask)>) -> Self {
        let (mut long, mut three, mut short) = (Vec::with_capacity(literals.len()), Vec::new(), Vec::new());
        let mut uses = vec![0_u8; 1 << HASH_BITS];
        for (n, (literal, mask)) in (0_u32..).zip(&literals) {
            let bytes = &*literal.bytes;
            let entry = |hash, offset| Entry::new(hash, offset, n, bytes, *mask);
            match bytes {
                [] => {}
                // A single byte stands with any other after it.
                [byte] => {
                    short.extend((0..=u8::MAX).map(|next| entry(hash(u32::from_le_bytes([*byte, next, 0, 0])), 0)));
                }
                [a, b] => short.push(entry(hash(u32::from_le_bytes([*a, *b, 0, 0])), 0)),
                [a, b, c] => three.push(entry(hash(u32::from_le_bytes([*a, *b, *c, 0])), 0)),
                bytes => {
                    let (offset, hash) = rarest(bytes, &uses);
                    if let Some(count) = uses.get_mut(hash as usize) {
                        *count = count.saturating_add(1);
                    }
                    long.push(entry(hash, offset));
                }
            }
        }
        let literals = literals.into_iter().map(|(literal, _)| literal).collect();
        Self { literals, long: Table::new(long), three: Table::new(three), short: Table::new(short) }
    }

    /// Calls `hit` with each literal that concerns `mask`, by number, and where it stands. Not in the order of the text: literals of one or
    /// two bytes come last, and longer ones where their rarest bytes stand.
    pub(super) fn find<E>(
        &self,
        text: &[u8],
        mask: Mask,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(lane) = mask.lanes().checked_sub(1) else { return Ok(()) };
        let tables = (self.long.present.get(lane), self.three.present.get(lane), self.short.present.get(lane));
        let (Some(fours), Some(threes), Some(twos)) = tables else { return Ok(()) };
        if self.long.concerns(mask) || self.three.concerns(mask) {
            for (at, four) in text.array_windows::<4>().enumerate() {
                let word = u32::from_le_bytes(*four);
                let (long, three) = (hash(word), hash(word & THREE));
                let (is_long, is_three) = (has(fours, long), has(threes, three));
                // One branch for both: it is seldom taken.
                if is_long | is_three {
                    if is_long {
                        self.compare(&self.long, long, text, at, mask, hit)?;
                    }
                    if is_three {
                        self.compare(&self.three, three, text, at, mask, hit)?;
                    }
                }
            }
            if let Some([a, b, c]) = text.last_chunk() {
                let three = hash(u32::from_le_bytes([*a, *b, *c, 0]));
                self.compare(&self.three, three, text, text.len().saturating_sub(3), mask, hit)?;
            }
        }
        if self.short.concerns(mask) {
            for (at, two) in text.array_windows::<2>().enumerate() {
                let short = hash(u32::from(u16::from_le_bytes(*two)));
                if has(twos, short) {
                    self.compare(&self.short, short, text, at, mask, hit)?;
                }
            }
            if let Some(last) = text.last() {
                let short = hash(u32::from(*last));
                self.compare(&self.short, short, text, text.len().saturating_sub(1), mask, hit)?;
            }
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn compare<E>(
        &self,
        table: &Table,
        hash: u32,
        text: &[u8],
        at: usize,
        mask: Mask,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        for entry in table.of(hash).filter(|entry| entry.mask.meets(mask)) {
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            let last = start.saturating_add(entry.length as usize).saturating_sub(1);
            let [first, end] = entry.ends;
            let folded = |at: usize| text.get(at).map_or(0, |byte| byte | FOLD);
            if folded(start) != first || folded(last) != end {
                continue;
            }
            let Some(literal) = self.literals.get(entry.literal as usize) else { continue };
            if let Some(range) = literal.stands_at(start, text) {
                hit(entry.literal as usize, range)?;
            }
        }
        Ok(())
    }
}

impl Table {
    fn new(mut entries: Vec<Entry>) -> Self {
        let key = |entry: &Entry| u64::from(entry.hash) << 32 | u64::from(entry.literal);
        entries.sort_unstable_by_key(key);
        entries.dedup_by_key(|entry| key(entry));
        let present = [1, 2, 3].map(|lanes| {
            let mut present = Box::new([0; WORDS]);
            for entry in entries.iter().filter(|entry| entry.mask.lanes() & lanes != 0) {
                if let Some(word) = present.get_mut((entry.hash >> 6) as usize) {
                    *word |= 1 << (entry.hash & 63);
                }
            }
            present
        });
        let mut starts = Vec::new();
        let mut next = 0_usize;
        for bucket in 0..=1_u32 << (HASH_BITS - BUCKET_SHIFT) {
            while entries.get(next).is_some_and(|entry| entry.hash >> BUCKET_SHIFT < bucket) {
                next = next.saturating_add(1);
            }
            starts.push(u32::try_from(next).unwrap_or(u32::MAX));
        }
        let mask = entries.iter().map(|entry| entry.mask).reduce(Mask::or);
        Self { present, starts, entries, mask }
    }

    fn concerns(&self, mask: Mask) -> bool {
        self.mask.is_some_and(|any| any.meets(mask))
    }

    #[inline]
    fn of(&self, hash: u32) -> impl Iterator<Item = &Entry> {
        let bucket = (hash >> BUCKET_SHIFT) as usize;
        let bounds = match self.starts.get(bucket..bucket.saturating_add(2)) {
            Some([first, last]) => *first as usize..*last as usize,
            _ => 0..0,
        };
        self.entries.get(bounds).unwrap_or(&[]).iter().filter(move |entry| entry.hash == hash)
    }
}

#[inline]
fn has(present: &Present, hash: u32) -> bool {
    let word: u64 = present.get((hash >> 6) as usize).copied().unwrap_or(0);
    word >> (hash & 63) & 1 == 1
}

impl Needle {
    fn stands_at(&self, start: usize, text: &[u8]) -> Option<Range<usize>> {
        let range = start..start.saturating_add(self.bytes.len());
        let found = text.get(range.clone())?;
        let same = |(text, byte): (&u8, &u8)| text == byte || text.to_ascii_lowercase() == *byte;
        let stands = found.iter().zip(&*self.bytes).all(same)
            && (!self.edge_before || is_edge(text, range.start))
            && (!self.edge_after || is_edge(text, range.end));
        stands.then_some(range)
    }
}

/// Whether a word, of ASCII letters, digits and `_`, begins or ends at `at`.
fn is_edge(text: &[u8], at: usize) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    is_word(at.checked_sub(1).and_then(|before| text.get(before))) != is_word(text.get(at))
}

/// Set in a byte, it takes an upper-case letter for the lower-case one, and a few other bytes for each other.
const FOLD: u8 = 0x20;

/// Of four bytes the first three.
const THREE: u32 = 0xff_ffff;

/// A hash of four bytes, the first the lowest, that does not tell upper from lower case, nor a few other bytes from each other.
fn hash(bytes: u32) -> u32 {
    let folded = bytes | u32::from_le_bytes([FOLD; 4]);
    folded.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)
}

/// How many literals may share four bytes while others of theirs will do.
const MAX_SHARED: u8 = 8;

/// Where in `literal` the four bytes stand that come least often in a text, and their hash. Those that many literals
/// have already come last: a text full of them would be compared with every one.
fn rarest(literal: &[u8], uses: &[u8]) -> (u32, u32) {
    let mut best: (bool, f64, u32, u32) = (true, f64::INFINITY, 0, 0);
    for (offset, four) in (0_u32..).zip(literal.array_windows::<4>()) {
        let hash = hash(u32::from_le_bytes(*four));
        let crowded = uses.get(hash as usize).is_some_and(|used| *used >= MAX_SHARED);
        let frequency = literal::chance(four);
        if (crowded, frequency) < (best.0, best.1) {
            best = (crowded, frequency, offset, hash);
        }
    }
    (best.2, best.3)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    fn found(needles: &Needles, text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        let Ok(()) = needles.find(text, Mask::ALL, &mut |n, range| -> Result<(), Infallible> {
            found.push((n, range));
            Ok(())
        });
        found.sort_unstable_by_key(|(n, range)| (*n, range.start));
        found
    }

    fn needle(bytes: &[u8]) -> (Needle, Mask) {
        (Needle { bytes: bytes.to_vec().into(), edge_before: false, edge_after: false }, Mask::ALL)
    }

    #[test]
    fn a_capital_stands_for_itself() {
        let needles = Needles::new(vec![needle(b"SKx"), needle(b"K")]);
        assert_eq!(found(&needles, b"skx SKX Skx SKx"), [(0, 4..7), (0, 12..15), (1, 5..6), (1, 13..14)]);
    }

    #[test]
    fn an_edge_keeps_a_word_from_being_found_inside_another() {
        let needles = Needles::new(vec![(Needle { edge_before: true, ..needle(b"nc ").0 }, Mask::ALL)]);
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
            let needles = literals.iter().map(|bytes| needle(bytes)).collect();
            let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(&literals).unwrap();
            let mut expected: Vec<_> = automaton
                .find_overlapping_iter(&text)
                .map(|hit| (hit.pattern().as_usize(), hit.range()))
                .collect();
            expected.sort_unstable_by_key(|(n, range)| (*n, range.start));
            prop_assert_eq!(found(&Needles::new(needles), text.as_bytes()), expected);
        }
    }

    #[test]
    fn nothing_to_look_for_is_found_nowhere() {
        assert!(found(&Needles::new(Vec::new()), b"some text").is_empty());
    }
}
