//! Ordinary commands pass: few false alarms are worth as much as what is found.

use std::collections::BTreeMap;

use vanguard_engine::rules::{self, RuleSet, Tuning};
use vanguard_engine::{Clock, Engine, Flow, Limits, Policy, Scratch, Session, Verdict};

const COMMANDS: &str = include_str!("commands.txt");

struct Still;

impl Clock for Still {
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn unix_seconds(&self) -> i64 {
        0
    }
}

#[test]
fn everyday_commands_pass() {
    let policy = Policy::default();
    let tuning = Tuning { profile: policy.profile, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(rules::builtin(), &tuning).expect("the built-in packs load");
    let engine = Engine::new(rules, policy, Limits::default());
    let (session, mut scratch) = (Session::new(), Scratch::default());
    let commands: Vec<&str> = COMMANDS.lines().filter(|line| !line.starts_with("# ") && !line.is_empty()).collect();
    assert!(commands.len() >= 150);
    let mut refused = Vec::new();
    for command in commands {
        let text = serde_json::to_string(command).expect("a string is JSON");
        let call = format!(
            r#"{{"jsonrpc":"2.0","method":"tools/call","params":{{"name":"run_command","arguments":{{"command":{text}}}}}}}"#
        );
        let judged = engine.judge(&session, Flow::ToServer, call.as_bytes(), &mut scratch, &Still);
        if judged.decisions.iter().any(|decision| decision.verdict > Verdict::Warn) {
            refused.push(command);
        }
    }
    assert!(refused.is_empty(), "refused: {refused:#?}");
}
