//! Finds thousands of literals in one pass, without regard to ASCII case.
//!
//! An Aho-Corasick automaton over the literals of the built-in packs takes tens of milliseconds and megabytes to build,
//! and every start of the program would pay for it. This table takes a millisecond: each literal is known by the three
//! of its bytes that come least often, and the pass asks of every three bytes of the text, in a bit set that stays in
//! the processor's nearest cache, whether any literal has them. It is faster than the automaton, too.

use std::collections::HashMap;
use std::ops::Range;

use super::compile::Mask;
use super::literal::{self, Needle};

/// Bits of a hash of three bytes.
const HASH_BITS: u32 = 17;
const WORDS: usize = 1 << (HASH_BITS - 6);

/// A set of literals to look for.
#[derive(Debug)]
pub(super) struct Needles {
    literals: Vec<Needle>,
    /// Which hashes some literal has.
    present: Box<[u64; WORDS]>,
    /// By the upper bits of the hash, where its entries begin; one more at the end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    short: Short,
}

/// One literal, by the three bytes that stand for it.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: u32,
    literal: u32,
    /// Where in the literal the three bytes stand.
    offset: u32,
    /// What the rules read that require it.
    mask: Mask,
    /// Its bytes, and the first and last of them folded as [`hash`] folds: most literals that share three bytes with
    /// a text are told apart by these, without a look at the literal.
    length: u32,
    ends: [u8; 2],
}

/// Literals of one or two bytes.
#[derive(Debug, Default)]
struct Short {
    /// By first byte, lower case, the literals that begin with it, each with what the rules read that require it.
    by_first: Vec<Vec<(u32, Mask)>>,
    /// What any of those rules reads.
    mask: Option<Mask>,
}

impl Needles {
    /// Prepares `literals`, each with what the rules read that require it.
    pub(super) fn new(literals: Vec<(Needle, Mask)>) -> Self {
        let mut needles = Self {
            literals: Vec::new(),
            present: Box::new([0; WORDS]),
            starts: Vec::new(),
            entries: Vec::new(),
            short: Short::default(),
        };
        let mut uses: HashMap<u32, usize> = HashMap::new();
        for (n, (literal, mask)) in (0_u32..).zip(&literals) {
            match rarest(&literal.bytes, &uses) {
                Some((offset, hash)) => {
                    if let Some(word) = needles.present.get_mut((hash >> 6) as usize) {
                        *word |= 1 << (hash & 63);
                    }
                    let count = uses.entry(hash).or_default();
                    *count = count.saturating_add(1);
                    let ends =
                        [literal.bytes.first(), literal.bytes.last()].map(|end| end.map_or(0, |byte| byte | FOLD));
                    let length = u32::try_from(literal.bytes.len()).unwrap_or(u32::MAX);
                    needles.entries.push(Entry { hash, literal: n, offset, mask: *mask, length, ends });
                }
                None => needles.short.add(&literal.bytes, n, *mask),
            }
        }
        needles.entries.sort_unstable_by_key(|entry| (entry.hash, entry.literal));
        needles.starts = starts(&needles.entries);
        needles.literals = literals.into_iter().map(|(literal, _)| literal).collect();
        needles
    }

    /// Calls `hit` with each literal that concerns `mask`, by number, and where it stands. Not in the order of the text:
    /// literals of one or two bytes come last.
    pub(super) fn find<E>(
        &self,
        text: &[u8],
        mask: Mask,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.entries.is_empty() {
            for (at, three) in text.windows(3).enumerate() {
                let [a, b, c] = three else { continue };
                let hash = hash([*a, *b, *c]);
                let word = self.present.get((hash >> 6) as usize).copied().unwrap_or(0);
                if word >> (hash & 63) & 1 == 1 {
                    self.candidates(text, at, hash, mask, hit)?;
                }
            }
        }
        self.short.find(text, mask, &self.literals, hit)
    }

