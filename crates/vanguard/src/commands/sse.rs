//! `sse` and `serve`: known from 1.5.0, not in this release.

use std::ffi::OsString;

use crate::exit::{Failure, Outcome};

/// Whatever was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Anything
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _rest: Vec<OsString>,
}

pub(crate) fn run(_: &Args) -> Outcome {
    Err(Failure::Usage(
        "serving over HTTP (`sse`, `serve`) is not in this release; use `vanguard start -- COMMAND` on stdio"
            .to_owned(),
    ))
}
