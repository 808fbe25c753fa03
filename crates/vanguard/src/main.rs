//! The command line: parse, do one thing, end with a code that says how it went.

mod cli;
mod commands;
mod config;
mod engine;
mod exit;
mod pins;
mod reading;
mod sandbox;
mod signing;
mod suggest;
mod table;
mod zones;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Command};

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // A proxy starts itself once more to watch over the server: that comes before any flag is read.
    if let Some(code) = vanguard_gateway::watchdog() {
        return code;
    }
    // And where a server speaks no transport but an old one.
    if let Some(code) = vanguard_gateway::bridge() {
        return code;
    }
    // And as the step behind the walls of a server's sandbox.
    if let Some(code) = vanguard_sandbox::step() {
        return code;
    }
    #[cfg(feature = "onnx")]
    keep_texts_out_of_panics();
    let outcome = match Cli::parse().command {
        Command::Start(args) => commands::start::run(&args),
        #[cfg(unix)]
        Command::Serve(args) => commands::serve::run(args),
        Command::Ready(args) => commands::ready::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Eval(args) => commands::eval::run(&args),
        Command::Rules(args) => commands::rules::run(&args),
        Command::Sandbox(args) => commands::sandbox::run(&args),
        Command::Audit(args) => commands::audit::run(&args),
        Command::Pins(args) => commands::pins::run(&args),
        Command::Semantic(args) => commands::semantic::run(&args),
        Command::Sessions(args) => commands::sessions::run(&args),
        Command::Zones(args) => commands::zones::run(&args),
        Command::Config(args) => commands::config::run(&args),
        Command::Info(args) => commands::info::run(&args),
        Command::Version(args) => commands::version::run(&args),
        Command::Update(args) => commands::update::run(&args),
        Command::Keygen(args) => commands::keygen::run(&args),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Demo(args) => commands::demo::run(&args),
        Command::DemoServer(args) => commands::demo::server::run(&args),
    };
    outcome.unwrap_or_else(|failure| {
        if !matches!(failure, exit::Failure::Refused) {
            anstream::eprintln!("vanguard: {failure}");
        }
        failure.code()
    })
}

/// Has nothing but the place told where a runtime falls over a text: what it says of it may quote the text.
#[cfg(feature = "onnx")]
fn keep_texts_out_of_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |fell| {
        let thread = std::thread::current();
        let is_scorer = |name: &str| name == "scorer" || name.starts_with("rten-");
        match fell.location() {
            Some(place) if thread.name().is_some_and(is_scorer) => {
                anstream::eprintln!("vanguard: what runs the classifier panicked at {place}");
            }
            _ => usual(fell),
        }
    }));
}
