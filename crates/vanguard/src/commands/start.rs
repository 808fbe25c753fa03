//! `start`
use crate::config::sources::Surroundings;
use crate::exit::Outcome;
use std::path::PathBuf;
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}
pub(crate) fn run(_: Args) -> Outcome {
    Err(crate::exit::Failure::Server("not built yet".to_owned()))
}
pub(crate) fn default_record(around: &Surroundings) -> Option<PathBuf> {
    Some(around.state_home()?.join("audit.jsonl"))
}
