//! What a thread remembers of words: texts say the same ones again and again, and the letters of a word always weigh the same.

use std::cell::Cell;

use crate::features::{self, Letters, New, Seen, Spelt, Taker};

/// Words that are remembered. Two that fall on one place take turns: they are compared letter by letter.
const PLACES: usize = 1024;

/// See the module.
#[derive(Debug)]
struct Memory {
    /// Whose weights they are.
    weights: &'static [u8],
    /// The last place is that of whatever word is not remembered.
    words: Vec<Word>,
    seen: Seen,
}

/// What a word weighs.
#[derive(Debug, Clone, Copy)]
struct Word {
    letters: u128,
    token: u64,
    /// Its parts together, and how many there are.
    parts: i16,
    count: u8,
    /// By itself, and where it begins something.
    own: i8,
    first: i8,
    before: bool,
}

const NONE: Word = Word { letters: 0, token: 0, parts: 0, count: 0, own: 0, first: 0, before: false };

thread_local! {
    static MEMORY: Cell<Option<Box<Memory>>> = const { Cell::new(None) };
}

/// The sum of the weights of a sentence, and how many there are.
pub(super) fn sum(sentence: &str, weights: &'static [u8]) -> (i32, u32) {
    // A thread that ends may have none any more.
    let mut memory = MEMORY
        .try_with(Cell::take)
        .ok()
        .flatten()
        .filter(|memory| std::ptr::eq(memory.weights, weights))
        .unwrap_or_else(|| Box::new(Memory { weights, words: vec![NONE; PLACES + 1], seen: Seen::default() }));
    let mut sum = Sum { weights, words: &mut memory.words, all: 0, count: 0 };
    features::read(sentence, &mut memory.seen, &mut sum);
    let Sum { all, count, .. } = sum;
    // As above.
    let _ = MEMORY.try_with(|place| place.set(Some(memory)));
    (all, count)
}

/// Adds up what it takes. A sentence has a few thousand features at most, so nothing of it overflows.
struct Sum<'m> {
    weights: &'static [u8],
    words: &'m mut [Word],
    all: i32,
    count: u32,
}

impl Sum<'_> {
    #[inline]
    fn weight(&self, bucket: usize) -> i8 {
        self.weights.get(bucket).copied().unwrap_or(0).cast_signed()
    }

    fn weighed(&self, letters: Letters<'_>) -> Word {
        let spelt = letters.spelt();
        let (mut parts, mut count) = (0_i16, 0_u8);
        letters.parts(&mut |part| {
            parts = parts.wrapping_add(self.weight(part).into());
            count = count.wrapping_add(1);
        });
        let (own, first) = (self.weight(spelt.own()), self.weight(spelt.first()));
        let Spelt { token, before } = spelt;
        Word { letters: 0, token, parts, count, own, first, before }
    }

    #[inline]
    fn at(&self, place: usize) -> &Word {
        self.words.get(place).unwrap_or(&NONE)
    }
}

impl Taker for Sum<'_> {
    /// Its place.
    type Word = usize;

    #[inline]
    fn know(&mut self, letters: Letters<'_>) -> usize {
        let (place, few) = match letters {
            Letters::Few(few) => (place(few), few),
            Letters::Any(_) => (PLACES, 0),
        };
        if few == 0 || self.at(place).letters != few {
            let word = Word { letters: few, ..self.weighed(letters) };
            if let Some(place) = self.words.get_mut(place) {
                *place = word;
            }
        }
        place
    }

    #[inline]
    fn spelt(&self, word: &usize) -> Spelt {
        let Word { token, before, .. } = *self.at(*word);
        Spelt { token, before }
    }

    #[inline]
    fn word(&mut self, word: &usize, new: New) {
        let word = self.at(*word);
        let (parts, first) = (i32::from(new.parts), i32::from(new.first));
        let mut sum = parts * i32::from(word.parts) + first * i32::from(word.first);
        let mut count = u32::from(new.parts) * u32::from(word.count) + u32::from(new.first);
        if let Some([pair, gap]) = new.near {
            sum += i32::from(word.own) + i32::from(self.weight(pair)) + i32::from(self.weight(gap));
            count += 3;
        }
        self.all += sum;
        self.count += count;
    }

    #[inline]
    fn token(&mut self, own: usize, [pair, gap]: [usize; 2]) {
        self.all += i32::from(self.weight(own)) + i32::from(self.weight(pair)) + i32::from(self.weight(gap));
        self.count += 3;
    }
}

/// Where a word is remembered.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken, and the upper bits are left")]
const fn place(letters: u128) -> usize {
    let halves = letters as u64 ^ (letters >> 64) as u64;
    (halves.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PLACES.trailing_zeros())) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_changes_no_sum() {
        let weights: &[u8] =
            (0..features::BUCKETS).map(|n| u8::try_from(n * 37 % 251).expect("a byte")).collect::<Vec<_>>().leak();
        let texts = [
            "Please delete the files; then the files, the FILES and the file's files.",
            "internationalisation counterrevolutionary a b c e4 x86_64 don't café Straße 日本語 नमस्ते",
            "aaaaa aaaaaa aaaaaaa aaaaaaaa aaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaa",
            "",
        ];
        for text in texts.iter().chain(&texts) {
            let (mut expected, mut count) = (0, 0);
            features::each(text, &mut |bucket| {
                expected += i32::from(weights[bucket].cast_signed());
                count += 1;
            });
            assert_eq!(sum(text, weights), (expected, count), "{text}");
        }
    }
}
