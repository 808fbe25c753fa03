//! The command line's surface. Each subcommand's flags stand in its own file.

use clap::{Parser, Subcommand};

#[cfg(unix)]
use crate::commands::serve;
use crate::commands::{
    audit, check, completions, config, demo, eval, explain, info, keygen, pins, ready, rules, sandbox, semantic,
    sessions, start, update, version, zones,
};

/// A security proxy between AI agents and MCP servers.
///
/// Wrap a server and every message is judged in both directions: attacks are refused, everything else passes as it came.
#[derive(Debug, Parser)]
#[command(name = "vanguard", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  vanguard demo                                             see it work, without network
  vanguard start -- npx -y @modelcontextprotocol/server-filesystem .
  vanguard serve --port 8080 -- python server.py           the same over HTTP
  vanguard start --server \"python server.py\" --profile strict
  vanguard check --tool read_file --arg path=../../etc/passwd
  vanguard rules show FS-003

Exit codes: 0 ended well, 1 the answer is no (check, eval, rules test, demo, ready), 2 usage,
3 configuration or rules, 4 the server could not start; otherwise the server's own.";

/// A subcommand.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run an MCP server behind the proxy, on stdin and stdout
    Start(Box<start::Args>),
    /// Serve an MCP server over HTTP, behind the proxy
    #[cfg(unix)]
    #[command(visible_alias = "sse")]
    Serve(Box<serve::Args>),
    /// Say whether a gateway takes requests
    Ready(ready::Args),
    /// Judge one message and explain the verdict
    Check(check::Args),
    /// Show what the proxy takes a server's arguments for, and why
    Explain(explain::Args),
    /// Measure recall and false alarms over labelled messages
    Eval(eval::Args),
    /// List, explain, test and sign detection rules
    Rules(rules::Args),
    /// Show what a walled-in server could reach
    Sandbox(sandbox::Args),
    /// Read the record of what was judged, and verify that it is what was recorded
    Audit(audit::Args),
    /// Show what servers' tools were pinned as, and accept what they are now
    Pins(pins::Args),
    /// Show what a language model or classifier would be asked, and try it out
    Semantic(semantic::Args),
    /// Show which sessions are open, and what they have done
    Sessions(sessions::Args),
    /// Show where a path leads, and whether a tool may go there
    Zones(zones::Args),
    /// Show the configuration that holds, or the schema of the file
    Config(config::Args),
    /// Show layers, rules and limits at a glance
    Info(info::Args),
    /// Show the version
    Version(version::Args),
    /// Install signed rules from a directory or URL
    Update(update::Args),
    /// Make a key pair to sign rules with
    Keygen(keygen::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// See the proxy stop attacks and pass ordinary work; needs nothing installed
    Demo(demo::Args),
    /// The small MCP server of the demo
    #[command(name = "__demo-server", hide = true)]
    DemoServer(demo::server::Args),
}
