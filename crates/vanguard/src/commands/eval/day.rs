//! Cases one after the other, as the work of a day: what only shows over time.
//!
//! The requests of a family, in their order, are the calls of a session, and its responses answer them as far as there are any; of benign
//! work nothing may be refused for what came before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use vanguard_engine::engine::{Clock, Engine, Scratch};
use vanguard_engine::finding::{Action, Layer};
use vanguard_engine::session::Session;
use vanguard_engine::verdict::{Decision, Flow, Judged};
use vanguard_state::Local;

use super::corpus::{Case, Direction, member};
use crate::table;

/// What became of the days.
#[derive(Debug, Default, Serialize)]
pub(super) struct Day {
    sessions: usize,
    calls: usize,
    results: usize,
    /// Messages that were refused for what came before them.
    pub(super) refused: usize,
    rules: BTreeMap<String, Said>,
}

/// What one rule had to say.
#[derive(Debug, Default, Serialize)]
struct Said {
    warned: usize,
    refused: usize,
    /// The first few.
    examples: Vec<String>,
}

/// How many examples of a rule are kept.
const EXAMPLES: usize = 3;

/// A clock that goes on by a pace for each call.
struct Paced(u64);

impl Clock for Paced {
    fn monotonic_ns(&self) -> u64 {
        self.0
    }

    fn unix_seconds(&self) -> i64 {
        0
    }
}

/// Has the cases follow each other, `calls` to a session, `pace` seconds apart.
pub(super) fn of(engine: &Engine, cases: &[Case], calls: usize, pace: u32) -> Day {
    let mut day = Day::default();
    let mut families: BTreeMap<&str, (Vec<&Case>, Vec<&Case>)> = BTreeMap::new();
    for case in cases {
        // `ben_tau_results` are answers to what `ben_tau` asks.
        let family = case.family.trim_end_matches("_results");
        let (requests, responses) = families.entry(family).or_default();
        match case.direction {
            Direction::Request => requests.push(case),
            Direction::Response => responses.push(case),
            Direction::ToolsList => {}
        }
    }
    for (requests, responses) in families.into_values() {
        let mut responses = responses.into_iter();
        for requests in requests.chunks(calls.max(1)) {
            day.session(engine, requests, &mut responses, pace);
        }
    }
    day
}

impl Day {
    fn session<'c>(
        &mut self,
        engine: &Engine,
        requests: &[&Case],
        responses: &mut impl Iterator<Item = &'c Case>,
        pace: u32,
    ) {
        self.sessions += 1;
        let session = Session::new().remembering(Arc::new(Local::new()));
        let (mut scratch, mut clock) = (Scratch::default(), Paced(1));
        for request in requests {
            clock.0 += u64::from(pace) * 1_000_000_000;
            self.calls += 1;
            let judged = engine.judge(&session, Flow::ToServer, request.message.as_bytes(), &mut scratch, &clock);
            self.note(request, &judged);
            let passed = judged.decisions.iter().all(|decision| decision.verdict.passes());
            let Some(id) = member(&request.message, "id").map(|span| &request.message[span]) else { continue };
            if !passed {
                continue;
            }
            let Some(response) = responses.next() else {
                let answer = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[]}}}}"#);
                engine.judge(&session, Flow::ToClient, answer.as_bytes(), &mut scratch, &clock);
                continue;
            };
            self.results += 1;
            let Some(span) = member(&response.message, "id") else { continue };
            let mut answer = response.message.clone();
            answer.replace_range(span, id);
            let judged = engine.judge(&session, Flow::ToClient, answer.as_bytes(), &mut scratch, &clock);
            self.note(response, &judged);
        }
    }

    fn note(&mut self, case: &Case, judged: &Judged<'_>) {
        let over_time = |decision: &Decision| {
            let found = decision.findings.iter().filter(|finding| finding.layer == Layer::L3);
            found
                .map(|finding| (finding.rule.id.to_string(), finding.effective(), finding.evidence.to_string()))
                .collect()
        };
        let found: Vec<(String, Action, String)> =
            judged.decisions.iter().flat_map(|d| -> Vec<_> { over_time(d) }).collect();
        let is_refusal = |(_, action, _): &(String, Action, String)| *action > Action::Redact;
        self.refused += usize::from(found.iter().any(is_refusal));
        for found in found {
            let refused = is_refusal(&found);
            let (rule, _, evidence) = found;
            let said = self.rules.entry(rule).or_default();
            *(if refused { &mut said.refused } else { &mut said.warned }) += 1;
            if said.examples.len() < EXAMPLES {
                said.examples.push(format!("{}: {evidence}", case.id));
            }
        }
    }

    /// As a person reads it.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} sessions, {} calls, {} results: {} refused for what came before\n",
            self.sessions, self.calls, self.results, self.refused
        );
        if self.rules.is_empty() {
            return text;
        }
        let mut rows = table::plain(&["rule", "warned", "refused", "such as"], 1);
        for (rule, said) in &self.rules {
            let first = said.examples.first().cloned().unwrap_or_default();
            rows.add_row([rule.clone(), said.warned.to_string(), said.refused.to_string(), first]);
        }
        text.push('\n');
        text.push_str(&table::text(&rows));
        text
    }
}
