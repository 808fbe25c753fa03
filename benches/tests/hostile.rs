//! No input of 1 MiB, however hostile, holds a message up for long.

use std::time::Duration;

use benches::engine;
use benches::hostile::{Hostile, SIZE, all};
use benches::stopwatch::{Stopwatch, slowness};
use vanguard_engine::engine::MAX_ACTING;
use vanguard_engine::views::ViewLimits;
use vanguard_engine::{Engine, Scratch};

/// The longest that judging 1 MiB may take in a release build.
const LIMIT: Duration = Duration::from_millis(50);
/// How often a message is judged that took too long, each time after a look at how fast the machine is.
const TRIES: usize = 12;

#[test]
fn views_of_hostile_messages_stay_within_their_limits() {
    let (engine, mut scratch) = (engine(), Scratch::default());
    let most = ViewLimits::default().count;
    for hostile in all(SIZE / 32) {
        let judged = hostile.judge(&engine, &mut scratch);
        for coverage in judged.decisions.iter().map(|decision| decision.coverage) {
            let (fields, views) = (coverage.fields as usize, coverage.views as usize);
            assert!(views <= most * fields.min(MAX_ACTING), "{}: {views} views of {fields} fields", hostile.name);
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "a limit of release builds: cargo test --release -p benches")]
fn no_message_of_1_mib_takes_longer_than_its_limit() {
    let (engine, mut scratch) = (engine(), Scratch::default());
    let mut slow = Vec::new();
    for hostile in all(SIZE) {
        let best = best(&hostile, &engine, &mut scratch);
        if best > LIMIT {
            slow.push((best, hostile.name));
        }
    }
    slow.sort();
    let slow: Vec<String> = slow.iter().map(|(time, name)| format!("{} ms: {name}", time.as_millis())).collect();
    assert!(slow.is_empty(), "\n{}", slow.join("\n"));
}

/// The shortest time that it takes to judge, of as many tries as it takes to stay below the limit. The first also compiles
/// patterns.
fn best(hostile: &Hostile, engine: &Engine, scratch: &mut Scratch) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..TRIES {
        let before = slowness();
        let begun = Stopwatch::start();
        hostile.judge(engine, scratch);
        let took = begun.elapsed().div_f64(before.min(slowness()));
        best = best.min(took);
        if best < LIMIT {
            break;
        }
    }
    best
}
