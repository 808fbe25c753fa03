//! `audit verify`: whether logs are what was recorded.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use vanguard_audit::bundle::Bundle;
use vanguard_audit::evidence::{Home, Reader};
use vanguard_audit::key::{SigningKey, VerifyingKey, parse_public, public_text};
use vanguard_audit::manifest::Statement;
use vanguard_audit::receipt::Worth;
use vanguard_audit::tlog::{Checkpoint, Witness};
use vanguard_audit::verify::{
    self, Anchored, Asked, BundleReport, Cosigned, Fault, Layer, LogReport, Receipted, Standing,
};

use super::blocks::Blocks;
use super::{Common, logs, name};
use crate::commands::{plain, print, print_json, warn};
use crate::exit::{Failure, Outcome};
use crate::reading;

/// The most faults of a log that a person is shown.
const SHOWN: usize = 20;

/// Flags of `audit verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each of these is told apart:
  signed      the newest checkpoint is signed by the key (of a bundle, its manifest too)
  included    every record is in the tree that was signed
  consistent  the tree is of one piece, and goes on from an earlier checkpoint (--since);
              of a bundle: its manifest says what the record says
  witnessed   the witnesses that are named (--witness) have signed the checkpoint
  anchored    a checkpoint was there when a block of Bitcoin was made; it takes the block's header to tell
  receipted   VEX has signed that it was told of a checkpoint; it takes the key of its gate to tell

A log that its owner wrote anew from the beginning is told only by an earlier checkpoint: keep some elsewhere.

Examples:
  vanguard audit verify
  vanguard audit verify refusal.json --key ed25519:…
  vanguard audit verify /mnt/copy/files --key ed25519:… --since checkpoint-of-monday
  vanguard audit verify refusal.json --key ed25519:… --headers headers.bin --require anchored

Exit codes: 0 all hold that is there; the first that does not: 10 signed, 11 included, 12 consistent,
13 witnessed, 14 anchored, 15 receipted.")]
pub(super) struct Args {
    /// A log's directory, one of logs, or a bundle of `audit export` [default: the one that the proxy writes to]
    path: Option<PathBuf>,
    /// The public key (`ed25519:…`) [default: that of the directory of the logs]
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A checkpoint that the log signed earlier
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    /// What must be there and hold: without it, what is missing is told and is no fault; may be repeated
    #[arg(long, value_name = "LAYER")]
    require: Vec<Required>,
    /// The key of a witness that signs checkpoints (`NAME+ID+KEY`); may be repeated [default: those that are asked, `audit.witnesses`]
    #[arg(long, value_name = "VKEY")]
    witness: Vec<Witness>,
    /// The key of the gate that signs receipts of VEX (`ed25519:…`)
    #[arg(long, value_name = "KEY")]
    gate_key: Option<String>,
    #[command(flatten)]
    blocks: Blocks,
    #[command(flatten)]
    common: Common,
}

/// What may be missing.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Required {
    Witnessed,
    Anchored,
    Receipted,
}

impl Args {
    fn asked(&self) -> Result<Asked, Failure> {
        let layer = |required: &Required| match required {
            Required::Witnessed => Layer::Witnessed,
            Required::Anchored => Layer::Anchored,
            Required::Receipted => Layer::Receipted,
        };
        let required = self.require.iter().map(layer).collect();
        let gate = self.gate_key.as_deref().map(|text| parse_public(text).map_err(Failure::Usage)).transpose()?;
        let witnesses = if self.witness.is_empty() { self.common.witnesses()? } else { self.witness.clone() };
        Ok(Asked { earlier: None, witnesses, headers: self.blocks.headers()?, gate, required })
    }
}

