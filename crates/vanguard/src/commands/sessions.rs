//! `sessions`: which are open, in every proxy of this user.

use std::process::ExitCode;

use vanguard_gateway::{OpenSession, open_sessions};

use super::{print, print_json};
use crate::config::sources::Surroundings;
use crate::exit::{Failure, Outcome};
use crate::table;

/// Flags of `sessions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each proxy of yours that runs (`start` and `serve`) tells of its sessions: what they have done, which of its kinds of data they hold,
how full the windows of their limits are, and whether they are in quarantine.")]
pub(crate) struct Args {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let Some(directory) = Surroundings::of_process().run_home() else {
        return Err(Failure::Configuration("there is no home directory where proxies could be found".to_owned()));
    };
    let open = open_sessions(&directory)
        .map_err(|error| Failure::Configuration(format!("{}: {error}", directory.display())))?;
    if args.json {
        print_json(&open);
        return Ok(ExitCode::SUCCESS);
    }
    print(&if open.is_empty() { "no session is open\n".to_owned() } else { text(&open) });
    Ok(ExitCode::SUCCESS)
}

fn text(open: &[OpenSession]) -> String {
    let mut table = table::plain(&["session", "server", "principal", "since", "calls", "holds", "windows"], usize::MAX);
    for open in open {
        let seen = open.seen.clone().unwrap_or_default();
        let mut windows: Vec<String> =
            seen.windows.iter().map(|(limit, held)| format!("{limit} {}/{}", held.now, held.most)).collect();
        if seen.quarantine_seconds > 0 {
            windows.push(format!("quarantine {} s", seen.quarantine_seconds));
        }
        table.add_row([
            open.session.clone(),
            open.server.clone(),
            open.principal.clone().unwrap_or_default(),
            open.since.clone(),
            open.seen.as_ref().map(|seen| seen.calls.to_string()).unwrap_or_default(),
            seen.holds.join(" "),
            windows.join(", "),
        ]);
    }
    table::text(&table)
}
