//! What was there a moment ago: a table of a thousand rows is not a thousand times what it says once.

use super::bucket;

/// How many of the last words and pairs are remembered.
const REMEMBERED: usize = 256;

/// The last words and pairs of a sentence. It is used for one after the other: what other sentences left is nothing.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Which sentence this is, counted from one.
    sentence: u32,
    /// Which sentence, and half of what was there, which is enough to tell it apart.
    places: [u64; REMEMBERED],
}

impl Default for Seen {
    fn default() -> Self {
        Self { sentence: 0, places: [0; REMEMBERED] }
    }
}

impl Seen {
    /// Begins another sentence.
    pub(super) fn begin(&mut self) {
        self.sentence = self.sentence.wrapping_add(1);
        if self.sentence == 0 {
            *self = Self { sentence: 1, ..Self::default() };
        }
    }

    /// Whether it was not there a moment ago.
    #[inline]
    pub(super) fn is_new(&mut self, what: u64) -> bool {
        let now = u64::from(self.sentence) << 32 | what & u64::from(u32::MAX);
        let place = bucket(what, REMEMBERED.trailing_zeros());
        self.places.get_mut(place).is_none_or(|seen| std::mem::replace(seen, now) != now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_sentence_said_is_new() {
        let mut seen = Seen { sentence: u32::MAX - 1, ..Seen::default() };
        for _ in 0..3 {
            seen.begin();
            assert_eq!([seen.is_new(7), seen.is_new(7), seen.is_new(0)], [true, false, true]);
        }
    }
}
