//! Thousands of literals, by a few bytes of each: what [`super::needles`] looks them up in.
//!
//! The tables of the built-in packs' literals are made when the program is built, and stay where they lie in it.

use std::borrow::Cow;

use super::frequency;
use super::literal::Needle;

/// Bits of a key.
pub(super) const KEY_BITS: u32 = 16;
/// Keys that share a bucket of entries: enough buckets that each holds an entry or two.
const BUCKET_SHIFT: u32 = 4;

/// A set of literals to look for.
#[derive(Debug)]
pub(super) struct Needles {
    /// The bytes of all literals, one after the other.
    pub(super) text: Cow<'static, [u8]>,
    pub(super) literals: Cow<'static, [Literal]>,
    /// Literals of four bytes or more, by [`hash`].
    pub(super) long: Table,
    /// Literals of three bytes, by [`triple`].
    pub(super) triple: Table,
    /// Literals of two bytes, by [`pair`].
    pub(super) short: Table,
    /// Literals of one byte, by it.
    pub(super) single: Table,
}

/// A [`Needle`] whose bytes lie with those of others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Literal {
    pub(super) start: u32,
    pub(super) length: u16,
    pub(super) edge_before: bool,
    pub(super) edge_after: bool,
}

/// Literals by a few of their bytes.
#[derive(Debug)]
pub(super) struct Table {
    /// By the upper bits of the key, where its entries begin; one more at the end. Nothing where there are no entries.
    pub(super) starts: Cow<'static, [u32]>,
    pub(super) entries: Cow<'static, [Entry]>,
}

/// One literal, by the bytes that stand for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: u16,
    /// Its first and last byte: most literals that share a key with a text are told apart by these, without a look at the
    /// literal.
    pub(super) ends: [u8; 2],
    /// What each of them is compared without: the case of a small letter. A capital and a sign stand for themselves.
    pub(super) folds: [u8; 2],
    /// Whether a word must begin or end where it begins, and where it ends.
    pub(super) edges: [bool; 2],
    /// Where in the literal those bytes stand.
    pub(super) offset: u16,
    pub(super) length: u16,
    pub(super) literal: u32,
}

impl Needles {
    /// Prepares `needles`.
    pub(super) fn new(needles: &[Needle]) -> Self {
        let mut text = Vec::new();
        let mut literals = Vec::with_capacity(needles.len());
        let (mut long, mut triples, mut short, mut single) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut uses = vec![0_u8; 1 << KEY_BITS];
        for (n, needle) in (0_u32..).zip(needles) {
            let bytes = &*needle.bytes;
            literals.push(Literal {
                start: u32::try_from(text.len()).unwrap_or(u32::MAX),
                length: u16::try_from(bytes.len()).unwrap_or(u16::MAX),
                edge_before: needle.edge_before,
                edge_after: needle.edge_after,
            });
            text.extend_from_slice(bytes);
            let entry = |key, offset| Entry::new(key, offset, n, needle);
            match bytes {
                [] => {}
                [byte] => single.push(entry(single_key(*byte), 0)),
                [a, b] => short.push(entry(pair(*a, *b), 0)),
                [a, b, c] => triples.push(entry(triple(u16::from_le_bytes([*a, *b]), *c), 0)),
                bytes => {
                    let (offset, hash) = rarest(bytes, &uses);
                    if let Some(count) = uses.get_mut(usize::from(hash)) {
                        *count = count.saturating_add(1);
                    }
                    long.push(entry(hash, offset));
                }
            }
        }
        Self {
            text: text.into(),
            literals: literals.into(),
            long: Table::new(long),
            triple: Table::new(triples),
            short: Table::new(short),
            single: Table::new(single),
        }
    }

    /// A literal on its own, by its number.
    pub(super) fn needle(&self, literal: u32) -> Needle {
        let edges = self.literals.get(literal as usize).map_or((false, false), |of| (of.edge_before, of.edge_after));
        Needle { bytes: self.bytes(literal).to_vec().into(), edge_before: edges.0, edge_after: edges.1 }
    }

    /// The bytes of a literal, by its number.
    pub(super) fn bytes(&self, literal: u32) -> &[u8] {
        let Some(literal) = self.literals.get(literal as usize) else { return &[] };
        let start = literal.start as usize;
        self.text.get(start..start.saturating_add(literal.length.into())).unwrap_or(&[])
    }
}

