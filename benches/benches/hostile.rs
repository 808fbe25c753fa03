//! Messages made to be slow, 1 MiB each. Limit: 50 ms.
//!
//! `cargo bench -p benches --bench hostile`

use std::time::Duration;

use benches::engine;
use benches::hostile::{SIZE, all};
use benches::stopwatch::Stopwatch;
use vanguard_engine::Scratch;

/// How often each is judged.
const TRIES: usize = 3;

/// Every message with the shortest of its times, the slowest last.
fn main() {
    let (engine, mut scratch) = (engine(), Scratch::default());
    let mut times: Vec<(Duration, String)> = all(SIZE)
        .map(|hostile| {
            let timed = || {
                let begun = Stopwatch::start();
                hostile.judge(&engine, &mut scratch);
                begun.elapsed()
            };
            (std::iter::repeat_with(timed).take(TRIES).min().unwrap_or_default(), hostile.name)
        })
        .collect();
    times.sort();
    for (time, name) in times {
        println!("{:6.1} ms  {name}", time.as_secs_f64() * 1e3);
    }
}
