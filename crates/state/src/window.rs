//! A sliding window: how much there was, not long ago.

use vanguard_engine::behaviour::SLOTS;

/// What was counted in each of the last [`SLOTS`] slots. It slides by a slot at a time, the same in every home: a slot is
/// `now / (window / SLOTS)`, and the total is that of the slot at hand and those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Window {
    /// The number of the latest slot.
    latest: u64,
    slots: [u64; SLOTS],
}

impl Window {
    /// Adds `amount` at `now_ms` to a window that reaches back `window_ms`, and says what it holds then. A clock that went back counts as
    /// one that stands still.
    pub(crate) fn add(&mut self, now_ms: u64, window_ms: u64, amount: u64) -> u64 {
        let slot = now_ms / length(window_ms);
        if slot >= self.latest.saturating_add(SLOTS as u64) {
            self.slots = Default::default();
            self.latest = slot;
        }
        while self.latest < slot {
            self.latest += 1;
            *self.slot() = 0;
        }
        let held = self.slot();
        *held = held.saturating_add(amount);
        self.slots.iter().fold(0, |total, slot| total.saturating_add(*slot))
    }

    fn slot(&mut self) -> &mut u64 {
        &mut self.slots[usize::try_from(self.latest % SLOTS as u64).unwrap_or_default()]
    }

    /// Whether nothing of it counts any more.
    pub(crate) fn is_over(&self, now_ms: u64, window_ms: u64) -> bool {
        now_ms / length(window_ms) >= self.latest.saturating_add(SLOTS as u64)
    }
}

/// Milliseconds of a slot.
fn length(window_ms: u64) -> u64 {
    (window_ms / SLOTS as u64).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Never more than the whole window, never less than what surely lies in it.
        #[test]
        fn it_reaches_back_as_far_as_it_says(steps in proptest::collection::vec((0_u64..3_000, 0_u64..5), 1..80)) {
            let (mut window, mut now, mut all) = (Window::default(), 50_000, Vec::new());
            for (wait, amount) in steps {
                now += wait;
                all.push((now, amount));
                let total = window.add(now, 8_000, amount);
                let since = |reach: u64| all.iter().filter(|(at, _)| now - at < reach).map(|(_, n)| n).sum::<u64>();
                prop_assert!(since(7_000) <= total && total <= since(8_000), "{} {total} {}", since(7_000), since(8_000));
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_loses_nothing() {
        let mut window = Window::default();
        window.add(100_000, 8_000, 3);
        assert_eq!(window.add(1_000, 8_000, 1), 4);
        assert!(!window.is_over(100_000, 8_000) && window.is_over(108_000, 8_000));
    }
}
