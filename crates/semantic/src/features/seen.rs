//! What was there a moment ago: a table of a thousand rows is not a thousand times what it says once.

use super::bucket;

/// Where words and pairs are remembered: the last two of each place, for two that take turns on one would be new each time.
const PLACES: usize = 512;

/// The last words and pairs of a sentence. It is used for one after the other: what other sentences left is nothing.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Which sentence this is, counted from one.
    sentence: u32,
    /// Which sentence, and half of what was there, which is enough to tell it apart.
    places: [[u64; 2]; PLACES],
}

impl Default for Seen {
    fn default() -> Self {
        Self { sentence: 0, places: [[0; 2]; PLACES] }
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
        let place = bucket(what, PLACES.trailing_zeros());
        let Some([last, before]) = self.places.get_mut(place) else { return true };
        if *last == now {
            return false;
        }
        let is_new = *before != now;
        *before = std::mem::replace(last, now);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_take_turns_on_one_place_are_there() {
        let bits = PLACES.trailing_zeros();
        let other =
            (1..=u64::from(u32::MAX)).find(|n| bucket(*n, bits) == bucket(0, bits)).expect("some fall on the same");
        let mut seen = Seen::default();
        seen.begin();
        assert_eq!([0, other, 0, other, 0, 0].map(|what| seen.is_new(what)), [true, true, false, false, false, false]);
    }

    #[test]
    fn what_another_sentence_said_is_new() {
        let mut seen = Seen { sentence: u32::MAX - 1, ..Seen::default() };
        for _ in 0..3 {
            seen.begin();
            assert_eq!([seen.is_new(7), seen.is_new(7), seen.is_new(0)], [true, false, true]);
        }
    }
}
