//! `cargo xtask bench`: the benchmarks of the engine, and of the start of the program.

use crate::workspace::{self, Outcome, cargo, release_binary};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let mut benches = cargo(["bench", "--package", "benches", "--"]);
    workspace::run(benches.args(arguments).env("E2E_BINARY", release_binary()?))
}
