//! The clock that the engine is handed.

use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use vanguard_engine::Clock;

/// The machine's clock. All of a process tell the same time: what sessions have in common is counted by it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// When the process began to ask.
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for SystemClock {
    fn monotonic_ns(&self) -> u64 {
        // 584 years of uptime.
        u64::try_from(START.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn unix_seconds(&self) -> i64 {
        // Before 1970 every exception with an expiry would still hold; that clock is wrong, and 0 says as much.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_made_later_tells_the_same_time() {
        let pause = std::time::Duration::from_millis(20);
        let before = SystemClock.monotonic_ns();
        std::thread::sleep(pause);
        let after = SystemClock.monotonic_ns();
        assert!(u128::from(after - before) >= pause.as_nanos(), "{before} and {after}");
    }
}
