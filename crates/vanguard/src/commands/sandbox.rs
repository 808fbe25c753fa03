//! `sandbox`: what the walls round a server are made of.

#[cfg(target_os = "linux")]
mod learn;

use std::ffi::OsString;
use std::fmt::Write as _;
#[cfg(target_os = "linux")]
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;
use vanguard_gateway::StdioConfig;
use vanguard_sandbox::{Ports, Walls};

use crate::commands::{print, print_json, warn_all};
use crate::config::sources::Surroundings;
use crate::config::{Sources, file};
use crate::exit::{Failure, Outcome};
use crate::sandbox::profile::{Profile, SHIPPED, unknown};
use crate::sandbox::{WallFlags, plan};
use crate::{table, zones};

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
    /// List the profiles that are shipped, or print one
    Profiles {
        /// Print this one, as a start for one of your own
        name: Option<String>,
    },
    /// Run a server that you trust without walls, watch it, and write the narrowest zones that fit, for review
    #[cfg(target_os = "linux")]
    #[command(after_help = "\
The server runs on this terminal, or in a client's configuration in place of the server: use it as you will, then end it.
Nothing is judged meanwhile.

Examples:
  vanguard sandbox learn --out zones.yaml -- npx -y @modelcontextprotocol/server-filesystem ./data
  vanguard start --config zones.yaml -- npx -y @modelcontextprotocol/server-filesystem ./data")]
    Learn {
        /// File to write; it must not be there yet
        #[arg(long, value_name = "FILE", default_value = "vanguard.learnt.yaml")]
        out: PathBuf,
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
    profiles: Vec<&'a str>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let (walls, json, sources, command) = match &args.what {
        What::Explain { walls, json, sources, command } => (walls, json, sources, command),
        What::Profiles { name } => return profiles(name.as_deref()),
        #[cfg(target_os = "linux")]
        What::Learn { out, command } => return learn::run(command, out),
    };
    let around = Surroundings::of_process();
    let resolved = sources.resolve(walls.layers(), &around)?;
    let mut words = command.iter();
    let program = words.next().ok_or_else(|| Failure::Usage("there is no command to explain".to_owned()))?;
    let server = StdioConfig::new(program, words);
    let caches = around.state_home().map(|state| state.join("servers"));
    let laid = zones::lay(&resolved.settings, Some(&server.name), &super::wrap::directory(&server), &around)?;
    let Some(plan) = plan(&resolved.settings, &server, &laid, std::env::vars_os(), caches.as_deref())? else {
        print("no walls: name a --zone, or ask for --sandbox\n");
        return Ok(ExitCode::SUCCESS);
    };
    warn_all(resolved.warnings.iter().chain(&laid.warnings).chain(&plan.warnings));
    let mut env: Vec<String> = plan.env.iter().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
    env.sort();
    if *json {
        let profiles = plan.profiles.chosen.iter().map(|(name, _)| &**name).collect();
        print_json(&Explained { walls: &plan.walls, env, profiles });
        return Ok(ExitCode::SUCCESS);
    }
    let mut files = table::plain(&["rights", "path", "why"], 3);
    files.add_rows(
        plan.walls
            .openings
            .iter()
            .map(|opening| [opening.rights.to_string(), opening.path.display().to_string(), opening.why.clone()]),
    );
    let mut text = String::new();
    for (name, profile) in &plan.profiles.chosen {
        let _ = writeln!(text, "profile {name}: {}", profile.about);
    }
    text.push('\n');
    text.push_str(&table::text(&files));
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
        ("io_uring", allowed(plan.walls.io_uring).to_owned()),
        ("environment", env.join(" ")),
    ] {
        let _ = write!(text, "\n{name:<16}  {value}");
    }
    text.push('\n');
    for (name, note) in plan.profiles.chosen.iter().filter_map(|(name, profile)| Some((name, profile.note.as_ref()?))) {
        let _ = writeln!(text, "\n{name}: {note}");
    }
    print(&text);
    Ok(ExitCode::SUCCESS)
}

/// The shipped profiles, or the text of one.
fn profiles(name: Option<&str>) -> Outcome {
    let Some(name) = name else {
        let mut profiles = table::plain(&["name", "for"], 2);
        for (name, text) in SHIPPED {
            let profile: Profile = file::parse_as(text, name)?;
            profiles.add_row([name, &profile.about]);
        }
        print(&table::text(&profiles));
        return Ok(ExitCode::SUCCESS);
    };
    let Some((_, text)) = SHIPPED.iter().find(|(known, _)| *known == name) else { return Err(unknown(name)) };
    print(text);
    Ok(ExitCode::SUCCESS)
}
