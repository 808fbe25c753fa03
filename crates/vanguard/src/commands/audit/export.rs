//! `audit export`: the evidence of one record for an auditor, or records for a system that watches over many programs.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vanguard_audit::bundle::{Bundle, BundleError};
use vanguard_audit::evidence::{Home, Reader};
use vanguard_audit::{Record, siem};

use super::{Common, Id, logs, name};
use crate::commands::warn;
use crate::exit::{Failure, Outcome};

/// Flags of `audit export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --format it is the evidence of one record, one JSON file: the record, its Secure Tool Manifest as a
signed in-toto statement (DSSE), and the proof that the record is in the log (c2sp.org/tlog-proof).
`vanguard audit verify FILE --key KEY` verifies it anywhere, without network and without the log.

With --format it is a line for each record, of all logs, one (files) or one record (files:12).

Examples:
  vanguard audit export files:12 --out refusal.json
  vanguard audit export --format ocsf --findings --out findings.jsonl")]
pub(super) struct Args {
    /// The record (files:12), as `audit tail` shows it; with --format also a log, or nothing for all of them
    #[arg(value_name = "LOG:NUMBER")]
    what: Option<String>,
    /// What to write the records as: OCSF 1.8 or ECS (JSON Lines), CEF, or log records of OTLP (JSON Lines)
    #[arg(long, value_name = "FORMAT")]
    format: Option<Format>,
    /// Only records in which something was found
    #[arg(long, requires = "format")]
    findings: bool,
    /// File to write to [default: stdout]
    #[arg(long, short = 'o', value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Ocsf,
    Ecs,
    Otlp,
    Spans,
    Cef,
}

pub(super) fn run(args: &Args) -> Outcome {
    match (args.format, &args.what) {
        (Some(format), what) => records(args, format, what.as_deref())?,
        (None, Some(id)) => evidence(args, &id.parse().map_err(|error: &str| Failure::Usage(error.to_owned()))?)?,
        (None, None) => {
            let what = "name the record (files:12), or give --format for records of all logs";
            return Err(Failure::Usage(what.to_owned()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// One record's evidence.
fn evidence(args: &Args, id: &Id) -> Result<(), Failure> {
    let log = id.log(&args.common)?;
    let home =
        Home::existing(log.parent().unwrap_or(&log)).map_err(|error| Failure::Configuration(error.to_string()))?;
    let bundle = Bundle::make(&log, id.index, home.key()).map_err(|error| match error {
        BundleError::NoRecord(_) | BundleError::NoVerdict(_) => Failure::Usage(error.to_string()),
        other => Failure::Configuration(other.to_string()),
    })?;
    let text = serde_json::to_string_pretty(&bundle).unwrap_or_default() + "\n";
    write(args.out.as_deref(), |out| out.write_all(text.as_bytes()))?;
    if let Some(path) = args.out.as_deref().map(Path::display) {
        warn(&format!("written to {path}; `vanguard audit verify {path} --key {}` verifies it", bundle.key));
    }
    Ok(())
}

/// Records as another system takes them, one a line.
fn records(args: &Args, format: Format, what: Option<&str>) -> Result<(), Failure> {
    let one: Option<Id> = what.and_then(|what| what.parse().ok());
    let logs = match (&one, what) {
        (Some(id), _) => vec![id.log(&args.common)?],
        (None, what) => {
            let dir = args.common.dir()?;
            let mut logs = logs(&dir)?;
            logs.retain(|log| what.is_none_or(|what| what == name(log)));
            if logs.is_empty() {
                let what = what.unwrap_or_default();
                return Err(Failure::Usage(format!("there is no log {what} in {}", dir.display())));
            }
            logs
        }
    };
    let mut trouble = None;
    write(args.out.as_deref(), |out| {
        for log in &logs {
            let told = of_log(log, one.as_ref(), format, args.findings, out)?;
            trouble = trouble.take().or(told.err());
        }
        Ok(())
    })?;
    trouble.map_or(Ok(()), |trouble| Err(Failure::Usage(trouble)))
}

/// Writes the records of one log. A log that can't be read is told of, and does not keep the others.
fn of_log(
    log: &Path,
    one: Option<&Id>,
    format: Format,
    findings: bool,
    out: &mut dyn Write,
) -> io::Result<Result<(), String>> {
    let mut reader = match Reader::open(log) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let numbers = one.map_or(reader.numbers(), |id| id.index..id.index + 1);
    for index in numbers {
        let record = match reader.record(index) {
            Ok(entry) => entry.and_then(Record::read),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let Some(record) = record.filter(|record| !findings || !record.findings.is_empty()) else { continue };
        let line = match format {
            Format::Ocsf => siem::ocsf(&record).and_then(|event| serde_json::to_string(&event).ok()),
            Format::Otlp => siem::otlp(&record).and_then(|event| serde_json::to_string(&event).ok()),
            Format::Spans => siem::span(&record).and_then(|event| serde_json::to_string(&event).ok()),
            Format::Ecs => siem::ecs(&record).and_then(|event| serde_json::to_string(&event).ok()),
            Format::Cef => siem::cef(&record),
        };
        if let Some(line) = line {
            writeln!(out, "{line}")?;
        }
    }
    Ok(Ok(()))
}

/// Writes to a file, or to stdout, of which a reader that went away is no error.
fn write(path: Option<&Path>, work: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let Some(path) = path else {
        let mut out = BufWriter::new(io::stdout().lock());
        return match work(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Usage(format!("stdout: {error}"))),
            _ => Ok(()),
        };
    };
    let failed = |error| Failure::Usage(format!("{}: cannot be written: {error}", path.display()));
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    work(&mut out).and_then(|()| out.flush()).map_err(failed)
}
