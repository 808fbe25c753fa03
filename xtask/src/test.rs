//! `cargo xtask test`: every test of the workspace, with nothing skipped.

use std::thread::{self, ScopedJoinHandle};

use crate::fixtures;
use crate::workspace::{self, FEATURES, Outcome, cargo, release_binary};

/// The end-to-end tests drive the release binary, as users do, with the real servers under target/fixtures.
///
/// What that binary lacks, the crates' own tests have: they are built with all features.
///
/// What they need is brought and built side by side: much of each waits for a disk, a network or the last crate.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    let binary = thread::scope(|scope| {
        let fixtures = scope.spawn(fixtures::bring);
        let binary = scope.spawn(release_binary);
        let tests = workspace::run(cargo(["test", "--workspace", "--features", FEATURES, "--no-run"]).args(arguments));
        joined(fixtures)?;
        tests.and(joined(binary))
    })?;
    let tests = ["test", "--workspace", "--features", FEATURES, "--no-fail-fast"];
    workspace::run(cargo(tests).args(arguments).env("E2E_BINARY", binary))
}

fn joined<T>(work: ScopedJoinHandle<'_, Outcome<T>>) -> Outcome<T> {
    work.join().unwrap_or_else(|_| Err("a step panicked".to_owned()))
}
