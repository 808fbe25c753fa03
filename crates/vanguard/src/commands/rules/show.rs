//! `rules show`: one rule's manual page, made from the rule itself.

use std::fmt::Write as _;
use std::process::ExitCode;

use vanguard_engine::finding::RuleInfo;
use vanguard_engine::rules::{Case, Expect, Rule, Subject};

use crate::commands::{print, warn_all};
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::suggest::closest;

/// The most examples of each kind.
const EXAMPLES: usize = 4;

pub(super) fn run(id: &str, sources: &Sources) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = sources.resolve(Vec::new(), &around)?;
    let (engine, warnings) = engine::build(&resolved.settings, &around)?;
    warn_all(resolved.warnings.iter().chain(&warnings));
    let same = |info: &RuleInfo| info.id.eq_ignore_ascii_case(id);
    if let Some(rule) = engine.rules().rules().iter().find(|rule| same(&rule.info)) {
        print(&page(&rule.info, Some(rule)));
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(info) = engine.checks().find(|info| same(info)) {
        print(&page(info, None));
        return Ok(ExitCode::SUCCESS);
    }
    let known = engine.rules().rules().iter().map(|rule| &*rule.info.id).chain(engine.checks().map(|info| &*info.id));
    let hint = closest(&id.to_uppercase(), known).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Err(Failure::Usage(format!("there is no rule {id}{hint} (`vanguard rules list` shows all)")))
}

fn page(info: &RuleInfo, rule: Option<&Rule>) -> String {
    let mut text = format!("{}  {}\n\n{}\n\n", info.id, info.title, info.message);
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<12}{value}");
    };
    line("family", info.family.to_string());
    line("severity", format!("{:?}", info.severity).to_lowercase());
    line("confidence", format!("{:?}", info.confidence).to_lowercase());
    if let Some(rule) = rule {
        line("action", format!("{:?} under this profile", rule.action).to_lowercase());
        line("reads", format!("{} fields", flags(rule.roles.iter_names().map(|(name, _)| name))));
        line("direction", flags(rule.direction.iter_names().map(|(name, _)| name)));
        if let Some(views) = rule.views() {
            line("views", views.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        }
        if let Some(detector) = &rule.detector {
            line("detector", detector.to_string());
        }
        if !rule.tools.is_empty() {
            line("tools", rule.tools.join(", "));
        }
        line("pack", format!("{}, line {}", rule.pack, rule.line));
    } else {
        line("pack", "none: a check of the engine itself".to_owned());
    }
    if !info.references.is_empty() {
        line("see", info.references.join(", "));
    }
    for (expect, title) in [(Expect::Stop, "Stops"), (Expect::Pass, "Lets pass")] {
        let cases = rule.map(Rule::cases).unwrap_or_default();
        let cases: Vec<&Case> = cases.iter().filter(|case| case.expect == expect).take(EXAMPLES).collect();
        if !cases.is_empty() {
            let _ = writeln!(text, "\n{title}, for example");
        }
        for case in cases {
            let _ = writeln!(text, "  {}", example(&case.subject));
        }
    }
    if let Some(tune) = &info.tune {
        let _ = write!(text, "\nWhere it is a false alarm\n  {tune}\n");
    }
    if info.family == "wire" {
        text.push_str("\nIt cannot be tuned: a message that two readers may take differently is never forwarded.\n");
        return text;
    }
    let _ = write!(
        text,
        "\nTo tune it, in vanguard.yaml\n  rules:\n    overrides: {{{id}: warn}}                # or off, redact, review, block\n    \
         exceptions:\n      - {{rule: {id}, tool: the_tool, argument: /path, value: \"docs/*\", reason: why it is harmless}}\n",
        id = info.id
    );
    text
}

fn flags<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(str::to_lowercase).collect::<Vec<_>>().join(", ")
}

/// A case on one line, with what does not show escaped.
fn example(subject: &Subject) -> String {
    let visible = |text: &str| -> String {
        let escape = |c: char| {
            if c == ' ' || (c.is_alphanumeric() || c.is_ascii_graphic()) {
                c.to_string()
            } else {
                c.escape_default().to_string()
            }
        };
        let line: String = text.chars().take(90).map(escape).collect();
        if text.chars().count() > 90 { line + "…" } else { line }
    };
    match subject {
        Subject::Value { role, text } => format!("{}: {}", format!("{role:?}").to_lowercase(), visible(text)),
        Subject::Call { tool, args } => format!("{tool} {}", visible(args)),
        Subject::Result { text } => format!("result: {}", visible(text)),
        Subject::Description { text } => format!("description: {}", visible(text)),
    }
}
