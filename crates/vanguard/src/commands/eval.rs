//! `eval`: recall and false alarms over labelled messages, by family.

mod compare;
mod confusion;
mod corpus;
mod cost;
mod day;
mod markdown;
mod provenance;
mod report;
mod tally;
mod trial;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use compare::{Comparison, Past, compare};
use corpus::Case;
use provenance::{Corpus, Provenance};
use serde::Serialize;
use tally::{Tally, Tiers};
use trial::Trial;
use vanguard_engine::policy::Profile;

use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::config::variables;
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
  vanguard eval corpus/*.jsonl --baseline cases.jsonl             what this build gains and loses
  vanguard eval corpus/*.jsonl --against-profile strict           what that policy would change
  vanguard eval corpus/*.jsonl --markdown=docs/detection.md       put the tables into a page
  vanguard eval ours.jsonl --max-false-alarms 0.3 --min-recall 90 for CI: exit 1 when missed")]
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
    /// Write one JSON line a case: id, family, label, direction, verdict, stopped, rules, refusing, ns
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
    /// How many of the slowest cases, and of the busiest rules, to list
    #[arg(long, default_value_t = 5, value_name = "N")]
    top: usize,
    /// Time each rule alone, on an even sample of at most 16 MiB of views
    #[arg(long)]
    cost: bool,
    /// Compare with an earlier judgment of the same cases, as --out wrote it
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Compare with what this configuration file decides
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    against_config: Option<PathBuf>,
    /// Compare with what this profile decides
    #[arg(long, value_name = "PROFILE", conflicts_with = "baseline", value_parser = |text: &str| variables::profile(text))]
    against_profile: Option<Profile>,
    /// Print the result as Markdown, or put it into FILE between `<!-- eval:begin -->` and `<!-- eval:end -->`
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-", conflicts_with = "json")]
    markdown: Option<PathBuf>,
    /// Exit 1 if more than this percentage of benign messages is stopped
    #[arg(long, value_name = "PERCENT")]
    max_false_alarms: Option<f64>,
    /// Exit 1 if less than this percentage of malicious messages (mean over families) is stopped
    #[arg(long, value_name = "PERCENT")]
    min_recall: Option<f64>,
    /// Judge what only shows over time, instead: the requests of each family follow each other, CALLS to a session, and its responses
    /// answer them; exit 1 if any is refused for what came before it
    #[arg(long, value_name = "CALLS", conflicts_with_all = ["baseline", "against_config", "against_profile", "markdown", "out", "cost"])]
    sessions: Option<usize>,
    /// Seconds between two calls of such a session
    #[arg(long, default_value_t = 3, value_name = "SECONDS", requires = "sessions")]
    pace: u32,
    /// Threads; all processors by default
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    #[command(flatten)]
    sources: Sources,
}

/// All that is measured.
#[derive(Serialize)]
struct Record {
    #[serde(flatten)]
    provenance: Provenance,
    #[serde(flatten)]
    tally: Tally,
    #[serde(skip_serializing_if = "Option::is_none")]
    comparison: Option<Comparison>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let around = Surroundings::of_process();
    let resolved = args.sources.resolve(Vec::new(), &around)?;
    let (engine, warnings) = engine::build(&resolved.settings, &around)?;
    super::warn_all(resolved.warnings.iter().chain(&warnings));
    let tiers = args.tiers.as_deref().map(Tiers::read).transpose()?.unwrap_or_default();
    let (cases, corpus) = args.cases()?;
    if let Some(calls) = args.sessions {
        let day = day::of(&engine, &cases, calls, args.pace);
        if args.json {
            super::print_json(&day);
        } else {
            super::print(&day.text());
        }
        return if day.refused > 0 { Err(Failure::Refused) } else { Ok(ExitCode::SUCCESS) };
    }
    let trials = trial::all(&engine, &cases, args.jobs());
    if let Some(path) = &args.out {
        write_lines(path, &cases, &trials)?;
    }
    let costs = if args.cost {
        cost::of_rules(&engine, &engine::packs(&resolved.settings, &around)?.0, &cases)?
    } else {
        BTreeMap::new()
    };
    let rules = confusion::rows(&engine, &cases, &trials, &costs);
    let provenance = Provenance {
        version: env!("CARGO_PKG_VERSION"),
        date: provenance::today(),
        profile: resolved.settings.profile.value.to_string(),
        command: provenance::command(std::iter::once("vanguard".to_owned()).chain(std::env::args().skip(1))),
        corpus,
    };
    let tally = Tally::new(&cases, &trials, &tiers, rules, args.top);
    let record = Record { comparison: args.comparison(&cases, &trials, &around)?, provenance, tally };
    args.show(&record)?;
    let missed = args.max_false_alarms.is_some_and(|bar| record.tally.false_alarms() > bar)
        || args.min_recall.is_some_and(|bar| record.tally.recall() < bar);
    if missed { Err(Failure::Refused) } else { Ok(ExitCode::SUCCESS) }
}

impl Args {
    /// The cases of all files, and what identifies these.
    fn cases(&self) -> Result<(Vec<Case>, Corpus), Failure> {
        let (mut cases, mut files) = (Vec::new(), Vec::new());
        for path in &self.files {
            let text = corpus::text(path)?;
            cases.extend(corpus::cases(path, &text)?);
            files.push((path.clone(), text));
        }
        cases.retain(|case| {
            self.family.is_empty() || self.family.iter().any(|part| case.family.contains(part.as_str()))
        });
        if cases.is_empty() {
            return Err(Failure::Usage("there is no case to judge".to_owned()));
        }
        Ok((cases, Corpus::new(&files)))
    }

    fn jobs(&self) -> usize {
        self.jobs.or_else(|| std::thread::available_parallelism().ok().map(Into::into)).unwrap_or(1).clamp(1, 64)
    }

    /// The comparison that was asked for.
    fn comparison(
        &self,
        cases: &[Case],
        trials: &[Trial],
        around: &Surroundings,
    ) -> Result<Option<Comparison>, Failure> {
        if let Some(path) = &self.baseline {
            return compare(cases, trials, &Past::read(path)?, path.display().to_string()).map(Some);
        }
        let mut sources = self.sources.clone();
        let mut against = Vec::new();
        if let Some(file) = &self.against_config {
            against.push(file.display().to_string());
            sources.config = Some(file.clone());
        }
        if let Some(profile) = self.against_profile {
            against.push(format!("profile {profile}"));
            sources.profile = Some(profile);
        }
        if against.is_empty() {
            return Ok(None);
        }
        let resolved = sources.resolve(Vec::new(), around)?;
        let (engine, warnings) = engine::build(&resolved.settings, around)?;
        super::warn_all(resolved.warnings.iter().chain(&warnings));
        let past = Past::of(cases, &trial::all(&engine, cases, self.jobs()));
        compare(cases, trials, &past, against.join(", ")).map(Some)
    }

    fn show(&self, record: &Record) -> Result<(), Failure> {
        if let Some(page) = &self.markdown {
            let section = markdown::section(&record.provenance, &record.tally);
            if page.as_os_str() == "-" {
                super::print(&section);
                return Ok(());
            }
            return markdown::put(page, &section);
        }
        if self.json {
            super::print_json(record);
            return Ok(());
        }
        super::print(&report::text(&record.tally, self.top));
        if let Some(comparison) = &record.comparison {
            super::print(&report::comparison(comparison, self.top));
        }
        let Provenance { version, date, profile, corpus, .. } = &record.provenance;
        super::print(&format!("vanguard {version}, {profile}, {date}, corpus {}\n", &corpus.sha256[..16]));
        Ok(())
    }
}

/// One JSON line a case.
fn write_lines(path: &Path, cases: &[Case], trials: &[Trial]) -> Result<(), Failure> {
    let failed = |error| Failure::Usage(format!("{}: cannot be written: {error}", path.display()));
    let mut file = BufWriter::new(fs::File::create(path).map_err(failed)?);
    for line in cases.iter().zip(trials).map(|(case, trial)| tally::Line::new(case, trial)) {
        writeln!(file, "{}", serde_json::to_string(&line).unwrap_or_default()).map_err(failed)?;
    }
    file.flush().map_err(failed)
}
