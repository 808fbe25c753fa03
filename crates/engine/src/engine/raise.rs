//! What a scorer says that takes its time: held messages are judged again by it, and of those that have passed the next are.

use std::sync::Arc;
use std::time::Duration;

use vanguard_wire::{Body, Message, Packet, Tape};

use super::{Bench, Clock, Engine, sort};
use crate::checks::{Check, Said};
use crate::finding::{Action, Evidence, Finding, Layer};
use crate::meaning::{Advice, Asking, Ground, Meaning, Meant, Scored, Suspicion};
use crate::policy::{Place, Profile};
use crate::session::{Exchange, Session};
use crate::verdict::{Answer, Coverage, Decision, Flow, Verdict};

/// What was said of a message.
#[derive(Debug, Clone)]
pub struct Word {
    /// Which decision of its line it is about.
    pub of: usize,
    /// Where the text stands.
    pub pointer: String,
    /// What was said.
    pub advice: Advice,
}

impl Engine {
    /// Adds what was `said` of a line that has not been sent on yet to its decisions. They are never milder than they were. Where the line does not
    /// pass any more, the answers that are sent in its place.
    pub fn raise(
        &self,
        session: &Session,
        line: &[u8],
        decisions: &mut [Decision],
        said: &[Word],
        clock: &dyn Clock,
    ) -> Option<Vec<Answer>> {
        let flow = decisions.first()?.flow;
        let bench = self.bench(session, flow, clock);
        for word in said {
            let Some(decision) = decisions.get_mut(word.of) else { continue };
            if let Some(finding) = bench.finding(decision.tool.as_deref(), word) {
                decision.findings.push(finding);
            }
        }
        for decision in decisions.iter_mut() {
            if decision.id.as_deref().is_some_and(|id| session.is_cancelled(id, flow)) {
                decision.findings.push(bench.own_finding(Check::Cancelled, Action::Block));
            }
            sort(&mut decision.findings);
            let (verdict, would_be) = self.policy.compose(&decision.findings);
            (decision.verdict, decision.would_be) = (decision.verdict.max(verdict), would_be);
        }
        if decisions.iter().all(|decision| decision.verdict.passes()) {
            return None;
        }
        // What is refused was not slowed down.
        for past in decisions.iter_mut().filter_map(|decision| decision.past.as_mut()) {
            past.held_ms = 0;
        }
        let mut tape = Tape::default();
        Some(match vanguard_wire::read(line, &self.limits, &mut tape) {
            Ok(Packet::Single(message)) => {
                let mut answers = Vec::new();
                if let Some(decision) = decisions.first() {
                    let exchange = exchange(&message, decision);
                    session.withdraw(&message, flow, &exchange);
                    answers.extend(bench.refusal(&message, &exchange, decision));
                }
                answers
            }
            Ok(Packet::Batch(messages)) => {
                let exchanges: Vec<Exchange> =
                    messages.iter().zip(&*decisions).map(|(message, decision)| exchange(message, decision)).collect();
                bench.refuse_batch(&messages, &exchanges, decisions)
            }
            // It was read once.
            Err(_) => Vec::new(),
        })
    }

    /// Whether a text of which nothing was said passes all the same, whatever it is: then it may go on before anybody is asked.
    pub fn passes_unsaid(&self) -> bool {
        let Some((_, asking)) = self.counsel() else { return true };
        let rule = self.checks.own(Check::Meaning(Said::Nothing));
        let own = if asking.closed { Action::Block } else { Action::Warn };
        self.policy.action(&rule.id, own) <= Action::Warn
    }

    /// What is to be recorded of what was said about a message that has passed, if it matters. From now on the session's calls that
    /// act are judged by it.
    pub fn note(&self, session: &Session, passed: &Decision, said: &Word, clock: &dyn Clock) -> Option<Decision> {
        let (_, asking) = self.counsel()?;
        let bench = self.bench(session, passed.flow, clock);
        let finding = bench.finding(passed.tool.as_deref(), said)?;
        let (ground, memory) = match said.advice {
            Ok(_) => (Ground::Scored, asking.memory),
            Err(_) => (Ground::Unscored, asking.unscored_memory),
        };
        let asks = finding.effective();
        // That nobody scored a text which passes all the same says nothing of the next one.
        if asks > Action::Warn || ground == Ground::Scored {
            let of = passed.tool.as_deref().or(passed.method.as_deref()).unwrap_or_default();
            let evidence = format!("{of}: {}", finding.evidence);
            let until = bench.ms.saturating_add(millis(memory));
            let action = if asks > Action::Warn { Action::Block } else { Action::Warn };
            session.risk().raise(ground, bench.ms, Suspicion { action, until, evidence });
        }
        let (meant, _) = self.policy.compose(std::slice::from_ref(&finding));
        Some(Decision {
            verdict: Verdict::Warn,
            would_be: (!meant.passes()).then_some(meant),
            findings: vec![finding],
            places: Vec::new(),
            past: None,
            coverage: Coverage::default(),
            ..passed.clone()
        })
    }

    fn bench<'e>(&'e self, session: &'e Session, flow: Flow, clock: &dyn Clock) -> Bench<'e> {
        let ms = clock.monotonic_ns().checked_div(1_000_000).unwrap_or_default();
        Bench { engine: self, session, flow, now: clock.unix_seconds(), ms, deadline: None }
    }
}

impl Bench<'_> {
    /// What was said, as a finding.
    fn finding(&self, tool: Option<&str>, word: &Word) -> Option<Finding> {
        let (_, asking) = self.engine.counsel()?;
        let strict = self.engine.policy.profile == Profile::Strict;
        let (said, own, evidence) = match &word.advice {
            Ok(scored) => {
                let (said, own) = match meant(asking, scored.score) {
                    Meant::Nothing => return None,
                    Meant::Doubt => (Said::Doubt, if strict { Action::Review } else { Action::Warn }),
                    Meant::Attack => (Said::Attack, Action::Block),
                };
                (said, own, shown(scored))
            }
            Err(why) if asking.closed => (Said::Nothing, Action::Block, format!("{why} (fail-closed)")),
            Err(why) => (Said::Nothing, Action::Warn, format!("{why} (fail-open)")),
        };
        let own = self.own_finding(Check::Meaning(said), own);
        let who = self.session.who();
        let place = Place { tool, pointer: &word.pointer, value: "", who, now: self.now };
        let excepted = self.engine.policy.excepted(&own.rule.id, &place).map(Into::into);
        let (pointer, evidence) = (word.pointer.clone(), Evidence::new(&evidence, false));
        let finding = Finding { layer: Layer::L2, pointer, evidence, excepted, ..own };
        (finding.effective() > Action::Off).then_some(finding)
    }
}

fn shown(scored: &Scored) -> String {
    let Scored { score, reason, by, took } = scored;
    let took = if took.is_zero() { "known".to_owned() } else { format!("{} ms", took.as_millis()) };
    format!("{score:.2} by {by} ({took}): {reason}")
}

fn meant(asking: &Asking, score: f32) -> Meant {
    Meaning::measure(score, asking.warn, asking.block)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The place of a message that was judged, as far as an answer to it must know.
fn exchange(message: &Message<'_, '_>, decision: &Decision) -> Exchange {
    let is_answer = matches!(message.body, Body::Response { .. } | Body::Error { .. });
    Exchange {
        method: decision.method.as_deref().map(Arc::from),
        request_id: decision.id.as_deref().filter(|_| is_answer).map(Into::into),
        ..Exchange::default()
    }
}
