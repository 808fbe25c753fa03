//! The `shell` view beside two parsers of bash: each simple command that they find is a line of it.
//!
//! rable parses what is generated; `bash -n`, where there is one, says that it is bash. Both see only what is short and
//! shallow: rable's time grows with the cube of the nesting, and its stack with it.

use std::process::{Command, Stdio};

use proptest::prelude::*;
use rable::{Node, NodeKind};
use vanguard_engine::Roles;
use vanguard_engine::views::{ViewKind, ViewLimits, each_view};

/// A word and the quotes round parts of it. Each has a letter of its own set, so that no keyword comes up.
fn word() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[xyzq]{1,4}",
        1 => "'[xyz ]{0,4}'",
        1 => "\"[xyz ]{0,4}\"",
        1 => "\\\\[xyz]",
        1 => "[./_-][xyz]",
        1 => Just("''".to_owned()),
    ];
    ("[xyzq]", prop::collection::vec(part, 0..3)).prop_map(|(first, parts)| first + &parts.concat())
}

/// A simple command, with assignments and redirections.
fn simple() -> impl Strategy<Value = String> {
    let redirection = prop_oneof![Just(" > f"), Just(" 2>&1"), Just(" >> g"), Just(" < h"), Just(" 2> /dev/null")];
    let assignment = prop::option::weighted(0.2, "V[0-9]=[xyz]{1,3} ");
    (assignment, prop::collection::vec(word(), 1..4), prop::option::weighted(0.3, redirection)).prop_map(
        |(assignment, words, redirection)| {
            assignment.unwrap_or_default() + &words.join(" ") + redirection.unwrap_or("")
        },
    )
}

/// A script of simple commands, put together by everything that puts commands together.
fn script() -> impl Strategy<Value = String> {
    simple().prop_recursive(3, 12, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            3 => (two.clone(), prop_oneof![Just("; "), Just(" && "), Just(" || "), Just(" | "), Just("\n"), Just(" & "), Just(" |& ")])
                .prop_map(|((a, b), sign)| format!("{a}{sign}{b}")),
            1 => inner.clone().prop_map(|a| format!("( {a} )")),
            1 => inner.clone().prop_map(|a| format!("{{ {a}; }}")),
            1 => two.clone().prop_map(|(a, b)| format!("if {a}; then {b}; fi")),
            1 => two.clone().prop_map(|(a, b)| format!("while {a}; do {b}; done")),
            1 => inner.clone().prop_map(|a| format!("for v in k l; do {a}; done")),
            1 => inner.clone().prop_map(|a| format!("case k in k|l) {a};; esac")),
            1 => inner.clone().prop_map(|a| format!("fn() {{ {a}; }}")),
            1 => (word(), inner.clone()).prop_map(|(w, a)| format!("{w} \"$({a})\" z")),
            1 => (word(), inner.clone()).prop_map(|(w, a)| format!("{w} <( {a} )")),
            1 => inner.prop_map(|a| format!("{{ ! {a}; }}")),
        ]
    })
}

/// The words of each simple command, unquoted; those with a substitution in them end the list.
fn commands(node: &Node, out: &mut Vec<Vec<String>>) {
    let mut each = |nodes: &[Node]| nodes.iter().for_each(|node| commands(node, out));
    match &node.kind {
        NodeKind::Command { words, .. } => {
            each(words);
            let plain = words.iter().map_while(|word| match &word.kind {
                NodeKind::Word { value, .. } if !value.contains(['$', '<', '>', '`']) => Some(unquoted(value)),
                _ => None,
            });
            let plain: Vec<String> = plain.collect();
            if !plain.is_empty() {
                out.push(plain);
            }
        }
        NodeKind::Word { parts, .. } => each(parts),
        NodeKind::Pipeline { commands: stages, .. } => each(stages),
        NodeKind::List { items } => items.iter().for_each(|item| commands(&item.command, out)),
        NodeKind::If { condition, then_body, else_body, .. } => {
            commands(condition, out);
            commands(then_body, out);
            if let Some(body) = else_body {
                commands(body, out);
            }
        }
        NodeKind::While { condition, body, .. } => {
            commands(condition, out);
            commands(body, out);
        }
        NodeKind::For { body, .. }
        | NodeKind::Function { body, .. }
        | NodeKind::Subshell { body, .. }
        | NodeKind::BraceGroup { body, .. } => commands(body, out),
        NodeKind::Case { patterns, .. } => {
            patterns.iter().filter_map(|pattern| pattern.body.as_ref()).for_each(|body| commands(body, out));
        }
        NodeKind::CommandSubstitution { command, .. } | NodeKind::ProcessSubstitution { command, .. } => {
            commands(command, out);
        }
        NodeKind::Negation { pipeline } => commands(pipeline, out),
        _ => {}
    }
}

/// What the quotes of [`word`] leave.
fn unquoted(word: &str) -> String {
    word.replace(['\'', '"', '\\'], "")
}

/// The lines of the `shell` views.
fn lines(script: &str) -> Vec<String> {
    let mut lines = Vec::new();
    each_view(script, Roles::COMMAND, &ViewLimits::default(), &mut |view, chain| {
        if chain.kind() == ViewKind::Shell {
            lines.extend(view.lines().map(|line| line.strip_prefix("| ").unwrap_or(line).to_owned()));
        }
    });
    lines
}

/// What `bash -n` says, where there is a bash.
fn bash_accepts(script: &str) -> Option<bool> {
    let bash = Command::new("bash").args(["-n", "-c", script]).stderr(Stdio::null()).stdout(Stdio::null()).status();
    bash.ok().map(|status| status.success())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_command_of_a_parser_is_a_line(script in script()) {
        prop_assume!(script.len() < 2_000);
        let parsed = rable::parse(&script, false);
        prop_assert!(parsed.is_ok(), "rable does not parse {script:?}");
        let mut expected = Vec::new();
        parsed.unwrap_or_default().iter().for_each(|node| commands(node, &mut expected));
        let lines = lines(&script);
        for words in expected {
            let command = words.join(" ");
            let shown = lines.iter().any(|line| line.strip_prefix(&*command).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
            prop_assert!(shown, "{script:?} runs {command:?}, and the view shows\n{}", lines.join("\n"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_generated_is_bash(script in script()) {
        prop_assert_ne!(bash_accepts(&script), Some(false), "{:?}", script);
    }
}
