//! Calls of servers that people use, and what tools answer: nothing of it is refused or changed.

use vanguard_engine::{Profile, Verdict};

use crate::judged::{answer, call, lines};

#[test]
fn everyday_calls_pass() {
    let calls = include_str!("calls.txt");
    assert!(lines(calls).count() >= 400);
    let refused: Vec<&str> = lines(calls)
        .filter(|line| {
            let (tool, arguments) = line.split_once(' ').expect("a tool and its arguments");
            call(Profile::Balanced, tool, arguments) > Verdict::Warn
        })
        .collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}

#[test]
fn everyday_answers_pass() {
    let answers = include_str!("answers.txt");
    assert!(lines(answers).count() >= 80);
    let refused: Vec<&str> = lines(answers)
        .filter(|line| {
            let text: String = serde_json::from_str(line).expect("a string of JSON");
            answer(Profile::Balanced, &text) > Verdict::Warn
        })
        .collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}
