//! Commands: attacks are stopped, and ordinary work passes, which is worth as much.

use std::collections::BTreeMap;

use vanguard_engine::rules::{self, RuleSet, Tuning};
use vanguard_engine::{Clock, Engine, Flow, Limits, Policy, Scratch, Session, Verdict};

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
    let commands = lines(include_str!("commands.txt"));
    assert!(commands.len() >= 150);
    let refused: Vec<&str> =
        judged(&commands).into_iter().filter_map(|(command, refused)| refused.then_some(command)).collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}

#[test]
fn attacks_by_command_are_stopped() {
    let commands = lines(include_str!("commands-stop.txt"));
    assert!(commands.len() >= 200);
    let passed: Vec<&str> =
        judged(&commands).into_iter().filter_map(|(command, refused)| (!refused).then_some(command)).collect();
    assert!(passed.is_empty(), "passed: {passed:#?}");
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("# ") && !line.is_empty()).collect()
}

/// Each command, and whether it is refused.
fn judged<'c>(commands: &[&'c str]) -> Vec<(&'c str, bool)> {
    let policy = Policy::default();
    let tuning = Tuning { profile: policy.profile, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(rules::builtin(), &tuning).expect("the built-in packs load");
    let engine = Engine::new(rules, policy, Limits::default());
    let (session, mut scratch) = (Session::new(), Scratch::default());
    let mut judge = |command: &str| {
        let text = serde_json::to_string(command).expect("a string is JSON");
        let call = format!(
            r#"{{"jsonrpc":"2.0","method":"tools/call","params":{{"name":"run_command","arguments":{{"command":{text}}}}}}}"#
        );
        let judged = engine.judge(&session, Flow::ToServer, call.as_bytes(), &mut scratch, &Still);
        judged.decisions.iter().any(|decision| decision.verdict > Verdict::Warn)
    };
    commands.iter().map(|command| (*command, judge(command))).collect()
}
