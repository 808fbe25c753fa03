//! One agent and one server, call by call.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use vanguard_engine::behaviour::{Behaviour, Counted, Limit, Memory as _};
use vanguard_engine::rules::{RuleSet, Tuning, builtin};
use vanguard_engine::{
    Action, Clock, Engine, Entry, Flow, Identity, Layer, Limits, Policy, Principal, Profile, Scratch, Session,
};
use vanguard_state::Local;

/// A clock that a test moves.
#[derive(Debug, Default)]
struct Time(AtomicU64);

impl Clock for Time {
    fn monotonic_ns(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    fn unix_seconds(&self) -> i64 {
        0
    }
}

pub(crate) struct Talk {
    engine: Engine,
    session: Session,
    /// The same agent's, through another proxy: calls go through the one and the other in turn.
    other: Option<Session>,
    time: Time,
    scratch: Scratch,
    id: u64,
}

/// What L3 found in a message: rule ids, those that refuse with `!`.
type Found = Vec<String>;

impl Talk {
    /// As it is without any configuration.
    pub(crate) fn new() -> Self {
        Self::with(Profile::Balanced, |_| {})
    }

    /// In a profile, with changes.
    pub(crate) fn with(profile: Profile, change: impl FnOnce(&mut Behaviour)) -> Self {
        let tuning = Tuning { profile, overrides: &BTreeMap::new() };
        let rules = RuleSet::load(builtin(), &tuning).expect("the built-in packs load");
        let mut behaviour = Behaviour::of(profile);
        change(&mut behaviour);
        let policy = Policy { profile, behaviour: Some(behaviour), ..Policy::default() };
        let engine = Engine::new(rules, policy, Limits::default());
        let session = Session::new().remembering(Arc::new(Local::new()));
        let time = Time(AtomicU64::new(1_000_000_000_000));
        Self { engine, session, other: None, time, scratch: Scratch::default(), id: 0 }
    }

    /// With a limit of the user's own.
    pub(crate) fn limited(id: &str, counts: &str, most: u64, seconds: u64) -> Self {
        Self::with(Profile::Balanced, |behaviour| behaviour.limits.push(limit(id, counts, most, seconds)))
    }

    /// Through two proxies that remember in these, where requests belong to no session.
    pub(crate) fn through(proxies: [&Local; 2], name: &str) -> Self {
        let [one, two] = proxies.map(|proxy| Session::new().remembering(proxy.under(name)));
        Self { session: one, other: Some(two), ..Self::new() }
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, seconds: u64) {
        self.time.0.fetch_add(seconds * 1_000_000_000, Ordering::Relaxed);
    }

    /// Another session of somebody, with the same proxy.
    pub(crate) fn another_of(&mut self, name: &str) {
        let identity = Identity { entry: Entry::Key, name: name.into() };
        let who = Principal { identity, roles: [].into(), scopes: [].into() };
        self.session = self.session.another().by(Some(Arc::new(who)));
    }

    /// A call that must pass, and its answer, which must, too. What was found on the way.
    #[track_caller]
    pub(crate) fn call(&mut self, tool: &str, arguments: Value, answer: &str) -> Found {
        let mut found = self.ask(tool, arguments);
        assert!(!found.iter().any(|rule| rule.ends_with('!')), "{tool} was refused: {found:?}");
        found.extend(self.answer(answer));
        assert!(!found.iter().any(|rule| rule.ends_with('!')), "the answer of {tool} was refused: {found:?}");
        found
    }

    /// A call that must be refused by this rule.
    #[track_caller]
    pub(crate) fn stops(&mut self, rule: &str, tool: &str, arguments: Value) {
        let found = self.ask(tool, arguments);
        assert!(found.contains(&format!("{rule}!")), "{tool}: {found:?}");
    }

    /// What is found in a call. Of another layer only that it refuses.
    pub(crate) fn ask(&mut self, tool: &str, arguments: Value) -> Found {
        self.id += 1;
        if let Some(other) = &mut self.other {
            std::mem::swap(&mut self.session, other);
        }
        let call = json!({"jsonrpc": "2.0", "id": self.id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        self.say(Flow::ToServer, &call)
    }

    /// What is found in a call for whose answer nobody waits.
    pub(crate) fn tell(&mut self, tool: &str, arguments: Value) -> Found {
        let call = json!({"jsonrpc": "2.0", "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        self.say(Flow::ToServer, &call)
    }

    /// What is found in the answer to the last call.
    pub(crate) fn answer(&mut self, text: &str) -> Found {
        let answer = json!({"jsonrpc": "2.0", "id": self.id, "result": {"content": [{"type": "text", "text": text}]}});
        self.say(Flow::ToClient, &answer)
    }

    fn say(&mut self, flow: Flow, message: &Value) -> Found {
        let line = message.to_string();
        let judged = self.engine.judge(&self.session, flow, line.as_bytes(), &mut self.scratch, &self.time);
        let decision = &judged.decisions[0];
        let refuses = |action: Action| if action > Action::Redact { "!" } else { "" };
        let over_time = decision.findings.iter().filter(|finding| finding.layer == Layer::L3);
        let mut found: Found =
            over_time.map(|finding| format!("{}{}", finding.rule.id, refuses(finding.effective()))).collect();
        if !decision.verdict.passes() && !found.iter().any(|rule| rule.ends_with('!')) {
            let rules: Vec<_> = decision.findings.iter().map(|finding| finding.rule.id.as_ref()).collect();
            found.push(format!("{}!", rules.join("+")));
        }
        found
    }
}

/// A limit of the user's own.
pub(crate) fn limit(id: &str, counts: &str, most: u64, seconds: u64) -> Limit {
    Limit::own(id.to_owned(), Counted::named(counts).expect("is counted"), Duration::from_secs(seconds), most)
}
