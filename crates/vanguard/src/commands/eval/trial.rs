//! Judges every case in a session of its own.

use std::sync::atomic::{AtomicUsize, Ordering};

use vanguard_engine::engine::{Engine, Scratch};
use vanguard_engine::finding::Action;
use vanguard_engine::session::Session;
use vanguard_engine::verdict::{Effect, Flow, Judged, Verdict};
use vanguard_gateway::SystemClock;

use super::corpus::{Case, Direction, member};

/// What became of a case.
#[derive(Debug)]
pub(super) struct Trial {
    /// The hardest verdict of its messages.
    pub(super) verdict: Verdict,
    /// Whether it was refused or altered.
    pub(super) stopped: bool,
    /// Ids of the rules that fired, those that refuse first.
    pub(super) rules: Vec<String>,
    /// Ids of the rules that refuse.
    pub(super) refusing: usize,
    /// Time to judge it.
    pub(super) ns: u64,
}

/// Judges all cases on `jobs` threads; the result is in the order of the cases.
pub(super) fn all(engine: &Engine, cases: &[Case], jobs: usize) -> Vec<Trial> {
    let (next, clock) = (AtomicUsize::new(0), SystemClock);
    let work = || {
        let (mut scratch, mut done) = (Scratch::default(), Vec::new());
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(case) = cases.get(n) else { return done };
            done.push((n, one(engine, case, &mut scratch, clock)));
        }
    };
    let mut trials: Vec<(usize, Trial)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    trials.sort_by_key(|(n, _)| *n);
    trials.into_iter().map(|(_, trial)| trial).collect()
}

fn one(engine: &Engine, case: &Case, scratch: &mut Scratch, clock: SystemClock) -> Trial {
    let (session, flow) = opened(engine, case, scratch, clock);
    let judged = engine.judge(&session, flow, case.message.as_bytes(), scratch, &clock);
    summary(&judged)
}

/// A session in which the case is next, and the way it travels.
pub(super) fn opened(engine: &Engine, case: &Case, scratch: &mut Scratch, clock: SystemClock) -> (Session, Flow) {
    let session = Session::new();
    if case.direction == Direction::Request {
        return (session, Flow::ToServer);
    }
    engine.judge(&session, Flow::ToServer, opening(case).as_bytes(), scratch, &clock);
    (session, Flow::ToClient)
}

/// The request that the case answers.
fn opening(case: &Case) -> String {
    let id = member(&case.message, "id").map_or("0", |span| &case.message[span]);
    match case.direction {
        Direction::ToolsList => format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list","params":{{}}}}"#),
        _ => format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"replay","arguments":{{"n":1}}}}}}"#
        ),
    }
}

fn summary(judged: &Judged<'_>) -> Trial {
    let mut found: Vec<(Action, String)> = judged
        .decisions
        .iter()
        .flat_map(|decision| &decision.findings)
        .map(|finding| (finding.effective(), finding.rule.id.to_string()))
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.dedup();
    Trial {
        verdict: judged.decisions.iter().map(|decision| decision.verdict).max().unwrap_or(Verdict::Block),
        stopped: matches!(judged.effect, Effect::Refuse(_))
            || judged.decisions.iter().any(|decision| decision.verdict == Verdict::Redact),
        refusing: found.iter().filter(|(action, _)| *action >= Action::Redact).count(),
        rules: found.into_iter().map(|(_, id)| id).collect(),
        ns: judged.timing.parse_ns.saturating_add(judged.timing.judge_ns),
    }
}
