//! `cargo xtask ci`: what a merge must pass, cheapest first.

use std::time::Instant;

use crate::workspace::{self, FEATURES, Outcome, cargo, command, release_binary};
use crate::{fuzz, supply, test};

/// One thing to be checked.
type Step = fn() -> Outcome;

/// Seconds that each fuzz target runs here; the nightly run takes ten minutes.
const FUZZ_SECONDS: u32 = 9;

pub(crate) fn run() -> Outcome {
    let steps: [(&str, Step); 7] = [
        ("format", format),
        ("licences, features, directions", supply::check),
        ("lints", lints),
        ("documentation", documentation),
        ("tests", || test::run(&[])),
        ("demo", demo),
        ("fuzz smoke", || fuzz::run(FUZZ_SECONDS, &[])),
    ];
    let mut took = Vec::new();
    for (name, step) in steps {
        eprintln!("\n\x1b[1m== {name}\x1b[0m");
        let started = Instant::now();
        step().map_err(|why| format!("{name}: {why}"))?;
        took.push((name, started.elapsed()));
    }
    eprintln!();
    for (name, time) in &took {
        eprintln!("{:>6.0} s  {name}", time.as_secs_f32());
    }
    Ok(())
}

fn format() -> Outcome {
    workspace::run(&mut cargo(["fmt", "--all", "--check"]))
}

fn lints() -> Outcome {
    let arguments =
        ["clippy", "--workspace", "--all-targets", "--locked", "--features", FEATURES, "--", "--deny", "warnings"];
    workspace::run(&mut cargo(arguments))
}

fn documentation() -> Outcome {
    // The pages are for people who work on this, so they hold private items, and links to them are good.
    let strict = "--deny warnings --allow rustdoc::private_intra_doc_links";
    let arguments = ["doc", "--workspace", "--no-deps", "--document-private-items", "--locked", "--features", FEATURES];
    workspace::run(cargo(arguments).env("RUSTDOCFLAGS", strict))
}

/// The first thing a newcomer runs must end well.
fn demo() -> Outcome {
    workspace::run(&mut command(release_binary()?, ["demo"]))
}
