//! `audit`: what was recorded, and whether it still is what was recorded.

mod anchors;
mod blocks;
mod export;
mod key;
mod outbox;
mod show;
mod tail;
mod verify;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use vanguard_audit::evidence::Home;
use vanguard_audit::send::SendConfig;
use vanguard_audit::tlog::Witness;

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
    /// Verify logs, or the evidence of one record
    Verify(verify::Args),
    /// Show one record, or what policy engines take it as
    Show(show::Args),
    /// Write the evidence of one record for an auditor, or records for another system
    Export(export::Args),
    /// Show how far checkpoints of the logs are anchored in Bitcoin
    Anchors(anchors::Args),
    /// Show what waits to be sent, or send it
    Outbox(outbox::Args),
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
        What::Show(args) => show::run(args),
        What::Export(args) => export::run(args),
        What::Anchors(args) => anchors::run(args),
        What::Outbox(args) => outbox::run(args),
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

/// Directory of evidence, and what of it is sent as the settings say.
impl Common {
    fn sending(&self) -> Result<(PathBuf, SendConfig), Failure> {
        let around = Surroundings::of_process();
        let settings = self.sources.resolve(Vec::new(), &around)?.settings;
        let config = settings.audit.sending.meant(|name| around.variable(name).map(str::to_owned))?;
        Ok((self.dir()?, config))
    }

    /// The witnesses that are asked as the settings say.
    fn witnesses(&self) -> Result<Vec<Witness>, Failure> {
        let settings = self.sources.resolve(Vec::new(), &Surroundings::of_process())?.settings;
        let asked = settings.audit.sending.meant(|_| None)?.witness;
        Ok(asked.into_iter().flat_map(|config| config.witnesses).map(|asked| asked.witness).collect())
    }
}

/// A record by its log and its number in it: `files:12`.
#[derive(Debug, Clone)]
struct Id {
    log: String,
    index: u64,
}

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.rsplit_once(':').and_then(|(log, index)| Some((log, index.parse().ok()?)));
        let whole = parts.filter(|(log, _)| !log.is_empty() && !log.contains(['/', '\\']) && *log != "..");
        let (log, index) = whole.ok_or("write LOG:NUMBER, such as files:12; `vanguard audit tail` shows them")?;
        Ok(Self { log: log.to_owned(), index })
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.log, self.index)
    }
}

impl Id {
    /// The directory of its log.
    fn log(&self, common: &Common) -> Result<PathBuf, Failure> {
        let dir = common.dir()?;
        let log = dir.join(&self.log);
        let none = || Failure::Usage(format!("there is no log {} in {}", self.log, dir.display()));
        if Home::is_log(&log) { Ok(log) } else { Err(none()) }
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
