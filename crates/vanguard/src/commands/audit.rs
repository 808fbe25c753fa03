//! `audit`: what was recorded, and whether it still is what was recorded.

mod key;
mod tail;
mod verify;

use std::path::{Path, PathBuf};

use vanguard_audit::evidence::Home;

use super::wrap::evidence_dir;
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::exit::{Failure, Outcome};

/// Flags of `audit`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show the newest records
    Tail(tail::Args),
    /// Verify logs: every record, the tree above them, and the signature
    Verify(verify::Args),
    /// Show the public key that the logs are signed by
    Key(key::Args),
}

/// Where the logs are, and how to answer.
#[derive(Debug, clap::Args)]
struct Common {
    /// Directory of the logs [default: the one that the proxy writes to]
    #[arg(long, value_name = "DIR")]
    audit_dir: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sources: Sources,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.what {
        What::Tail(args) => tail::run(args),
        What::Verify(args) => verify::run(args),
        What::Key(args) => key::run(args),
    }
}

impl Common {
    /// The directory of evidence.
    fn dir(&self) -> Result<PathBuf, Failure> {
        if let Some(dir) = &self.audit_dir {
            return Ok(dir.clone());
        }
        let around = Surroundings::of_process();
        let settings = self.sources.resolve(Vec::new(), &around)?.settings;
        let none = || Failure::Usage("no evidence is kept (audit.dir); name a directory with --audit-dir".to_owned());
        evidence_dir(&settings, &around).ok_or_else(none)
    }
}

/// The logs in a directory: it is one, or holds some.
fn logs(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| Failure::Usage(format!("{}: cannot be read: {error}", dir.display()));
    let logs = if Home::is_log(dir) { vec![dir.to_owned()] } else { Home::logs(dir).map_err(failed)? };
    if logs.is_empty() {
        return Err(Failure::Usage(format!("{}: holds no audit log", dir.display())));
    }
    Ok(logs)
}

/// A log's name.
fn name(log: &Path) -> String {
    log.file_name().unwrap_or(log.as_os_str()).to_string_lossy().into_owned()
}
