//! What it costs to remember. Limits: 2 µs a call with 10,000 sessions, 4 KB of memory each, and 150 MB/s for text whose prints are taken.
//!
//! `cargo bench -p benches --bench behaviour`

use std::alloc::System;
use std::collections::BTreeMap;
use std::sync::Arc;

use benches::Still;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use vanguard_engine::rules::{RuleSet, Tuning, builtin};
use vanguard_engine::{Behaviour, Engine, Flow, Limits, Policy, Profile, Scratch, Session};
use vanguard_state::Local;

#[global_allocator]
static ALLOC: AllocProfiler<System> = AllocProfiler::new(System);

const SESSIONS: usize = 10_000;

fn main() {
    divan::main();
}

fn engine() -> Engine {
    let tuning = Tuning { profile: Profile::Balanced, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(builtin(), &tuning).expect("the built-in packs load");
    let behaviour = Some(Behaviour::of(Profile::Balanced));
    Engine::new(rules, Policy { behaviour, ..Policy::default() }, Limits::default())
}

fn sessions(remembered: bool) -> Vec<Session> {
    let one = if remembered { Session::new().remembering(Arc::new(Local::new())) } else { Session::new() };
    (0..SESSIONS).map(|_| one.another()).collect()
}

const CALL: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"src/main.rs"}}}"#;
const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"fn main() {}"}]}}"#;

fn exchange(engine: &Engine, session: &Session, answer: &str, scratch: &mut Scratch) {
    for (flow, line) in [(Flow::ToServer, CALL), (Flow::ToClient, answer)] {
        let judged = engine.judge(session, flow, line.as_bytes(), scratch, &Still);
        assert!(judged.decisions.iter().all(|decision| decision.verdict.passes()));
    }
}

/// A call and its answer, in one session after the other.
#[divan::bench(args = [false, true], sample_size = 1000)]
fn call_and_answer(bencher: Bencher<'_, '_>, remembered: bool) {
    let (engine, sessions, mut scratch) = (engine(), sessions(remembered), Scratch::default());
    let mut next = sessions.iter().cycle();
    bencher.bench_local(|| exchange(&engine, next.next().expect("endless"), ANSWER, &mut scratch));
}

/// What is kept of sessions that have made a call: the most bytes at once, for all of them.
#[divan::bench(args = [false, true], sample_count = 1, sample_size = 1)]
fn sessions_at_rest(bencher: Bencher<'_, '_>, remembered: bool) {
    let (engine, mut scratch) = (engine(), Scratch::default());
    exchange(&engine, &Session::new(), ANSWER, &mut scratch);
    bencher.bench_local(|| {
        let sessions = sessions(remembered);
        for session in &sessions {
            exchange(&engine, session, ANSWER, &mut scratch);
        }
        sessions
    });
}

/// 64 KB of somebody's mail, of which prints are taken where it is remembered.
#[divan::bench(args = [false, true])]
fn private_text(bencher: Bencher<'_, '_>, remembered: bool) {
    let (engine, mut scratch) = (engine(), Scratch::default());
    let text = (0..)
        .map(|n| format!("Line {n} of a letter to Anna about the garden, the weather and dinner. "))
        .take(900)
        .collect::<Vec<_>>()
        .concat();
    let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#);
    let call = CALL.replace("read_file", "read_email").replace("path", "folder").replace("src/main.rs", "inbox");
    let one = if remembered { Session::new().remembering(Arc::new(Local::new())) } else { Session::new() };
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| {
        for (flow, line) in [(Flow::ToServer, &call), (Flow::ToClient, &answer)] {
            engine.judge(&one, flow, line.as_bytes(), &mut scratch, &Still);
        }
    });
}
