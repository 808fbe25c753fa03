use std::hint::black_box;
use std::time::{Duration, Instant};

/// The time that this thread ran, where the system tells it, so that a busy machine fails no test; else all that passed.
#[derive(Debug)]
pub struct Stopwatch {
    ran: Option<Duration>,
    begun: Instant,
}

impl Stopwatch {
    /// Starts it.
    pub fn start() -> Self {
        Self { ran: Self::ran(), begun: Instant::now() }
    }

    /// What it shows.
    pub fn elapsed(&self) -> Duration {
        let ran = Self::ran().zip(self.ran).and_then(|(now, then)| now.checked_sub(then));
        ran.filter(|ran| !ran.is_zero()).unwrap_or_else(|| self.begun.elapsed())
    }

    fn ran() -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }
}

/// How long [`slowness`] works on the machine that the limits were set on, when nothing else runs there.
const YARDSTICK: Duration = Duration::from_millis(1);

/// How many times slower this machine is just now than the one that the limits were set on; 1 for one as fast or faster.
/// A thread that shares its core with another takes up to twice the time of its own.
pub fn slowness() -> f64 {
    let begun = Stopwatch::start();
    let mut state = 1_u32;
    let mut numbers: Vec<u32> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state
    })
    .take(1 << 16)
    .collect();
    numbers.sort_unstable();
    black_box(numbers);
    (begun.elapsed().as_secs_f64() / YARDSTICK.as_secs_f64()).max(1.0)
}
