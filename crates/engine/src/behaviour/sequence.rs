//! Sequences: what calls mean one after the other, as data.
//!
//! Each is a list of steps, compiled to an automaton with one position a session: a call that fits the step at hand moves it on, any
//! other leaves it, and what takes longer than `within` begins anew.

use std::hash::BuildHasher;
use std::sync::Arc;

use globset::{Glob, GlobMatcher};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use super::effect::Effects;
use crate::finding::{Action, Confidence, RuleInfo, Severity};
use crate::policy::Profile;

/// The most sequences of one policy.
pub const MAX_SEQUENCES: usize = 64;
/// The most steps of one sequence.
pub const MAX_STEPS: usize = 8;

/// A sequence as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    title: String,
    message: String,
    severity: Severity,
    #[serde(default = "medium")]
    confidence: Confidence,
    references: Vec<String>,
    tune: String,
    within: Within,
    steps: Vec<WrittenStep>,
    action: Action,
    strict: Option<Action>,
}

fn medium() -> Confidence {
    Confidence::Medium
}

/// How long a sequence may take, from its first step to its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Within {
    /// Calls.
    calls: u32,
    /// Seconds.
    seconds: u32,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStep {
    /// One of these effects.
    #[serde(default)]
    does: Vec<String>,
    /// Whether it touches a place for credentials.
    sensitive: Option<bool>,
    /// Whether it was refused; a call that passes, when absent.
    #[serde(default)]
    refused: bool,
    /// A rule that found something, by glob.
    rule: Option<String>,
    /// How often.
    #[serde(default = "once")]
    times: u16,
}

fn once() -> u16 {
    1
}

/// A sequence that is ready to be followed.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// What is said of it.
    pub info: Arc<RuleInfo>,
    /// What its last step asks for.
    pub action: Action,
    /// What its place is found by: policies may be exchanged in the middle of a session.
    key: u32,
    within: Within,
    steps: Vec<Step>,
}

#[derive(Debug, Clone)]
struct Step {
    does: Effects,
    sensitive: Option<bool>,
    refused: bool,
    rule: Option<GlobMatcher>,
    times: u16,
}

/// What a call is to a sequence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) effects: Effects,
    pub(crate) sensitive: bool,
    pub(crate) refused: bool,
    /// The rules that found something.
    pub(crate) rules: &'a [&'a str],
    /// The call's number.
    pub(crate) call: u32,
    pub(crate) now_ms: u64,
}

/// How far a session has come in one sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    sequence: u32,
    step: u8,
    times: u16,
    /// When its first step was made.
    call: u32,
    at_ms: u64,
}

#[cfg(test)]
impl Progress {
    pub(crate) fn at(sequence: u32, step: u8, times: u16) -> Self {
        Self { sequence, step, times, call: 0, at_ms: 0 }
    }
}

impl Sequence {
    /// Reads sequences from YAML.
    ///
    /// # Errors
    /// What is wrong, with the sequence or the line.
    pub fn read(yaml: &str, profile: Profile) -> Result<Vec<Self>, String> {
        let written: Vec<Written> = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
        if written.len() > MAX_SEQUENCES {
            return Err(format!("{} sequences; at most {MAX_SEQUENCES} are followed", written.len()));
        }
        written.into_iter().map(|sequence| sequence.compile(profile)).collect()
    }
}

impl Written {
    fn compile(self, profile: Profile) -> Result<Sequence, String> {
        let failed = |what: String| format!("sequence {}: {what}", self.id);
        if self.steps.is_empty() || self.steps.len() > MAX_STEPS {
            return Err(failed(format!("has {} steps; one to {MAX_STEPS} are followed", self.steps.len())));
        }
        let mut steps = Vec::new();
        for step in &self.steps {
            let effect = |name: &String| Effects::named(name).ok_or_else(|| failed(format!("`{name}` is no effect")));
            let does = step.does.iter().map(effect).collect::<Result<Vec<_>, _>>()?;
            let glob = |text: &String| Glob::new(text).map_err(|error| failed(error.to_string()));
            let rule = step.rule.as_ref().map(glob).transpose()?.map(|glob| glob.compile_matcher());
            if step.times == 0 {
                return Err(failed("a step that is made no times; leave it out".to_owned()));
            }
            let does = does.into_iter().fold(Effects::empty(), |all, effect| all | effect);
            steps.push(Step { does, sensitive: step.sensitive, refused: step.refused, rule, times: step.times });
        }
        let info = RuleInfo {
            id: self.id.into(),
            title: self.title.into(),
            family: "sequence".into(),
            message: self.message.into(),
            severity: self.severity,
            confidence: self.confidence,
            references: self.references.into_iter().map(Into::into).collect(),
            tune: Some(self.tune.into()),
        };
        let action = if profile == Profile::Strict { self.strict.unwrap_or(self.action) } else { self.action };
        let key = key(&info.id);
        Ok(Sequence { info: Arc::new(info), action, key, within: self.within, steps })
    }
}

fn key(id: &str) -> u32 {
    (FxBuildHasher.hash_one(id) >> 32) as u32
}

impl Step {
    fn fits(&self, event: &Event<'_>) -> bool {
        (self.does.is_empty() || event.effects.intersects(self.does))
            && self.sensitive.is_none_or(|sensitive| sensitive == event.sensitive)
            && self.refused == event.refused
            && self.rule.as_ref().is_none_or(|rule| event.rules.iter().any(|id| rule.is_match(id)))
    }
}

