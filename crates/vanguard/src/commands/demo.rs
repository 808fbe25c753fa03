//! `demo`: the real proxy before a small real server, a scripted agent, and a table of what happened.

mod agent;
mod project;
mod report;
mod script;
pub(crate) mod server;

use std::process::ExitCode;
use std::time::Duration;

use agent::{Agent, Answer};
use script::{ATTACKS, ORDINARY, Step};

use crate::exit::{Failure, Outcome};

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Starts `vanguard start` before a built-in MCP server (files, a shell, a fetcher) in a temporary directory, lets a scripted
agent do ordinary work and thirty attacks through it, and shows what became of each. No network; nothing is left behind; an
attack would be harmless even if it passed.

Exit code: 0 when every attack was stopped and no ordinary call was, else 1.")]
pub(crate) struct Args {
    /// How often the ordinary calls are repeated to measure latency
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
}

/// One step of the script and what became of it.
#[derive(Debug)]
struct Happening {
    step: &'static Step,
    answer: Answer,
    time: Duration,
}

/// Everything the report shows.
#[derive(Debug)]
struct Run {
    ordinary: Vec<Happening>,
    attacks: Vec<Happening>,
    /// Round trips of the ordinary calls that start no process, through the proxy and without it.
    through: Vec<Duration>,
    without: Vec<Duration>,
}

impl Run {
    /// Whether everything went as it should.
    fn is_right(&self) -> bool {
        self.ordinary.iter().all(|happening| happening.answer == Answer::Passed)
            && self.attacks.iter().all(|happening| matches!(happening.answer, Answer::Stopped { .. }))
    }
}

pub(crate) fn run(args: &Args) -> Outcome {
    let failed = |what: &str, error: std::io::Error| Failure::Server(format!("the demo cannot {what}: {error}"));
    let place =
        tempfile::Builder::new().prefix("vanguard-demo-").tempdir().map_err(|e| failed("make a directory", e))?;
    project::create(place.path()).map_err(|e| failed("write its files", e))?;
    let mut proxied = Agent::behind_proxy(place.path()).map_err(|e| failed("start the proxy", e))?;
    let mut direct = Agent::direct(place.path()).map_err(|e| failed("start its server", e))?;
    let run = Run {
        ordinary: play(&mut proxied, ORDINARY),
        attacks: play(&mut proxied, ATTACKS),
        without: measure(&mut direct, args.rounds),
        through: measure(&mut proxied, args.rounds),
    };
    drop((proxied, direct));
    super::print(&report::text(&run));
    if run.is_right() { Ok(ExitCode::SUCCESS) } else { Err(Failure::Refused) }
}

fn play(agent: &mut Agent, steps: &'static [Step]) -> Vec<Happening> {
    steps
        .iter()
        .map(|step| {
            let (answer, time) = agent.take(step);
            Happening { step, answer, time }
        })
        .collect()
}

/// Sorted round trips of the ordinary calls, but for those whose time is that of a new process.
fn measure(agent: &mut Agent, rounds: u32) -> Vec<Duration> {
    let quick = || ORDINARY.iter().filter(|step| !step.starts_a_process());
    let mut times: Vec<Duration> = (0..rounds).flat_map(|_| quick()).map(|step| agent.take(step).1).collect();
    times.sort_unstable();
    times
}
