//! Chores of this workspace. `cargo xtask test` runs every test; `cargo xtask ci` is what a merge must pass.

mod bench;
mod ci;
mod fixtures;
mod fuzz;
mod supply;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the McpVanguard workspace")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run every test, after bringing the real servers and clients that the end-to-end tests drive
    Test {
        /// Passed on to `cargo test`, for example a test's name
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Everything that a merge must pass: format, lints, docs, licences and bans, tests, fuzz smoke, demo
    Ci,
    /// Check licences, banned features and the direction of dependencies
    Supply,
    /// Bring the Node and Python packages of the end-to-end tests under target/fixtures
    Fixtures,
    /// Build the fuzz targets and run each
    Fuzz {
        /// How long each target runs
        #[arg(long, default_value_t = 600)]
        seconds: u32,
        /// Only these targets; all of them by default
        targets: Vec<String>,
    },
    /// Run the engine's benchmarks
    Bench {
        /// Passed on to the benchmark binary, for example a filter
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test { arguments } => test::run(&arguments),
        Chore::Ci => ci::run(),
        Chore::Supply => supply::check(),
        Chore::Fixtures => fixtures::bring(),
        Chore::Fuzz { seconds, targets } => fuzz::run(seconds, &targets),
        Chore::Bench { arguments } => bench::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
