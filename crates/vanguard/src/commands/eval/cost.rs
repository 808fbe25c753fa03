//! What each rule costs: the time it takes, alone, to look at what all rules look at.
//!
//! Alone, since together they share one pass over a text: the sum is more than what all take together. Rules that share a
//! detector's look each show the whole of it.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use serde::Serialize;
use vanguard_engine::engine::{Engine, Scratch};
use vanguard_engine::finding::Action;
use vanguard_engine::role::Roles;
use vanguard_engine::rules::{Direction, RuleSet, ScanScratch, Target, Tuning};
use vanguard_engine::views::Chain;
use vanguard_gateway::SystemClock;

use super::corpus::Case;
use super::trial;
use crate::engine::{self, Pack};
use crate::exit::Failure;

/// The most text of views that rules are timed on: a sample of a larger corpus, taken evenly.
const MAX_BYTES: usize = 16 << 20;

/// The time of one rule.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cost {
    /// Over the sample, beyond what a set without rules takes.
    pub(super) total_ns: u64,
    /// A message, on average.
    pub(super) ns_per_message: u64,
}

/// A view of a message, as rules get it.
struct Seen {
    view: String,
    chain: Chain,
    as_it_came: bool,
    roles: Roles,
    direction: Direction,
    tool: Option<String>,
}

/// The cost of every rule in effect, by id.
pub(super) fn of_rules(engine: &Engine, packs: &[Pack], cases: &[Case]) -> Result<BTreeMap<String, Cost>, Failure> {
    let (seen, messages) = sample(engine, cases);
    let active = engine.rules().rules().iter().filter(|rule| rule.action != Action::Off);
    let ids: Vec<String> = active.map(|rule| rule.info.id.to_string()).collect();
    let tuning = Tuning { profile: engine.policy().profile, overrides: &BTreeMap::new() };
    let mut set = engine::load(packs, &tuning)?;
    let mut scratch = ScanScratch::default();
    let mut timed = |id: Option<&str>| {
        set.narrow(&|rule| id.is_some_and(|id| rule.info.id == id));
        // The first pass compiles what the second runs.
        pass(&set, &seen, &mut scratch);
        pass(&set, &seen, &mut scratch)
    };
    let idle = timed(None);
    let costs = ids.into_iter().map(|id| {
        let total_ns = timed(Some(&id)).saturating_sub(idle);
        (id, Cost { total_ns, ns_per_message: total_ns / (messages as u64).max(1) })
    });
    Ok(costs.collect())
}

/// The views of every n-th message, and how many messages those are.
fn sample(engine: &Engine, cases: &[Case]) -> (Vec<Seen>, usize) {
    let bytes: usize = cases.iter().map(|case| case.message.len()).sum();
    // Views are about twice the text.
    let stride = (2 * bytes).div_ceil(MAX_BYTES).max(1);
    let (mut seen, mut messages, mut scratch, clock) = (Vec::new(), 0, Scratch::default(), SystemClock);
    for case in cases.iter().step_by(stride) {
        messages += 1;
        let (session, flow) = trial::opened(engine, case, &mut scratch, clock);
        engine.survey(&session, flow, case.message.as_bytes(), &mut scratch, &mut |view, chain, as_it_came, target| {
            seen.push(Seen {
                view: view.to_owned(),
                chain: chain.clone(),
                as_it_came,
                roles: target.roles,
                direction: target.direction,
                tool: target.tool.map(str::to_owned),
            });
        });
    }
    (seen, messages)
}

/// Nanoseconds that one pass over all views takes.
fn pass(set: &RuleSet, seen: &[Seen], scratch: &mut ScanScratch) -> u64 {
    let begun = Instant::now();
    for Seen { view, chain, as_it_came, roles, direction, tool } in seen {
        scratch.begin_message();
        let target = Target { roles: *roles, direction: *direction, tool: tool.as_deref(), pointer: &String::new };
        // A rule that runs out of its budget has cost what it has cost.
        let _ = black_box(set.scan(view, chain, *as_it_came, &target, scratch, &mut |_, span| {
            black_box(span);
        }));
    }
    u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
