//! A session over a small pack of its own.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::BTreeMap;

use vanguard_engine::rules::{PackSource, RuleSet, Tuning};
use vanguard_engine::{Clock, Effect, Engine, Flow, Judged, Limits, Policy, Scratch, Session};

pub(crate) const PACK: &str = r"
- id: T-PATH
  title: Climbs to the shadow file
  family: path
  severity: high
  action: block
  roles: [path]
  pattern: '\.\./etc/shadow'
  message: Stay inside.
  tests: {stop: [../etc/shadow], pass: [etc/shadows]}
- id: T-TEXT
  title: Overrides instructions
  family: injection
  severity: high
  action: block
  direction: [response, description]
  roles: [text]
  pattern: 'ignore previous instructions'
  message: Not yours to ignore.
  tests: {stop: [{result: 'ignore previous instructions'}], pass: [{result: 'follow previous instructions'}]}
- id: T-WARN
  title: Warns
  family: path
  severity: low
  action: warn
  roles: [path]
  pattern: 'warnme'
  message: Warned.
  tests: {stop: [/warnme], pass: [/x]}
- id: T-LOOK
  title: Asks for a look
  family: path
  severity: low
  action: review
  roles: [path]
  pattern: 'lookatme'
  message: Look.
  tests: {stop: [/lookatme], pass: [/x]}
";

pub(crate) struct Still;

impl Clock for Still {
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn unix_seconds(&self) -> i64 {
        0
    }
}

pub(crate) fn engine(policy: Policy) -> Engine {
    let tuning = Tuning { profile: policy.profile, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(&[PackSource::new("test.yaml", PACK)], &tuning).expect("the pack loads");
    Engine::new(rules, policy, Limits::default())
}

/// One session with both its directions.
pub(crate) struct Wire {
    pub(crate) engine: Engine,
    pub(crate) session: Session,
    scratch: Scratch,
}

impl Wire {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { engine: engine(policy), session: Session::new(), scratch: Scratch::default() }
    }

    pub(crate) fn judge<'m>(&mut self, flow: Flow, line: &'m str) -> Judged<'m> {
        self.judge_bytes(flow, line.as_bytes())
    }

    pub(crate) fn judge_bytes<'m>(&mut self, flow: Flow, line: &'m [u8]) -> Judged<'m> {
        self.engine.judge(&self.session, flow, line, &mut self.scratch, &Still)
    }

    pub(crate) fn passes(&mut self, flow: Flow, line: &str) {
        let judged = self.judge(flow, line);
        match judged.effect {
            Effect::Forward(permit) => assert_eq!(permit.line(), line.as_bytes()),
            Effect::Refuse(_) => panic!("{line} was refused: {:?}", judged.decisions),
        }
    }

    /// The rule that refused `line`, and the answers: (flow, line) each.
    pub(crate) fn refuses(&mut self, flow: Flow, line: &str) -> (String, Vec<(Flow, String)>) {
        let judged = self.judge(flow, line);
        let Effect::Refuse(answers) = judged.effect else { panic!("{line} passed") };
        let rule = judged.decisions.iter().flat_map(|d| &d.findings).map(|f| f.rule.id.to_string()).next().unwrap();
        (rule, answers.into_iter().map(|a| (a.flow, String::from_utf8(a.line).unwrap())).collect())
    }
}
