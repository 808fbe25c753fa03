//! How much may be asked in a minute.

use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::MAX_TOKENS;

/// What a question costs beside its text: what the model is told to do.
const TASK: u32 = 400;
/// Bytes of text for one token, reckoned low: code, and languages beyond English, take more tokens than prose.
const BYTES: usize = 3;

/// Calls and tokens.
#[derive(Debug)]
pub(super) struct Budget {
    calls: DefaultDirectRateLimiter,
    tokens: DefaultDirectRateLimiter,
}

impl Budget {
    pub(super) fn new(calls: u32, tokens: u32) -> Self {
        let a_minute =
            |most: u32| RateLimiter::direct(Quota::per_minute(NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN)));
        Self { calls: a_minute(calls), tokens: a_minute(tokens) }
    }

    /// Takes what a question of so many bytes costs. False where it is not there.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let tokens = NonZeroU32::new(reckoned(bytes)).unwrap_or(NonZeroU32::MIN);
        self.calls.check().is_ok() && self.tokens.check_n(tokens).is_ok_and(|there| there.is_ok())
    }
}

/// The tokens that a question of so many bytes takes, about.
pub(super) fn reckoned(bytes: usize) -> u32 {
    u32::try_from(bytes / BYTES).unwrap_or(u32::MAX).saturating_add(TASK + MAX_TOKENS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_tokens_both_bound_it() {
        let budget = Budget::new(2, 1_000_000);
        assert_eq!([budget.take(10), budget.take(10), budget.take(10)], [true, true, false]);
        let budget = Budget::new(100, reckoned(3_000) * 2);
        assert_eq!([budget.take(3_000), budget.take(3_000), budget.take(3_000)], [true, true, false]);
        assert!(!Budget::new(100, 10).take(3_000), "more than a minute has");
    }
}
