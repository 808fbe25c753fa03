//! `ready`: whether a gateway takes requests, for whoever has neither shell nor `curl` to ask it with, as a container made of nothing else.

use std::process::ExitCode;
use std::time::Duration;

use ureq::tls::TlsConfig;

use crate::exit::{Failure, Outcome};

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Flags of `ready`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  vanguard ready                         the gateway at port 8080 or PORT of this machine
  vanguard ready http://10.0.0.7:8080

Exit code: 0 it takes requests, 1 it does not, or nothing answers.")]
pub(crate) struct Args {
    /// Where it listens; without it, this machine over http or https
    url: Option<String>,
    /// Port of this machine
    #[arg(long, short = 'p', env = "PORT", default_value_t = 8080, conflicts_with = "url")]
    port: u16,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let here = |scheme| ask(&format!("{scheme}://127.0.0.1:{}", args.port));
    let asked = match &args.url {
        Some(url) => ask(url),
        None => here("http").or_else(|why| here("https").map_err(|_| why)),
    };
    match asked {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(why) => {
            super::warn(&format!("not ready: {why}"));
            Err(Failure::Refused)
        }
    }
}

/// Asks a gateway. Nothing is told to it and nothing of its answer is kept, so on this machine any certificate will do.
fn ask(url: &str) -> Result<(), String> {
    let here = ["127.0.0.1", "localhost", "[::1]"].iter().any(|host| {
        let rest = url.strip_prefix("https://").and_then(|rest| rest.strip_prefix(host));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .max_redirects(0)
        // It would be asked for the way to itself.
        .proxy(None)
        .tls_config(TlsConfig::builder().disable_verification(here).build())
        .build()
        .into();
    let url = url.trim_end_matches('/');
    let url = if url.ends_with("/ready") { url.to_owned() } else { format!("{url}/ready") };
    agent.get(&url).call().map(drop).map_err(|error| format!("{url}: {error}"))
}
