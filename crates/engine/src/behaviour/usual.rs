//! What is usual for a session or a principal, and what is not: baselines that follow along, off unless asked for. What is unusual need not be
//! wrong.

use serde::{Deserialize, Serialize};

use super::effect::Effects;

/// Calls before anything can be called unusual.
const KNOWN_AFTER: u32 = 32;
/// How much a call moves what is usual, and what is at the moment.
const SLOW: f32 = 1.0 / 64.0;
const FAST: f32 = 1.0 / 4.0;
/// How many standard deviations larger than usual arguments are unusual, and the least deviation (of a logarithm) that is reckoned with.
const FAR: f32 = 5.0;
const LEAST_DEVIATION: f32 = 0.5;
/// How many times faster than usual calls are unusual.
const FASTER: f32 = 30.0;
/// The share of calls below which an effect is unusual.
const RARE: f32 = 0.004;
/// The effects that matter when they are new.
const GRAVE: [(Effects, &str); 3] =
    [(Effects::SENDS, "sends"), (Effects::RUNS, "runs commands"), (Effects::WRITES, "changes something")];

/// What is usual for a session or a principal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Usual {
    calls: u32,
    at_ms: u64,
    /// Logarithm of the bytes of arguments: mean and variance.
    size: f32,
    spread: f32,
    /// Logarithm of the milliseconds between calls: usually, and at the moment.
    gap: f32,
    gap_now: f32,
    /// Whether it was said that calls come fast, and they still do.
    hurries: bool,
    /// Shares of calls with each effect of [`GRAVE`].
    shares: [f32; GRAVE.len()],
}

// Compared for tests of state only, where none of the figures is NaN.
impl Eq for Usual {}

/// A call as habits see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habit {
    pub(crate) effects: Effects,
    /// Bytes of its arguments.
    pub(crate) bytes: usize,
    pub(crate) now_ms: u64,
}

impl Usual {
    /// Says what is unusual about a call, then counts it in.
    #[expect(clippy::cast_precision_loss, reason = "a hundredth part more or less is nothing here")]
    pub(crate) fn meet(&mut self, call: &Habit, say: &mut dyn FnMut(String)) {
        let known = self.calls >= KNOWN_AFTER;
        let size = (1.0 + call.bytes as f32).ln();
        let deviation = self.spread.max(0.0).sqrt().max(LEAST_DEVIATION);
        if known && size - self.size > FAR * deviation {
            say(format!("{} bytes of arguments, usually {:.0}", call.bytes, self.size.exp()));
        }
        for ((effect, what), share) in GRAVE.iter().zip(&mut self.shares) {
            let does = call.effects.contains(*effect);
            if known && does && *share < RARE {
                say(format!("{what}, which hardly any of {} calls did", self.calls));
            }
            // In the beginning as a plain mean, so that the first calls do not weigh most.
            *share += (f32::from(u8::from(does)) - *share) * weight(self.calls);
        }
        let off = size - self.size;
        self.size += off * weight(self.calls);
        self.spread += (off * off - self.spread) * weight(self.calls);
        if self.calls > 0 {
            let gap = (1.0 + call.now_ms.saturating_sub(self.at_ms) as f32).ln();
            self.gap += (gap - self.gap) * weight(self.calls.saturating_sub(1));
            self.gap_now += (gap - self.gap_now) * FAST.max(weight(self.calls.saturating_sub(1)));
            let hurries = self.gap - self.gap_now > FASTER.ln();
            if known && hurries && !self.hurries {
                say(format!("a call each {:.0} ms, usually {:.0} ms", self.gap_now.exp(), self.gap.exp()));
            }
            self.hurries = hurries;
        }
        self.calls = self.calls.saturating_add(1);
        self.at_ms = call.now_ms;
    }
}

#[expect(clippy::cast_precision_loss, reason = "calls beyond a few dozen all weigh the same")]
fn weight(calls: u32) -> f32 {
    SLOW.max(1.0 / (calls as f32 + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of calls, each with milliseconds since the one before.
    fn said(calls: impl IntoIterator<Item = (Effects, usize, u64)>) -> Vec<String> {
        let (mut usual, mut said, mut now_ms) = (Usual::default(), Vec::new(), 1_000_000);
        for (effects, bytes, wait) in calls {
            now_ms += wait;
            usual.meet(&Habit { effects, bytes, now_ms }, &mut |what| said.push(what));
        }
        said
    }

    /// Reads of about 60 bytes, about every 4 s.
    fn work(calls: usize) -> impl Iterator<Item = (Effects, usize, u64)> {
        (0..calls).map(|n| (Effects::READS, 40 + n * 7 % 50, 1_000 + (n as u64 * 3_571) % 7_000))
    }

    #[test]
    fn a_day_of_work_is_usual() {
        assert!(said(work(500)).is_empty());
        let mixed = work(500).enumerate().map(|(n, (effects, bytes, wait))| match n % 9 {
            0 => (Effects::WRITES, bytes * 40, wait),
            4 => (Effects::RUNS, bytes, wait / 3),
            _ => (effects, bytes, wait),
        });
        assert!(said(mixed).is_empty());
    }

    #[test]
    fn what_was_never_done_so_is_unusual() {
        let then = |call| said(work(60).chain([call]));
        assert_eq!(then((Effects::READS, 90_000, 3_000)), ["90000 bytes of arguments, usually 63"]);
        assert_eq!(then((Effects::SENDS, 64, 3_000)), ["sends, which hardly any of 60 calls did"]);
        assert!(said(work(10).chain([(Effects::SENDS, 90_000, 3_000)])).is_empty(), "too early to tell");
    }

    #[test]
    fn haste_is_said_once() {
        let hurry = (0..40).map(|_| (Effects::READS, 60, 5));
        let said = said(work(60).chain(hurry));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("a call each "), "{said:?}");
    }
}
