//! `cargo xtask bench`: the engine's benchmarks.

use crate::workspace::{self, Outcome, cargo};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    workspace::run(cargo(["bench", "--package", "benches", "--"]).args(arguments))
}