/// Moves every sequence on that `event` fits, and calls `done` with each that it completes and the number of the call that began it.
pub(crate) fn follow(
    sequences: &[Sequence],
    progress: &mut Vec<Progress>,
    event: &Event<'_>,
    done: &mut dyn FnMut(&Sequence, u32),
) {
    progress.retain(|at| {
        sequences.iter().find(|sequence| sequence.key == at.sequence).is_some_and(|sequence| {
            event.call.saturating_sub(at.call) <= sequence.within.calls
                && event.now_ms.saturating_sub(at.at_ms) <= u64::from(sequence.within.seconds).saturating_mul(1_000)
        })
    });
    for sequence in sequences {
        let known = progress.iter().position(|at| at.sequence == sequence.key);
        let fresh = Progress { sequence: sequence.key, step: 0, times: 0, call: event.call, at_ms: event.now_ms };
        let mut at = known.and_then(|n| progress.get(n).copied()).unwrap_or(fresh);
        let Some(step) = sequence.steps.get(usize::from(at.step)) else { continue };
        if !step.fits(event) {
            continue;
        }
        at.times = at.times.saturating_add(1);
        let last = usize::from(at.step).saturating_add(1) == sequence.steps.len();
        if at.times < step.times {
            keep(progress, known, at);
        } else if last {
            // It stays at its last step: whatever makes that once more is found once more.
            done(sequence, at.call);
            at.times = step.times.saturating_sub(1);
            keep(progress, known, at);
        } else {
            keep(progress, known, Progress { step: at.step.saturating_add(1), times: 0, ..at });
        }
    }
}

/// Takes over how far `others` have come, where that is further.
pub(crate) fn join(progress: &mut Vec<Progress>, others: &[Progress]) {
    for other in others {
        let known = progress.iter().position(|at| at.sequence == other.sequence);
        let is_behind =
            known.and_then(|n| progress.get(n)).is_none_or(|at| (at.step, at.times) < (other.step, other.times));
        if is_behind {
            keep(progress, known, *other);
        }
    }
}

fn keep(progress: &mut Vec<Progress>, known: Option<usize>, at: Progress) {
    match known.and_then(|n| progress.get_mut(n)) {
        Some(slot) => *slot = at,
        None => progress.push(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sequences() -> Vec<Sequence> {
        let yaml = r#"
- id: T-1
  title: t
  message: m
  severity: high
  references: [CWE-200]
  tune: t
  within: {calls: 5, seconds: 60}
  steps:
  - {does: [reads], sensitive: true}
  - {does: [sends, runs]}
  action: warn
  strict: block
- id: T-2
  title: t
  message: m
  severity: high
  references: [CWE-200]
  tune: t
  within: {calls: 50, seconds: 60}
  steps:
  - {refused: true, rule: "ZONE-*", times: 3}
  action: review
"#;
        Sequence::read(yaml, Profile::Balanced).unwrap()
    }

    fn run(events: &[(Effects, bool, bool, u32, u64)]) -> Vec<String> {
        let (sequences, mut progress, mut found) = (sequences(), Vec::new(), Vec::new());
        for &(effects, sensitive, refused, call, now_ms) in events {
            let rules: &[&str] = if refused { &["ZONE-OUTSIDE"] } else { &[] };
            let event = Event { effects, sensitive, refused, rules, call, now_ms };
            follow(&sequences, &mut progress, &event, &mut |sequence, from| {
                found.push(format!("{} {from}-{call}", sequence.info.id));
            });
        }
        found
    }

    #[test]
    fn steps_in_order_within_their_time_are_found() {
        let (read, send, write) = (Effects::READS, Effects::SENDS, Effects::WRITES);
        assert_eq!(
            run(&[(read, true, false, 1, 0), (write, false, false, 2, 1), (send, false, false, 3, 2)]),
            ["T-1 1-3"]
        );
        assert!(run(&[(send, false, false, 1, 0), (read, true, false, 2, 1)]).is_empty());
        assert!(run(&[(read, false, false, 1, 0), (send, false, false, 2, 1)]).is_empty());
        assert!(run(&[(read, true, false, 1, 0), (send, false, false, 7, 1)]).is_empty(), "too many calls between");
        assert!(run(&[(read, true, false, 1, 0), (send, false, false, 2, 61_000)]).is_empty(), "too long between");
        assert!(
            run(&[(read, true, false, 1, 0), (send, false, true, 2, 1)]).is_empty(),
            "a refused call sends nothing"
        );
    }

    #[test]
    fn a_step_may_take_several_calls_and_is_found_each_time_from_then_on() {
        let probe = |call| (Effects::READS, false, true, call, 0);
        assert_eq!(run(&[probe(1), probe(2), probe(3), probe(4)]), ["T-2 1-3", "T-2 1-4"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let broken = "- {id: X, title: t, message: m, severity: low, references: [], tune: t, within: {calls: 1, seconds: 1}, \
                      steps: [{does: [flies]}], action: warn}";
        assert_eq!(Sequence::read(broken, Profile::Balanced).unwrap_err(), "sequence X: `flies` is no effect");
    }
}
