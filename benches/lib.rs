//! What benchmarks and the test of hostile inputs share.

use std::collections::BTreeMap;

use vanguard_engine::meaning::Meaning;
use vanguard_engine::rules::{RuleSet, Tuning, builtin};
use vanguard_engine::zone::Zone;
use vanguard_engine::{Clock, Engine, Limits, Policy, Profile};

/// Messages made so that judging them takes long.
pub mod hostile;
/// The time that a thread works.
pub mod stopwatch;

/// An engine with every built-in rule and the embedded scorer, in `balanced`.
///
/// # Panics
///
/// When the built-in packs or the scorer do not load, which tests of theirs rule out.
pub fn engine() -> Engine {
    engine_in(Vec::new())
}

/// The same, for a server that is to keep to `zones`.
///
/// # Panics
///
/// As [`engine`].
pub fn engine_in(zones: Vec<Zone>) -> Engine {
    let tuning = Tuning { profile: Profile::Balanced, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(builtin(), &tuning).expect("the built-in packs load");
    let meaning = vanguard_semantic::embedded(Meaning::WARN, Meaning::BLOCK).expect("the scorer is whole");
    let rules = rules.asking(meaning);
    Engine::new(rules, Policy { zones, ..Policy::default() }, Limits::default())
}

/// A clock that stands still.
#[derive(Debug)]
pub struct Still;

impl Clock for Still {
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn unix_seconds(&self) -> i64 {
        0
    }
}

/// A call of `tool` with these arguments, given as JSON text; a notification, so that no id is in flight twice.
pub fn call(tool: &str, arguments: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#)
}
