//! No input of 1 MiB, however hostile, holds a message up for long.

use std::time::{Duration, Instant};

use benches::hostile::{PLACES, SIZE, TEXTS};
use benches::{Still, call, engine};
use vanguard_engine::views::ViewLimits;
use vanguard_engine::{Engine, Flow, Scratch, Session};

/// The longest that judging 1 MiB may take in a release build.
const LIMIT: Duration = Duration::from_millis(50);

/// The time that this thread ran, where the system tells it, so that a busy machine fails no test; else all that passed.
struct Stopwatch {
    ran: Option<Duration>,
    begun: Instant,
}

impl Stopwatch {
    fn start() -> Self {
        Self { ran: Self::ran(), begun: Instant::now() }
    }

    fn elapsed(&self) -> Duration {
        let ran = Self::ran().zip(self.ran).and_then(|(now, then)| now.checked_sub(then));
        ran.filter(|ran| !ran.is_zero()).unwrap_or_else(|| self.begun.elapsed())
    }

    fn ran() -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }
}

/// Each text in each place, and in an answer: what it is, which way it goes, and the message.
fn messages(size: usize) -> impl Iterator<Item = (String, Flow, String)> {
    TEXTS.iter().flat_map(move |(name, text)| {
        let text = serde_json::to_string(&text(size)).expect("a string is JSON");
        let answer = format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{text}}}}}"#
        );
        let calls = PLACES.map(|place| {
            (format!("{name} as {place}"), Flow::ToServer, call("acme", &format!(r#"{{"{place}":{text}}}"#)))
        });
        calls.into_iter().chain([(format!("{name} towards the model"), Flow::ToClient, answer)])
    })
}

fn judge(engine: &Engine, flow: Flow, message: &str, scratch: &mut Scratch) -> Vec<u32> {
    let judged = engine.judge(&Session::new(), flow, message.as_bytes(), scratch, &Still);
    assert!(judged.decisions.len() == 1);
    judged.decisions.iter().map(|decision| decision.coverage.views).collect()
}

#[test]
fn views_of_hostile_texts_stay_within_their_limits() {
    let (engine, mut scratch) = (engine(), Scratch::default());
    let most = u32::try_from(ViewLimits::default().count).expect("few");
    for (name, flow, message) in messages(SIZE / 32) {
        let views = judge(&engine, flow, &message, &mut scratch);
        // Two fields at most: the text, and beside it a word of the protocol.
        assert!(views.iter().all(|count| *count <= 2 * most), "{name}: {views:?} views");
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "a limit of release builds: cargo test --release -p benches")]
fn no_text_of_1_mib_takes_longer_than_its_limit() {
    let (engine, mut scratch) = (engine(), Scratch::default());
    let mut slow = Vec::new();
    for (name, flow, message) in messages(SIZE) {
        // The first time compiles patterns.
        let timed = || {
            let begun = Stopwatch::start();
            judge(&engine, flow, &message, &mut scratch);
            begun.elapsed()
        };
        let best = std::iter::repeat_with(timed).take(3).min().unwrap_or_default();
        if best > LIMIT {
            slow.push((best, name));
        }
    }
    slow.sort();
    let slow: Vec<String> = slow.iter().map(|(time, name)| format!("{} ms: {name}", time.as_millis())).collect();
    assert!(slow.is_empty(), "\n{}", slow.join("\n"));
}
