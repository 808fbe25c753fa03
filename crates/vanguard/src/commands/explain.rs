//! `explain`: what the proxy makes of a server.

mod tools;

use std::path::PathBuf;

use crate::config::Sources;
use crate::exit::Outcome;

/// Flags of `explain`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List every argument of a server's tools with its roles, and why it has them
    ///
    /// Roles decide which rules read an argument. Schema, name and configuration are shown; at each call the value adds to
    /// them, so that what looks like a path, a URL or SQL is read as one whatever its name.
    #[command(after_help = "\
FILE holds the answer to a tools/list, its result alone, or the list of tools.

Examples:
  vanguard explain tools tools.json
  vanguard explain tools tools.json --tool 'git_*' --json

A role that is wrong is corrected in vanguard.yaml:
  roles:
    git_diff: {target: [command]}
    browser_*: {output: {remove: path}}")]
    Tools {
        /// File to read; - for stdin
        file: PathBuf,
        /// Only tools whose name fits this glob
        #[arg(long, value_name = "GLOB")]
        tool: Option<String>,
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        sources: Sources,
    },
}

pub(crate) fn run(args: &Args) -> Outcome {
    match &args.what {
        What::Tools { file, tool, json, sources } => tools::run(file, tool.as_deref(), *json, sources),
    }
}
