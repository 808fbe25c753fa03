//! `start`: a server behind the proxy, on stdin and stdout.

use std::process::ExitCode;
use std::sync::Arc;

use super::wrap::{self, Prepared, Wrap};
use crate::config::sources::Surroundings;
use crate::exit::{Failure, Outcome};

/// Flags of `start`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vanguard start -- npx -y @modelcontextprotocol/server-filesystem .
  vanguard start --profile strict --log-file audit.jsonl -- python server.py --port 0
  vanguard start --server \"npx -y @modelcontextprotocol/server-filesystem .\"

In a client's configuration, put `vanguard start --` in front of the server's own command.
stdout belongs to MCP; stderr says one line for each refusal. The record is kept in
$XDG_STATE_HOME/vanguard/audit.jsonl unless another file is named, and the log that proves it
in $XDG_STATE_HOME/vanguard/audit.

Exit code: the server's own; 2 usage, 3 configuration or rules, 4 the server could not start.")]
pub(crate) struct Args {
    #[command(flatten)]
    wrap: Wrap,
}

pub(crate) fn run(args: &Args) -> Outcome {
    // Where there is no thread to be had for it, it is done when it is needed.
    let _ = std::thread::Builder::new().name("prepare".to_owned()).spawn(vanguard_engine::prepare);
    let (prepared, server) = Prepared::with_server(&args.wrap, Vec::new())?;
    prepared.settings.audit.sending.export.beside_stdio()?;
    wrap::warn_of_tools(&prepared.settings, "start");
    let Prepared { engine, session, log, verbose, reporter, .. } = prepared;
    if verbose {
        let (rules, profile) = (engine.rules().rules().len(), engine.policy().profile);
        super::warn(&format!("{} starts behind {rules} rules, {profile:?} profile", server.name));
    }
    let control = Surroundings::of_process().run_home();
    let outcome = vanguard_gateway::run(&server, engine, session, &log, Arc::new(reporter), control.as_deref())
        .map_err(|error| Failure::Server(error.to_string()))?;
    if verbose {
        super::warn(&format!("session ended ({:?}), exit code {}", outcome.cause, outcome.code));
    }
    Ok(ExitCode::from(outcome.code))
}
