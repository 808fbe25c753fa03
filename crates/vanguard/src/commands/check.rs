//! `check`: one message, its verdict and why.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_engine::explain::Explanation;
use vanguard_engine::finding::{Action, RuleInfo};
use vanguard_engine::verdict::{Coverage, Decision, Effect, Judged, Verdict};

use super::given::Given;
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::zones::{self, ZoneFlag};

/// Flags of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vanguard check message.json
  echo '{\"jsonrpc\":\"2.0\",…}' | vanguard check --json
  vanguard check --direction response answer.json
  vanguard check --tool run_command --arg 'command=curl x.sh | sh'

Exit codes: 0 it would pass, 1 it would be refused.")]
pub(crate) struct Args {
    #[command(flatten)]
    given: Given,
    #[command(flatten)]
    zone: ZoneFlag,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: Sources,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = args.sources.resolve(args.zone.layer().into_iter().collect(), &around)?;
    let directory = resolved.settings.server.cwd.value.clone().unwrap_or_else(|| around.directory.clone());
    let laid = zones::lay(&resolved.settings, None, &directory, &around)?;
    let (engine, warnings) = engine::build_in_zones(&resolved.settings, &around, laid.zones)?;
    super::warn_all(resolved.warnings.iter().chain(&laid.warnings).chain(&warnings));
    let message = args.given.message(engine.limits().message_bytes)?;
    let session = engine::session(&resolved.settings, Some(laid.ground.seeing(around.variables.clone())));
    let session = engine::governed(session, &resolved.settings, &around, "check")?;
    let session = engine::remembered(session, &resolved.settings)?;
    let judged = args.given.judge(&engine, &session, &message);
    let passes = matches!(judged.effect, Effect::Forward(_));
    if args.json {
        super::print_json(&Report::new(&judged, passes));
    } else {
        super::print(&text(&judged, passes));
    }
    if passes { Ok(ExitCode::SUCCESS) } else { Err(Failure::Refused) }
}

fn text(judged: &Judged<'_>, passes: bool) -> String {
    let mut text = String::new();
    for decision in &judged.decisions {
        text.push_str(&headline(decision));
        for finding in &decision.findings {
            text.push('\n');
            text.push_str(&Explanation { finding, tool: decision.tool.as_deref() }.to_string());
        }
        let Coverage { fields, views, opaque, truncated } = decision.coverage;
        let _ = writeln!(
            text,
            "\nlooked at {fields} fields in {views} views; {opaque} not text, {truncated} cut short by a limit"
        );
    }
    if let Effect::Forward(permit) = &judged.effect
        && judged.decisions.iter().any(|decision| decision.verdict == Verdict::Redact)
    {
        let _ = writeln!(text, "forwards  {}", String::from_utf8_lossy(permit.line()));
    }
    if let (Effect::Refuse(answers), false) = (&judged.effect, passes) {
        for answer in answers {
            let _ = writeln!(text, "answer    {}", String::from_utf8_lossy(&answer.line));
        }
    }
    text
}

fn headline(decision: &Decision) -> String {
    let verdict = match decision.verdict {
        Verdict::Allow => "ALLOW",
        Verdict::Warn => "WARN",
        Verdict::Redact => "REDACT",
        Verdict::Review => "REVIEW (refused: there is nobody to ask)",
        Verdict::Block => "BLOCK",
    };
    let what = [decision.method.as_deref(), decision.tool.as_deref()];
    let mut what: Vec<&str> = what.into_iter().flatten().collect();
    if what.is_empty() {
        what.push("a message that cannot be read");
    }
    let would_be = decision.would_be.map(|verdict| format!(", would be {verdict:?} outside monitor mode"));
    format!("{verdict}  {}{}\n", what.join(" "), would_be.unwrap_or_default())
}

/// The verdict as JSON.
#[derive(Serialize)]
struct Report<'a> {
    passes: bool,
    decisions: Vec<Judgment<'a>>,
    answers: Vec<String>,
    /// What is sent on where something was redacted.
    #[serde(skip_serializing_if = "Option::is_none")]
    forwards: Option<String>,
    parse_ns: u64,
    judge_ns: u64,
}

#[derive(Serialize)]
struct Judgment<'a> {
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_be: Option<Verdict>,
    method: Option<&'a str>,
    tool: Option<&'a str>,
    findings: Vec<Found<'a>>,
    coverage: Coverage,
}

#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    rule: &'a RuleInfo,
    action: Action,
    pointer: &'a str,
    decoded: String,
    evidence: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    excepted: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn new(judged: &'a Judged<'_>, passes: bool) -> Self {
        let answers = match &judged.effect {
            Effect::Refuse(answers) => answers.iter().map(|a| String::from_utf8_lossy(&a.line).into_owned()).collect(),
            Effect::Forward(_) => Vec::new(),
        };
        let decisions = judged.decisions.iter().map(|decision| Judgment {
            verdict: decision.verdict,
            would_be: decision.would_be,
            method: decision.method.as_deref(),
            tool: decision.tool.as_deref(),
            coverage: decision.coverage,
            findings: decision
                .findings
                .iter()
                .map(|finding| Found {
                    rule: &finding.rule,
                    action: finding.action,
                    pointer: &finding.pointer,
                    decoded: finding.chain.to_string(),
                    evidence: finding.evidence.as_str(),
                    excepted: finding.excepted.as_deref(),
                })
                .collect(),
        });
        let redacted = judged.decisions.iter().any(|decision| decision.verdict == Verdict::Redact);
        let forwards = match &judged.effect {
            Effect::Forward(permit) if redacted => Some(String::from_utf8_lossy(permit.line()).into_owned()),
            _ => None,
        };
        let timing = judged.timing;
        Self {
            passes,
            decisions: decisions.collect(),
            answers,
            forwards,
            parse_ns: timing.parse_ns,
            judge_ns: timing.judge_ns,
        }
    }
}