    #[cold]
    #[inline(never)]
    fn candidates<E>(
        &self,
        text: &[u8],
        at: usize,
        hash: u32,
        mask: Mask,
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let bucket = (hash >> BUCKET_SHIFT) as usize;
        let bounds = self.starts.get(bucket..bucket.saturating_add(2));
        let Some([first, last]) = bounds else { return Ok(()) };
        let entries = self.entries.get(*first as usize..*last as usize).unwrap_or(&[]);
        for entry in entries.iter().filter(|entry| entry.hash == hash && entry.mask.meets(mask)) {
            let Some(start) = at.checked_sub(entry.offset as usize) else { continue };
            let last = start.saturating_add(entry.length as usize).saturating_sub(1);
            if [text.get(start), text.get(last)].map(|byte| byte.map_or(0, |byte| byte | FOLD)) != entry.ends {
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

/// Hashes that share a bucket of entries: enough buckets that each holds an entry or two.
const BUCKET_SHIFT: u32 = 5;

fn starts(entries: &[Entry]) -> Vec<u32> {
    let buckets = 1_u32 << (HASH_BITS - BUCKET_SHIFT);
    let mut starts = Vec::new();
    let mut next = 0_usize;
    for bucket in 0..=buckets {
        while entries.get(next).is_some_and(|entry| entry.hash >> BUCKET_SHIFT < bucket) {
            next = next.saturating_add(1);
        }
        starts.push(u32::try_from(next).unwrap_or(u32::MAX));
    }
    starts
}

impl Short {
    fn add(&mut self, literal: &[u8], n: u32, mask: Mask) {
        let Some(first) = literal.first() else { return };
        if self.by_first.is_empty() {
            self.by_first.resize(256, Vec::new());
        }
        if let Some(literals) = self.by_first.get_mut(usize::from(*first)) {
            literals.push((n, mask));
            self.mask = Some(self.mask.map_or(mask, |known| known.or(mask)));
        }
    }

    fn find<E>(
        &self,
        text: &[u8],
        mask: Mask,
        literals: &[Needle],
        hit: &mut impl FnMut(usize, Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        if !self.mask.is_some_and(|any| any.meets(mask)) {
            return Ok(());
        }
        for (at, byte) in text.iter().enumerate() {
            let candidates = self.by_first.get(usize::from(byte.to_ascii_lowercase())).map_or(&[][..], Vec::as_slice);
            for (n, _) in candidates.iter().filter(|(_, concerns)| concerns.meets(mask)) {
                let Some(literal) = literals.get(*n as usize) else { continue };
                if let Some(range) = literal.stands_at(at, text) {
                    hit(*n as usize, range)?;
                }
            }
        }
        Ok(())
    }
}

impl Needle {
    fn stands_at(&self, start: usize, text: &[u8]) -> Option<Range<usize>> {
        let range = start..start.saturating_add(self.bytes.len());
        let found = text.get(range.clone())?;
        let stands = found.eq_ignore_ascii_case(&self.bytes)
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

/// A hash of three bytes that does not tell upper from lower case, nor a few other bytes from each other.
fn hash([a, b, c]: [u8; 3]) -> u32 {
    let folded = u32::from_le_bytes([a, b, c, 0]) | 0x0020_2020;
    folded.wrapping_mul(0x9e37_79b1) >> (32 - HASH_BITS)
}

/// How many literals may share three bytes while others of theirs will do.
const MAX_SHARED: usize = 8;

/// Where in `literal` the three bytes stand that come least often in a text, and their hash. Those that many literals
/// have already come last: a text full of them would be compared with every one.
fn rarest(literal: &[u8], uses: &HashMap<u32, usize>) -> Option<(u32, u32)> {
    let mut best: Option<(bool, f64, u32, u32)> = None;
    for (offset, three) in (0_u32..).zip(literal.windows(3)) {
        let [a, b, c] = three else { continue };
        let hash = hash([*a, *b, *c]);
        let crowded = uses.get(&hash).is_some_and(|used| *used >= MAX_SHARED);
        let frequency = literal::frequency(three);
        if best.is_none_or(|(worst, often, ..)| (crowded, frequency) < (worst, often)) {
            best = Some((crowded, frequency, offset, hash));
        }
    }
    best.map(|(_, _, offset, hash)| (offset, hash))
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
        (Needle { bytes: bytes.to_vec(), edge_before: false, edge_after: false }, Mask::ALL)
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
