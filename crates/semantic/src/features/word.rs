//! A word as numbers: what it is, and its parts.

use super::{FIRST_BITS, FIRSTS, OTHER_BITS, OTHERS, STEM, WORD, WORD_BITS, bucket, mix};

/// Letters of the parts of words.
const PART: usize = 4;
/// The kind of feature that they are.
const LETTERS: u64 = 0xc2b2_ae3d_27d4_eb4f;
/// One in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The letters of a word.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Letters<'w> {
    /// Up to sixteen of a to z, the last one in the lowest byte: no two words are the same number.
    Few(u128),
    /// Any.
    Any(&'w [u16]),
}

/// A word as a token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spelt {
    /// Which.
    pub(crate) token: u64,
    /// Whether what follows it begins something still: please, kindly, then.
    pub(crate) before: bool,
}

impl Spelt {
    /// The bucket of the word by itself.
    pub(crate) fn own(self) -> usize {
        bucket(self.token, WORD_BITS)
    }

    /// The bucket of the word where it begins something.
    pub(crate) fn first(self) -> usize {
        FIRSTS | bucket(self.token, FIRST_BITS)
    }
}

impl Letters<'_> {
    /// What the word is.
    pub(crate) fn spelt(self) -> Spelt {
        const BEFORE: [u64; 6] =
            [token(b"please"), token(b"kindly"), token(b"then"), token(b"also"), token(b"now"), token(b"just")];
        let token = match self {
            Self::Few(letters) => few(letters),
            Self::Any(all) => {
                let mut hash = 0;
                let (last, before) = (all.len().saturating_sub(PART), all.len().saturating_sub(1) / PART);
                for four in all.chunks(PART).take(before) {
                    hash = mix(hash, part(four));
                }
                mix(WORD, mix(hash, part(all.get(last..).unwrap_or_default())))
            }
        };
        Spelt { token, before: BEFORE.contains(&token) }
    }

    /// Gives `each` the buckets of its parts: how it begins, and each four of its letters if it has more.
    pub(crate) fn parts(self, each: &mut impl FnMut(usize)) {
        match self {
            Self::Few(letters) => {
                let length = length(letters);
                fours(length, (PART..=length).map(|end| spread(letters >> (8 * (length - end)))), each);
            }
            Self::Any(all) => fours(all.len(), all.windows(PART).map(part), each),
        }
    }
}

/// The features of all fours of letters of a word of `length`.
fn fours(length: usize, fours: impl Iterator<Item = u64>, each: &mut impl FnMut(usize)) {
    let mut stem = 0;
    for (n, four) in fours.enumerate() {
        match n {
            0 => {
                stem = mix(0, four);
                each(OTHERS | bucket(stem ^ STEM, OTHER_BITS));
            }
            2 => each(OTHERS | bucket(mix(stem, four) ^ STEM, OTHER_BITS)),
            _ => {}
        }
        if length > PART {
            each(OTHERS | bucket(four ^ LETTERS, OTHER_BITS));
        }
    }
}

/// The word of at most sixteen ASCII letters that `bytes` begin with, and how many it has. Where more follow it, it is none.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> Option<(Letters<'static>, usize)> {
    let (first, length) = letters(bytes);
    if length < 8 {
        return (length > 0).then(|| (Letters::Few((first >> (64 - 8 * length)).into()), length));
    }
    let rest = bytes.get(8..).unwrap_or_default();
    let (second, more) = letters(rest);
    if more == 8 && rest.get(8).is_some_and(u8::is_ascii_alphabetic) {
        return None;
    }
    let both = u128::from(first) << 64 | u128::from(second);
    Some((Letters::Few(both >> (64 - 8 * more)), 8 + more))
}

/// The first eight bytes, the first on top, in small letters, and how many letters they begin with.
#[inline]
fn letters(bytes: &[u8]) -> (u64, usize) {
    const TOPS: u64 = ONES * 0x80;
    let eight = bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut eight = [0; 8];
        eight.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        eight
    });
    let raw = u64::from_be_bytes(eight);
    let lower = (raw & (ONES * 0x7f)) | (ONES * 0x20);
    // The top of a byte says whether it is one: from `a` on, and not beyond `z`.
    let is_letter = (lower + ONES * (0x80 - 0x61)) & !(lower + ONES * (0x7f - 0x7a)) & !raw & TOPS;
    (lower, (!is_letter & TOPS).leading_zeros() as usize / 8)
}

/// The last four letters, each in two bytes.
#[expect(clippy::cast_possible_truncation, reason = "four letters are asked for")]
const fn spread(letters: u128) -> u64 {
    let letters = letters as u32 as u64;
    let letters = (letters | letters << 16) & 0x0000_ffff_0000_ffff;
    (letters | letters << 8) & 0x00ff_00ff_00ff_00ff
}

/// Up to four letters.
fn part(letters: &[u16]) -> u64 {
    letters.iter().fold(0, |part, letter| part << 16 | u64::from(*letter))
}

const fn length(letters: u128) -> usize {
    (u128::BITS - letters.leading_zeros()).div_ceil(8) as usize
}

/// The token of a word of a few letters: its fours one after the other, and its last four.
const fn few(letters: u128) -> u64 {
    let length = length(letters);
    let (mut hash, mut end) = (0, PART);
    while end < length {
        hash = mix(hash, spread(letters >> (8 * (length - end))));
        end += PART;
    }
    mix(WORD, mix(hash, spread(letters)))
}

/// The token of a word in small letters.
const fn token(mut word: &[u8]) -> u64 {
    let mut letters = 0;
    while let [first, rest @ ..] = word {
        letters = letters << 8 | *first as u128;
        word = rest;
    }
    few(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_few_letters_is_the_word_of_any() {
        let all = "abcdefghijklmnopqrstuvwxyz";
        for length in 1..=16 {
            let any: Vec<u16> = all.bytes().take(length).map(u16::from).collect();
            for after in ["", " ", "1", "é", "'", ". Next", "{aaaaaaaaaaaaaaa", "@Zz[`"] {
                let text = format!("{}{after}", all[..length].to_uppercase());
                let (few, found) = plain(text.as_bytes()).expect("a word");
                assert_eq!((found, few.spelt().token), (length, Letters::Any(&any).spelt().token), "{text}");
                let (mut one, mut other) = (Vec::new(), Vec::new());
                few.parts(&mut |part| one.push(part));
                Letters::Any(&any).parts(&mut |part| other.push(part));
                assert_eq!(one, other, "{text}");
            }
        }
        for text in ["", " a", "1", "éa", all] {
            assert!(plain(text.as_bytes()).is_none(), "{text}");
        }
    }
}