impl Entry {
    fn new(key: u16, offset: u16, n: u32, needle: &Needle) -> Self {
        let literal = &*needle.bytes;
        let bytes = [literal.first(), literal.last()].map(|end| end.copied().unwrap_or(0));
        let folds = bytes.map(|byte| if byte.is_ascii_lowercase() { FOLD } else { 0 });
        let ends = [bytes[0] | folds[0], bytes[1] | folds[1]];
        let length = u16::try_from(literal.len()).unwrap_or(u16::MAX);
        let edges = [needle.edge_before, needle.edge_after];
        Self { key, ends, folds, edges, offset, length, literal: n }
    }
}

impl Table {
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by_key(|entry| (entry.key, entry.literal));
        if entries.is_empty() {
            return Self { starts: Cow::Borrowed(&[]), entries: Cow::Borrowed(&[]) };
        }
        let mut starts = Vec::with_capacity(1 << (KEY_BITS - BUCKET_SHIFT) | 1);
        let mut next = 0_usize;
        for bucket in 0..=1_u32 << (KEY_BITS - BUCKET_SHIFT) {
            while entries.get(next).is_some_and(|entry| u32::from(entry.key) >> BUCKET_SHIFT < bucket) {
                next = next.saturating_add(1);
            }
            starts.push(u32::try_from(next).unwrap_or(u32::MAX));
        }
        Self { starts: starts.into(), entries: entries.into() }
    }

    /// The entries of the keys that share a bucket with this one.
    #[inline]
    pub(super) fn bucket(&self, key: u16) -> &[Entry] {
        let bucket = usize::from(key >> BUCKET_SHIFT);
        match self.starts.get(bucket..bucket.saturating_add(2)) {
            Some([first, last]) => self.entries.get(*first as usize..*last as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

/// Set in a byte, it takes an upper-case letter for the lower-case one, and a few other bytes for each other.
pub(super) const FOLD: u8 = 0x20;

/// The same for each of two bytes.
const FOLDS: u16 = u16::from_le_bytes([FOLD; 2]);

/// A hash of four bytes, the first the lowest, that does not tell upper from lower case, nor a few other bytes from each other.
pub(super) fn hash(bytes: u32) -> u16 {
    mix((bytes & 0xffff) as u16, (bytes >> 16) as u16)
}

/// The same of the first two bytes and the other two. In sixteen bits, of which a vector holds many.
#[inline]
pub(super) fn mix(low: u16, high: u16) -> u16 {
    (low | FOLDS).wrapping_mul(0x9e35).wrapping_add((high | FOLDS).wrapping_mul(0x79b9))
}

/// The key of one byte, in any case.
pub(super) fn single_key(byte: u8) -> u16 {
    byte.to_ascii_lowercase().into()
}

/// A hash of three bytes, the first two as they stand in a text, like that of four.
#[inline]
pub(super) fn triple(two: u16, third: u8) -> u16 {
    mix(two, third.into())
}

/// The key of two bytes, in any case. Each pair has one of its own, far from those of pairs that are like it: literals that
/// all begin with a point must not share a bucket.
pub(super) fn pair(first: u8, second: u8) -> u16 {
    u16::from_le_bytes([first.to_ascii_lowercase(), second.to_ascii_lowercase()]).wrapping_mul(0x9e37)
}

/// How many literals may share four bytes while others of theirs will do.
const MAX_SHARED: u8 = 8;

/// Where in `literal` the four bytes stand that come least often in a text, and their hash. Those that many literals
/// have already come last: a text full of them would be compared with every one. Before those come four that a run of one
/// byte or of two is made of, since a text of them has them at every place.
fn rarest(literal: &[u8], uses: &[u8]) -> (u16, u16) {
    let mut best = ((true, true, f64::INFINITY), 0, 0);
    for (offset, four) in (0_u16..).zip(literal.array_windows::<4>()) {
        let hash = hash(u32::from_le_bytes(*four));
        let crowded = uses.get(usize::from(hash)).is_some_and(|used| *used >= MAX_SHARED);
        let [a, b, c, d] = four.map(|byte| byte | FOLD);
        let cost = (crowded, a == c && b == d, frequency::chance(four));
        if cost < best.0 {
            best = (cost, offset, hash);
        }
    }
    (best.1, best.2)
}
