//! `eval`: recall and false alarms over labelled messages, by family.

mod corpus;
mod report;
mod tally;
mod trial;

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use tally::{Tally, Tiers};

use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::engine;
use crate::exit::{Failure, Outcome};

/// Flags of `eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line of a corpus is {\"id\", \"family\", \"label\": \"malicious\"|\"benign\", \"direction\":
\"request\"|\"response\"|\"tools_list\", \"message\": a JSON-RPC message}. Each case is judged in a session
of its own; a response is judged after the request that it answers. Stopped means refused.

Examples:
  vanguard eval corpus/*.jsonl
  vanguard eval corpus/*.jsonl --tiers tiers.json --out cases.jsonl
  vanguard eval ours.jsonl --max-false-alarms 0.3 --min-recall 90      for CI: exit 1 when missed")]
pub(crate) struct Args {
    /// Labelled JSON Lines files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// JSON file: {tier: [family, …]}; totals are given by tier
    #[arg(long, value_name = "FILE")]
    tiers: Option<PathBuf>,
    /// Only families whose name contains this; may be repeated
    #[arg(long, value_name = "TEXT")]
    family: Vec<String>,
    /// Write one JSON line a case: id, family, label, direction, verdict, stopped, rules, ns
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// How many of the slowest cases, and of the busiest rules, to list
    #[arg(long, default_value_t = 5, value_name = "N")]
    top: usize,
    /// Exit 1 if more than this percentage of benign messages is stopped
    #[arg(long, value_name = "PERCENT")]
    max_false_alarms: Option<f64>,
    /// Exit 1 if less than this percentage of malicious messages (mean over families) is stopped
    #[arg(long, value_name = "PERCENT")]
    min_recall: Option<f64>,
    /// Threads; all processors by default
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    sources: Sources,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = args.sources.resolve(Vec::new(), &around)?;
    let (engine, warnings) = engine::build(&resolved.settings, &around)?;
    super::warn_all(resolved.warnings.iter().chain(&warnings));
    let tiers = args.tiers.as_deref().map(Tiers::read).transpose()?.unwrap_or_default();
    let mut cases = Vec::new();
    for path in &args.files {
        cases.extend(corpus::read(path)?);
    }
    cases.retain(|case| args.family.is_empty() || args.family.iter().any(|part| case.family.contains(part.as_str())));
    if cases.is_empty() {
        return Err(Failure::Usage("there is no case to judge".to_owned()));
    }
    let jobs =
        args.jobs.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1).clamp(1, 64);
    let trials = trial::all(&engine, &cases, jobs);
    if let Some(path) = &args.out {
        let failed = |error| Failure::Usage(format!("{}: cannot be written: {error}", path.display()));
        let mut file = BufWriter::new(fs::File::create(path).map_err(failed)?);
        for line in cases.iter().zip(&trials).map(|(case, trial)| tally::Line::new(case, trial)) {
            writeln!(file, "{}", serde_json::to_string(&line).unwrap_or_default()).map_err(failed)?;
        }
        file.flush().map_err(failed)?;
    }
    let tally = Tally::new(&cases, &trials, &tiers, args.top);
    if args.json {
        super::print_json(&tally);
    } else {
        super::print(&report::text(&tally));
    }
    let missed = args.max_false_alarms.is_some_and(|bar| tally.false_alarms() > bar)
        || args.min_recall.is_some_and(|bar| tally.recall() < bar);
    if missed { Err(Failure::Refused) } else { Ok(ExitCode::SUCCESS) }
}
