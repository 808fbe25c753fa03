//! `completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::Cli;
use crate::exit::Outcome;

/// Flags of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vanguard completions bash > ~/.local/share/bash-completion/completions/vanguard
  vanguard completions zsh  > ~/.zfunc/_vanguard")]
pub(crate) struct Args {
    /// The shell
    shell: Shell,
}

#[expect(clippy::unnecessary_wraps, reason = "every command has the same shape")]
pub(crate) fn run(args: &Args) -> Outcome {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "vanguard", &mut script);
    super::print(&String::from_utf8_lossy(&script));
    Ok(ExitCode::SUCCESS)
}
