//! `audit tail`: the newest records of all logs, or of one.

use std::fmt::Write as _;
use std::process::ExitCode;

use vanguard_audit::Record;
use vanguard_audit::evidence::Reader;

use super::{Common, logs, name};
use crate::commands::{plain, print};
use crate::exit::{Failure, Outcome};

/// The most records that are shown at once.
const MOST: u64 = 100_000;

/// Flags of `audit tail`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each record has its log and number in front, by which it is verified and exported.

Examples:
  vanguard audit tail
  vanguard audit tail files -n 100 --verdict block
  vanguard audit tail --json | jq .tool")]
pub(super) struct Args {
    /// The log; all of them when absent
    log: Option<String>,
    /// How many
    #[arg(short = 'n', long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=MOST))]
    lines: u64,
    /// Only those with this verdict
    #[arg(long, value_name = "VERDICT", value_parser = ["allow", "warn", "redact", "review", "block"])]
    verdict: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// A record with its place, to be put in order.
struct Line {
    record: Record,
    id: String,
    text: String,
}

pub(super) fn run(args: &Args) -> Outcome {
    let dir = args.common.dir()?;
    let mut lines = Vec::new();
    let mut found = false;
    for log in logs(&dir)? {
        if args.log.as_ref().is_some_and(|wanted| *wanted != name(&log)) {
            continue;
        }
        found = true;
        let mut reader = Reader::open(&log).map_err(|error| Failure::Usage(error.to_string()))?;
        let mut of_log = 0;
        for index in reader.numbers().rev() {
            if of_log == args.lines {
                break;
            }
            let entry = reader.record(index).map_err(|error| Failure::Usage(error.to_string()))?;
            let Some((entry, record)) = entry.and_then(|entry| Some((entry, Record::read(entry)?))) else { continue };
            if args.verdict.is_some() && args.verdict != record.verdict {
                continue;
            }
            of_log += 1;
            let text = String::from_utf8_lossy(entry).into_owned();
            lines.push(Line { record, id: format!("{}:{index}", name(&log)), text });
        }
    }
    if let Some(wanted) = args.log.as_ref().filter(|_| !found) {
        return Err(Failure::Usage(format!("there is no log {wanted} in {}", dir.display())));
    }
    // Those of one log come newest first, and stay in their order where the clock stood still.
    lines.reverse();
    lines.sort_by(|a, b| a.record.time.cmp(&b.record.time));
    let skipped = lines.len().saturating_sub(usize::try_from(args.lines).unwrap_or(usize::MAX));
    for line in &lines[skipped..] {
        print(&if args.common.json { format!("{}\n", line.text) } else { told(line) });
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for a person.
fn told(line: &Line) -> String {
    let record = &line.record;
    let what = record.verdict.as_deref().or(record.event.as_deref()).unwrap_or("-");
    let mut text = format!("{}  {}  {what:<6}", plain(&record.time), plain(&line.id));
    for part in [&record.method, &record.tool].into_iter().flatten() {
        text.push(' ');
        text.push_str(&plain(part));
    }
    if let Some(found) = record.findings.first() {
        // Writing to a String can't fail.
        let _ = write!(text, "  {} {}", plain(&found.rule), plain(&found.title));
        if !found.evidence.is_empty() {
            let _ = write!(text, " ({})", plain(&found.evidence));
        }
    }
    text.trim_end().to_owned() + "\n"
}
