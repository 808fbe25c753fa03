//! `cargo xtask test`: every test of the workspace, with nothing skipped.

use crate::fixtures;
use crate::workspace::{self, Outcome, cargo, release_binary};

/// The end-to-end tests drive the release binary, as users do, with the real servers under target/fixtures.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    fixtures::bring()?;
    let binary = release_binary()?;
    workspace::run(cargo(["test", "--workspace", "--no-fail-fast"]).args(arguments).env("E2E_BINARY", binary))
}
