//! `sandbox`: what the walls round a server are made of.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_gateway::StdioConfig;
use vanguard_sandbox::{Ports, Walls};

use crate::commands::{print, print_json, warn_all};
use crate::config::Sources;
use crate::config::sources::Surroundings;
use crate::exit::{Failure, Outcome};
use crate::sandbox::{WallFlags, plan};
use crate::table;

/// Flags of `sandbox`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show what a server could reach, and why
    #[command(after_help = "\
Examples:
  vanguard sandbox explain --zone ./data -- node server.js
  vanguard sandbox explain --sandbox=strict --zone ./data:ro --json -- uvx mcp-server-git")]
    Explain {
        #[command(flatten)]
        walls: WallFlags,
        /// Print as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        sources: Sources,
        /// The server's program and arguments
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<OsString>,
    },
}

/// The walls, and the variables that pass them.
#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    walls: &'a Walls,
    env: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let What::Explain { walls, json, sources, command } = &args.what;
    let around = Surroundings::of_process();
    let resolved = sources.resolve(walls.layers(), &around)?;
    let mut words = command.iter();
    let program = words.next().ok_or_else(|| Failure::Usage("there is no command to explain".to_owned()))?;
    let server = StdioConfig::new(program, words);
    let caches = around.state_home().map(|state| state.join("servers"));
    let Some(plan) = plan(&resolved.settings, &server, std::env::vars_os(), caches.as_deref())? else {
        print("no walls: name a --zone, or ask for --sandbox\n");
        return Ok(ExitCode::SUCCESS);
    };
    warn_all(resolved.warnings.iter().chain(&plan.warnings));
    let mut env: Vec<String> = plan.env.iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    env.sort();
    if *json {
        print_json(&Explained { walls: &plan.walls, env });
        return Ok(ExitCode::SUCCESS);
    }
    let mut files = table::plain(&["rights", "path", "why"], 3);
    files.add_rows(
        plan.walls
            .openings
            .iter()
            .map(|opening| [opening.rights.to_string(), opening.path.display().to_string(), opening.why.clone()]),
    );
    let mut text = table::text(&files);
    let ports = |ports: &Ports| match ports {
        Ports::Any => "any port".to_owned(),
        Ports::Only(ports) if ports.is_empty() => "none".to_owned(),
        Ports::Only(ports) => ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", "),
    };
    let allowed = |yes: bool| if yes { "allowed" } else { "none" };
    for (name, value) in [
        ("TCP, to connect", ports(&plan.walls.connect)),
        ("TCP, to listen", ports(&plan.walls.bind)),
        ("Unix sockets", allowed(plan.walls.unix_sockets).to_owned()),
        ("namespaces", allowed(plan.walls.namespaces).to_owned()),
        ("environment", env.join(" ")),
    ] {
        let _ = write!(text, "\n{name:<16}  {value}");
    }
    text.push('\n');
    print(&text);
    Ok(ExitCode::SUCCESS)
}
