//! When the inspection of a message must be over, whatever it holds.
//!
//! Budgets that count work keep a message from taking long, the same on every machine. This is what stands behind them: a
//! cost that no budget knows of still ends, and then the message is refused.

use std::cell::Cell;

use crate::engine::Clock;

/// How much is inspected between two looks at the clock: a small message ends before the first, however busy the machine.
const STRIDE: usize = 64 << 10;
/// What a view costs beside its bytes, in bytes.
const VIEW: usize = 512;

/// A point in time, and the clock to compare with it.
pub(crate) struct Deadline<'c> {
    clock: &'c dyn Clock,
    at_ns: u64,
    /// What was inspected since the clock was looked at.
    unseen: Cell<usize>,
    over: Cell<bool>,
}

impl<'c> Deadline<'c> {
    /// `ns` for each megabyte that a line of so many `bytes` begins.
    pub(crate) fn new(clock: &'c dyn Clock, begun_ns: u64, ns: u64, bytes: usize) -> Self {
        let megabytes = (bytes as u64 >> 20).saturating_add(1);
        let at_ns = begun_ns.saturating_add(ns.saturating_mul(megabytes));
        Self { clock, at_ns, unseen: Cell::new(0), over: Cell::new(false) }
    }

    /// Whether the time is over, now that a view of so many bytes is about to be inspected.
    pub(crate) fn is_over(&self, bytes: usize) -> bool {
        let unseen = self.unseen.get().saturating_add(bytes).saturating_add(VIEW);
        self.unseen.set(unseen % STRIDE);
        if unseen >= STRIDE && self.clock.monotonic_ns() > self.at_ns {
            self.over.set(true);
        }
        self.over.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that goes on by a millisecond whenever it is looked at.
    struct Ticking(std::sync::atomic::AtomicU64);

    impl Clock for Ticking {
        fn monotonic_ns(&self) -> u64 {
            self.0.fetch_add(1_000_000, std::sync::atomic::Ordering::Relaxed)
        }
        fn unix_seconds(&self) -> i64 {
            0
        }
    }

    #[test]
    fn much_work_meets_the_deadline_and_stays_over() {
        let clock = Ticking(0.into());
        let deadline = Deadline::new(&clock, 0, 2_000_000, 10);
        let looks: Vec<bool> = (0..6).map(|_| deadline.is_over(STRIDE)).collect();
        assert_eq!(looks, [false, false, false, true, true, true]);
        assert!(deadline.is_over(0));
    }

    #[test]
    fn little_work_never_looks_at_the_clock() {
        let clock = Ticking(0.into());
        let deadline = Deadline::new(&clock, 0, 0, 10);
        assert!((0..100).all(|_| !deadline.is_over(64)));
        assert_eq!(clock.monotonic_ns(), 0);
    }

    #[test]
    fn a_longer_message_has_longer() {
        let clock = Ticking(0.into());
        assert_eq!(Deadline::new(&clock, 5, 100, 0).at_ns, 105);
        assert_eq!(Deadline::new(&clock, 5, 100, 3 << 20).at_ns, 405);
    }
}
