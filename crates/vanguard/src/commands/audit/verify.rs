//! `audit verify`: whether logs are what was recorded.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use vanguard_audit::evidence::{Home, Reader};
use vanguard_audit::key::{SigningKey, VerifyingKey, parse_public, public_text};
use vanguard_audit::tlog::Checkpoint;
use vanguard_audit::verify::{self, LogReport};

use super::{Common, logs, name};
use crate::commands::{print, print_json, warn};
use crate::exit::{Failure, Outcome};
use crate::reading;

/// The most faults of a log that a person is shown.
const SHOWN: usize = 20;

/// Flags of `audit verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each of these is told apart:
  signed      the newest checkpoint is signed by the key
  included    every record is in the tree that was signed
  consistent  the tree is of one piece, and goes on from an earlier checkpoint (--since)

A log that its owner wrote anew from the beginning is told only by an earlier checkpoint: keep some elsewhere.

Examples:
  vanguard audit verify
  vanguard audit verify /mnt/copy/files --key ed25519:… --since checkpoint-of-monday

Exit codes: 0 all hold; the first that does not: 10 signed, 11 included, 12 consistent.")]
pub(super) struct Args {
    /// A log's directory, or one of logs [default: the one that the proxy writes to]
    path: Option<PathBuf>,
    /// The public key (`ed25519:…`) [default: that of the directory of the logs]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A checkpoint that the log signed earlier
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(args: &Args) -> Outcome {
    let path = args.path.clone().map_or_else(|| args.common.dir(), Ok)?;
    let logs = logs(&path)?;
    let given = args.key.as_deref().map(|text| parse_public(text).map_err(Failure::Usage)).transpose()?;
    let mut reports = Vec::new();
    for log in &logs {
        let key = match given {
            Some(key) => key,
            None => own_key(args, log)?,
        };
        let since = args.since.as_ref().map(|file| since(file, &key)).transpose()?;
        reports.push(verify::log(log, &key, since.as_ref()));
    }
    if given.is_none() {
        warn("verified by the key that lies beside the logs; --key holds them against one that you know");
    }
    if args.common.json {
        print_json(&reports);
    } else {
        print(&reports.iter().map(told).collect::<String>());
    }
    let first = reports.iter().flat_map(|report| &report.faults).map(|fault| fault.layer).min();
    Ok(first.map_or(ExitCode::SUCCESS, |layer| ExitCode::from(layer.exit_code())))
}

/// The key of the directory that a log lies in; of a log that was set aside, the one that it says it is signed by.
fn own_key(args: &Args, log: &std::path::Path) -> Result<VerifyingKey, Failure> {
    let home = log.parent().map(Home::existing);
    let own = home.and_then(Result::ok).map(|home| SigningKey::verifying_key(home.key()));
    let says = Reader::open(log).ok().and_then(|reader| parse_public(reader.key()).ok());
    match (own, says) {
        (Some(own), Some(says)) if own != says && name(log).contains('@') => {
            warn(&format!("{}: is signed by an earlier key, {}", log.display(), public_text(&says)));
            Ok(says)
        }
        (Some(own), _) => Ok(own),
        (None, _) => {
            let dir = args.path.as_deref().unwrap_or(log).display();
            Err(Failure::Usage(format!("there is no key beside the logs of {dir}; give the public one with --key")))
        }
    }
}

/// An earlier checkpoint, which must be signed as well.
fn since(file: &std::path::Path, key: &VerifyingKey) -> Result<Checkpoint, Failure> {
    let note = reading::bounded(file, 128 * 1024)?;
    Checkpoint::verify(&note, key).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
}

fn told(report: &LogReport) -> String {
    let word = |holds: bool| if holds { "yes" } else { "NO" };
    let mut text = format!("{}\n", report.log.display());
    // Writing to a String can't fail.
    let _ = writeln!(
        text,
        "  {} records, {} read, {} dropped, {} not signed yet",
        report.size, report.checked, report.dropped, report.unsigned
    );
    let _ = writeln!(text, "  signed      {}", word(report.signed));
    let _ = writeln!(text, "  included    {}", word(report.included));
    let _ = writeln!(text, "  consistent  {}", word(report.consistent));
    for fault in report.faults.iter().take(SHOWN) {
        let _ = writeln!(text, "  {}: {}", fault.place, fault.what);
    }
    if report.faults.len() > SHOWN {
        let _ = writeln!(text, "  and {} more; --json shows them", report.faults.len() - SHOWN);
    }
    text
}
