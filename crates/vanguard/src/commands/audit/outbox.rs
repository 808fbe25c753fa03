//! `audit outbox`: what waits to be sent, and the dead letters; and how far records were sent.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_audit::send::{Exported, Job, Outbox, Round, SendConfig};

use super::Common;
use crate::commands::{plain, print, print_json, warn};
use crate::exit::{Failure, Outcome};

/// Flags of `audit outbox`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
What waits is sent by the proxies that write to the logs. --send sends it without them.

Examples:
  vanguard audit outbox
  vanguard audit outbox --retry all --send")]
pub(super) struct Args {
    /// Have a dead letter tried again, or one that waits tried at once; `all` for each dead letter; may be repeated
    #[arg(long, value_name = "ID")]
    retry: Vec<String>,
    /// Send what waits, now
    #[arg(long)]
    send: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Shown {
    id: String,
    state: &'static str,
    since: String,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Of the records of a log: what became of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<Records>,
}

#[derive(Serialize)]
struct Records {
    waiting: u64,
    sent: u64,
    missed: u64,
}

pub(super) fn run(args: &Args) -> Outcome {
    let (dir, config) = args.common.sending()?;
    let writes = args.send || !args.retry.is_empty();
    let outbox = if writes { Outbox::open(&dir) } else { Outbox::existing(&dir) };
    let outbox = match outbox {
        // Nothing was ever to be sent.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            print(if args.common.json { "[]\n" } else { "" });
            return Ok(ExitCode::SUCCESS);
        }
        outbox => outbox.map_err(|error| failed(&dir, &error))?,
    };
    for id in &args.retry {
        let dead = outbox.dead().map_err(|error| failed(&dir, &error))?;
        let ids = if id == "all" { dead } else { vec![id.clone()] };
        for id in &ids {
            if !outbox.retry(id).map_err(|error| failed(&dir, &error))? {
                return Err(Failure::Usage(format!("there is no {id} in the outbox that can be read")));
            }
        }
    }
    let code = if args.send { send(&dir, &outbox, config)? } else { ExitCode::SUCCESS };
    let mut shown = Vec::new();
    for (ids, state) in [(outbox.waiting(), "waiting"), (outbox.dead(), "dead")] {
        for id in ids.map_err(|error| failed(&dir, &error))? {
            let job = outbox.job(&id);
            shown.push(show(id, state, job));
        }
    }
    for exported in Exported::all(&dir).map_err(|error| failed(&dir, &error))? {
        let Exported { log, cursor, waiting } = exported;
        let records = Some(Records { waiting, sent: cursor.sent, missed: cursor.missed });
        let (since, error) = (String::new(), cursor.error);
        shown.push(Shown { id: log, state: "records", since, attempts: 0, error, records });
    }
    if args.common.json {
        print_json(&shown);
    } else {
        print(&shown.iter().map(told).collect::<String>());
    }
    Ok(code)
}

/// Sends what waits, where no proxy of the directory does. Exit code 1 where something could not be sent.
pub(super) fn send(dir: &Path, outbox: &Outbox, config: SendConfig) -> Outcome {
    if !config.is_some() {
        return Err(Failure::Configuration(
            "nothing is configured to send to (audit.anchor, audit.vex, audit.witnesses, audit.export)".to_owned(),
        ));
    }
    let Some(_lock) = outbox.lock().map_err(|error| failed(dir, &error))? else {
        warn("a proxy of this directory sends what waits, within a minute");
        return Ok(ExitCode::SUCCESS);
    };
    let export = config.export.clone();
    let taken = export.is_none_or(|export| Exported::send(dir, export));
    let done = Round::new(dir, config).run(outbox, true, &|| false).map_err(|error| failed(dir, &error))?;
    if let Some(failure) = &done.failure {
        warn(&plain(failure));
    }
    Ok(if done.failure.is_some() || !taken { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// The outbox can't be read or written.
pub(super) fn failed(dir: &Path, error: &std::io::Error) -> Failure {
    Failure::Usage(format!("the outbox in {}: {error}", dir.display()))
}

fn show(id: String, state: &'static str, job: Option<Job>) -> Shown {
    let Some(job) = job else {
        let error = Some("it is damaged".to_owned());
        return Shown { id, state, since: String::new(), attempts: 0, error, records: None };
    };
    Shown { id, state, since: job.since_text(), attempts: job.attempts, error: job.error, records: None }
}

/// One line for a person.
fn told(shown: &Shown) -> String {
    let Shown { id, state, since, attempts, error, records } = shown;
    let error = error.as_deref().unwrap_or_default();
    if let Some(Records { waiting, sent, missed }) = records {
        let line = format!("{state:<7}  {}  {waiting} wait, {sent} sent, {missed} missed  {}", plain(id), plain(error));
        return line.trim_end().to_owned() + "\n";
    }
    let line = format!("{state:<7}  {}  since {since}  tried {attempts} times  {}", plain(id), plain(error));
    line.trim_end().to_owned() + "\n"
}
