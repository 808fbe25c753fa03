//! Commands: attacks are stopped, and ordinary work passes, which is worth as much.

use vanguard_engine::{Profile, Verdict};

use crate::judged::{call_with, lines};

#[test]
fn everyday_commands_pass() {
    let commands = include_str!("commands.txt");
    assert!(lines(commands).count() >= 700);
    let refused: Vec<&str> = lines(commands).filter(|command| is_refused(command)).collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}

#[test]
fn attacks_by_command_are_stopped() {
    let commands = include_str!("commands-stop.txt");
    assert!(lines(commands).count() >= 200);
    let passed: Vec<&str> = lines(commands).filter(|command| !is_refused(command)).collect();
    assert!(passed.is_empty(), "passed: {passed:#?}");
}

fn is_refused(command: &str) -> bool {
    call_with(Profile::Balanced, "run_command", "command", command) > Verdict::Warn
}
