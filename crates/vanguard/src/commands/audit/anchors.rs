//! `audit anchors`: checkpoints in Bitcoin, and how far each has come.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_audit::anchor::{Anchor, State};
use vanguard_audit::evidence::Reader;
use vanguard_audit::send::{Job, Kind, Outbox, SendConfig};
use vanguard_audit::tlog::{Checkpoint, Note};

use super::{Common, logs, name, outbox};
use crate::commands::{plain, print, print_json};
use crate::exit::{Failure, Outcome};

/// Flags of `audit anchors`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
waiting    no calendar has it yet
pending    calendars have promised to put it into a block, which takes hours
confirmed  a calendar told in which block; `vanguard audit verify` holds that against the block's header
failed     it is with the dead letters (`vanguard audit outbox`), or its proof is none

The proofs lie in the directory of the log, as other programs take them (LOG/anchors/….checkpoint.ots).

Examples:
  vanguard audit anchors
  vanguard audit anchors files --now")]
pub(super) struct Args {
    /// The log; all of them when absent
    log: Option<String>,
    /// Give the newest checkpoint to the calendars now, and ask them for those that are pending
    #[arg(long)]
    now: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Shown {
    log: String,
    size: u64,
    state: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calendars: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    blocks: Vec<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn run(args: &Args) -> Outcome {
    let (dir, config) = args.common.sending()?;
    let mut logs = logs(&dir)?;
    logs.retain(|log| args.log.as_ref().is_none_or(|wanted| *wanted == name(log)));
    if logs.is_empty() {
        let wanted = args.log.as_deref().unwrap_or_default();
        return Err(Failure::Usage(format!("there is no log {wanted} in {}", dir.display())));
    }
    let mut code = ExitCode::SUCCESS;
    if args.now {
        if config.anchor.is_none() {
            return Err(Failure::Configuration("there are no calendars to ask (audit.anchor.calendars)".to_owned()));
        }
        let outbox = Outbox::open(&dir).map_err(|error| outbox::failed(&dir, &error))?;
        for log in &logs {
            put(&outbox, log).map_err(Failure::Usage)?;
        }
        let only = SendConfig { anchor: config.anchor, ..SendConfig::default() };
        code = outbox::send(&dir, &outbox, only)?;
    }
    let mut shown = Vec::new();
    for log in &logs {
        shown.extend(of_log(&dir, log)?);
    }
    if args.common.json {
        print_json(&shown);
    } else {
        print(&shown.iter().map(told).collect::<String>());
    }
    Ok(code)
}

/// Puts a log's newest checkpoint into the outbox, unless it is anchored already.
fn put(outbox: &Outbox, log: &Path) -> Result<(), String> {
    let note = Reader::open(log).and_then(|reader| reader.checkpoint()).map_err(|error| error.to_string())?;
    let Some(note) = note else { return Ok(()) };
    let signed = Note::parse(note.as_bytes()).ok().and_then(|note| Checkpoint::parse(note.unverified()));
    let size = signed.ok_or_else(|| format!("{}: its checkpoint is none", log.display()))?.size;
    if Anchor::sizes(log).map_err(|error| error.to_string())?.contains(&size) {
        return Ok(());
    }
    match outbox.put(&Job::new(Kind::Anchor, &name(log), size, note)) {
        Ok(true) => Ok(()),
        Ok(false) => Err("the outbox is full".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// What is known of a log's checkpoints.
fn of_log(dir: &Path, log: &Path) -> Result<Vec<Shown>, Failure> {
    let unread = |error: std::io::Error| Failure::Usage(format!("{}: {error}", log.display()));
    let mut shown = Vec::new();
    for size in Anchor::sizes(log).map_err(unread)? {
        let anchor = Anchor::read(log, size).map_err(unread)?;
        let state = match anchor.state() {
            State::Pending => "pending",
            State::Confirmed => "confirmed",
            State::Failed => "failed",
        };
        let (mut calendars, mut blocks, mut error) = (Vec::new(), Vec::new(), None);
        match &anchor.proof {
            Ok(proof) => {
                calendars.extend(proof.pending().into_iter().map(|(_, address)| address));
                blocks.extend(proof.blocks().into_iter().map(|(height, _)| height));
            }
            Err(why) => error = Some(why.to_string()),
        }
        shown.push(Shown { log: name(log), size, state, calendars, blocks, error });
    }
    let prefix = format!("{}-{}-", Kind::Anchor.name(), name(log));
    let Ok(outbox) = Outbox::existing(dir) else { return Ok(shown) };
    for (ids, state) in [(outbox.waiting(), "waiting"), (outbox.dead(), "failed")] {
        for id in ids.map_err(unread)?.into_iter().filter(|id| id.starts_with(&prefix)) {
            let Some(job) = outbox.job(&id).filter(|job| job.log == name(log)) else { continue };
            if let Some(known) = shown.iter_mut().find(|shown| shown.size == job.size) {
                known.error = job.error;
                if state == "failed" {
                    known.state = state;
                }
            } else {
                let (size, error, calendars) = (job.size, job.error, Vec::new());
                shown.push(Shown { log: name(log), size, state, calendars, blocks: Vec::new(), error });
            }
        }
    }
    shown.sort_by_key(|shown| shown.size);
    Ok(shown)
}

/// One line for a person.
fn told(shown: &Shown) -> String {
    let blocks: Vec<String> = shown.blocks.iter().map(|height| format!("block {height}")).collect();
    let more = [blocks, shown.calendars.clone(), shown.error.clone().into_iter().collect()].concat().join(", ");
    let line = format!("{} {:>10} records  {:<9}  {}", plain(&shown.log), shown.size, shown.state, plain(&more));
    line.trim_end().to_owned() + "\n"
}
