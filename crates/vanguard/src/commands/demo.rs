//! `demo`
pub(crate) mod server {
    #[derive(Debug, clap::Args)]
    pub(crate) struct Args {}
    pub(crate) fn run(_: &Args) -> crate::exit::Outcome {
        Err(crate::exit::Failure::Server("not built yet".to_owned()))
    }
}
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}
pub(crate) fn run(_: &Args) -> crate::exit::Outcome {
    Err(crate::exit::Failure::Server("not built yet".to_owned()))
}