pub(super) fn run(args: &Args) -> Outcome {
    let path = args.path.clone().map_or_else(|| args.common.dir(), Ok)?;
    let given = args.key.as_deref().map(|text| parse_public(text).map_err(Failure::Usage)).transpose()?;
    if path.is_file() {
        return verify_bundle(args, &path, given);
    }
    let logs = logs(&path)?;
    let (mut reports, mut asked) = (Vec::new(), args.asked()?);
    for log in &logs {
        let key = match given {
            Some(key) => key,
            None => own_key(args, log)?,
        };
        asked.earlier = args.since.as_ref().map(|file| since(file, &key)).transpose()?;
        reports.push(verify::log(log, &key, &mut asked));
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

/// The evidence of one record: by the key that is given, or by that of this machine's own logs. What a bundle says of its key proves nothing.
fn verify_bundle(args: &Args, path: &Path, given: Option<VerifyingKey>) -> Outcome {
    let failed = |what: &str| Failure::Usage(format!("{}: {what}", path.display()));
    let bundle =
        Bundle::parse(&reading::bounded(path, Bundle::MAX_BYTES)?).ok_or_else(|| failed("is no evidence bundle"))?;
    let key = if let Some(key) = given {
        key
    } else {
        let own = args.common.dir().ok().and_then(|dir| Home::existing(&dir).ok());
        let own = own.ok_or_else(|| failed("give the public key of its log's owner with --key"))?;
        warn("verified by the key of this machine's own logs; --key holds it against another");
        own.key().verifying_key()
    };
    let report = verify::bundle(&bundle, &key, &mut args.asked()?);
    if args.common.json {
        print_json(&report);
    } else {
        print(&told_bundle(&report));
    }
    let first = report.faults.iter().map(|fault| fault.layer).min();
    Ok(first.map_or(ExitCode::SUCCESS, |layer| ExitCode::from(layer.exit_code())))
}

fn told_bundle(report: &BundleReport) -> String {
    let mut text = format!("record {} of {} in {}\n", report.index, report.size, plain(&report.origin));
    layers(&mut text, [report.signed, report.included, report.consistent]);
    witnessed(&mut text, &report.witnessed);
    anchored(&mut text, &report.anchored);
    receipted(&mut text, &report.receipted);
    faults(&mut text, &report.faults);
    if let Some(Statement { predicate, .. }) = &report.statement {
        let (subject, context) = (&predicate.subject, &predicate.context);
        let what = format!("{} {}", predicate.action.name, predicate.resource.id);
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "\n{}  {}  {} by {}",
            plain(&context.time),
            plain(&context.verdict),
            plain(&what),
            plain(&subject.id)
        );
        for found in &context.findings {
            let _ = writeln!(text, "  {} {} ({})", plain(&found.rule), plain(&found.title), plain(&found.evidence));
        }
        if let Some(bits) = context.entropy {
            let _ = writeln!(text, "  entropy {bits} bits a byte");
        }
    }
    text
}

/// The key of the directory that a log lies in; of a log that was set aside, the one that it says it is signed by.
fn own_key(args: &Args, log: &Path) -> Result<VerifyingKey, Failure> {
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
fn since(file: &Path, key: &VerifyingKey) -> Result<Checkpoint, Failure> {
    let note = reading::bounded(file, 128 * 1024)?;
    Checkpoint::verify(&note, key).map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
}

fn told(report: &LogReport) -> String {
    let mut text = format!("{}\n", report.log.display());
    // Writing to a String can't fail.
    let _ = writeln!(
        text,
        "  {} records, {} read, {} dropped, {} not signed yet",
        report.size, report.checked, report.dropped, report.unsigned
    );
    layers(&mut text, [report.signed, report.included, report.consistent]);
    witnessed(&mut text, &report.witnessed);
    anchored(&mut text, &report.anchored);
    receipted(&mut text, &report.receipted);
    faults(&mut text, &report.faults);
    text
}

/// What holds.
fn layers(text: &mut String, holds: [bool; 3]) {
    for (layer, holds) in ["signed", "included", "consistent"].into_iter().zip(holds) {
        let _ = writeln!(text, "  {layer:<12}{}", if holds { "yes" } else { "NO" });
    }
}

/// Who else signed it.
fn witnessed(text: &mut String, witnessed: &[Cosigned]) {
    let by: Vec<String> = witnessed
        .iter()
        .map(|one| format!("{} at {} for {}", plain(&one.witness), one.time, records(one.size)))
        .collect();
    let what = if by.is_empty() { "no".to_owned() } else { format!("by {}", by.join(", ")) };
    let _ = writeln!(text, "  {:<12}{what}", "witnessed");
}

/// How far it is anchored.
fn anchored(text: &mut String, anchored: &Anchored) {
    let records = match anchored.size {
        1 => "record 0 was".to_owned(),
        _ => format!("{} were", records(anchored.size)),
    };
    let what = match (anchored.standing, &anchored.block) {
        (Standing::None, _) => "no".to_owned(),
        (Standing::Pending, _) | (_, None) => format!("pending: calendars promise a block that says {records} there"),
        (Standing::Unchecked, Some(block)) => {
            format!("not checked: block {} is to say that {records} there; its header is not known here", block.height)
        }
        (Standing::Anchored, Some(block)) => {
            let (time, chain) = (block.time.as_deref().unwrap_or("?"), block.chain);
            let chain = chain.map(|chain| chain.to_string()).unwrap_or_default();
            format!("yes: {records} there when block {} was made, {time} ({chain})", block.height)
        }
    };
    let _ = writeln!(text, "  {:<12}{what}", "anchored");
}

/// What VEX was told of.
fn receipted(text: &mut String, receipted: &Receipted) {
    let records = records(receipted.size);
    let what = match receipted.worth {
        Worth::None => "no".to_owned(),
        Worth::Mock => format!("mock: for {records}, signed by the key of VEX's mock gate, which everybody has"),
        Worth::Unverified => {
            format!("unverified: for {records}, signed by nobody whose key is known here (--gate-key)")
        }
        Worth::Verified => format!("yes: VEX was told of {records}"),
    };
    let _ = writeln!(text, "  {:<12}{what}", "receipted");
}

/// The first records of a log.
fn records(size: u64) -> String {
    if size == 1 { "record 0".to_owned() } else { format!("records 0 to {}", size.saturating_sub(1)) }
}

/// What is wrong.
fn faults(text: &mut String, faults: &[Fault]) {
    for fault in faults.iter().take(SHOWN) {
        let _ = writeln!(text, "  {}: {}", plain(&fault.place), plain(&fault.what));
    }
    if faults.len() > SHOWN {
        let _ = writeln!(text, "  and {} more; --json shows them", faults.len() - SHOWN);
    }
}
