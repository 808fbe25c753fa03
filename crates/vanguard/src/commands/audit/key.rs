//! `audit key`: by what others verify the logs.

use std::process::ExitCode;

use serde::Serialize;
use vanguard_audit::evidence::{Home, Reader};
use vanguard_audit::key;
use vanguard_audit::tlog::{Checkpoint, Note};

use super::{Common, name};
use crate::commands::{print, print_json};
use crate::exit::{Failure, Outcome};

/// Flags of `audit key`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The key is made at the first use, in the directory of the logs (mode 0600). Give the public one to those who
are to verify: over another way than the logs, and before they need it.

Example:
  vanguard audit key > vanguard-audit.pub")]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Shown {
    key: String,
    /// The key under the name of each log, as verifiers of C2SP's signed notes take it.
    logs: Vec<Verifier>,
}

#[derive(Serialize)]
struct Verifier {
    log: String,
    vkey: String,
}

pub(super) fn run(args: &Args) -> Outcome {
    let dir = args.common.dir()?;
    let home = Home::open(&dir).map_err(|error| Failure::Configuration(error.to_string()))?;
    let public = home.key().verifying_key();
    let text = key::public_text(&public);
    if !args.common.json {
        print(&format!("{text}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut logs = Vec::new();
    for log in Home::logs(&dir).map_err(|error| Failure::Usage(format!("{}: {error}", dir.display())))? {
        let Ok(Some(note)) = Reader::open(&log).and_then(|reader| reader.checkpoint()) else { continue };
        let checkpoint = Note::parse(note.as_bytes()).ok().and_then(|note| Checkpoint::parse(note.unverified()));
        // A log that an earlier key signed has another.
        let own = checkpoint.filter(|_| Checkpoint::verify(note.as_bytes(), &public).is_ok());
        logs.extend(own.map(|own| Verifier { log: name(&log), vkey: own.origin.verifier(&public) }));
    }
    print_json(&Shown { key: text, logs });
    Ok(ExitCode::SUCCESS)
}
