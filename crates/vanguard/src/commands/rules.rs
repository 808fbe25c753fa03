//! `rules`: the catalogue of detections.

mod list;
mod show;
mod sign;
pub(crate) mod test;

use std::path::PathBuf;

use crate::config::Sources;
use crate::exit::Outcome;

/// Flags of `rules`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List all rules in effect
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
        /// Only rules of this family
        #[arg(long, value_name = "NAME")]
        family: Option<String>,
        #[command(flatten)]
        sources: Sources,
    },
    /// Explain one rule: what it stops, why, examples, and how to tune it
    #[command(after_help = "Example:\n  vanguard rules show FS-003")]
    Show {
        /// Rule id
        id: String,
        #[command(flatten)]
        sources: Sources,
    },
    /// Run the cases that rules bring with them; the built-in ones when no path is given
    #[command(after_help = "\
Examples:
  vanguard rules test                    the built-in packs
  vanguard rules test my-rules/          a directory of packs
  vanguard rules test my-rules/a.yaml    one pack")]
    Test {
        /// Pack, or directory of packs
        path: Option<PathBuf>,
    },
    /// Sign a directory of packs, for `vanguard update`
    #[command(
        after_help = "Example:\n  vanguard keygen --out rules.key && vanguard rules sign my-rules/ --key rules.key"
    )]
    Sign {
        /// Directory of packs
        dir: PathBuf,
        /// Private key made by `vanguard keygen`
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Version of the rule set; one more than that of the manifest already there when absent
        #[arg(long, value_name = "N")]
        version: Option<u64>,
    },
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.what {
        What::List { json, family, sources } => list::run(*json, family.as_deref(), sources),
        What::Show { id, sources } => show::run(id, sources),
        What::Test { path } => test::run(path.as_deref()),
        What::Sign { dir, key, version } => sign::run(dir, key, *version),
    }
}
