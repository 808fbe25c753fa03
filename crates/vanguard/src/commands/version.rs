//! `version`.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::exit::Outcome;

/// Flags of `version`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print as JSON, with the commit where it is known and the digest of the built-in rules
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Release {
    version: &'static str,
    /// Set by release builds (`VANGUARD_COMMIT` while compiling).
    commit: Option<&'static str>,
    rules_sha256: String,
}

#[expect(clippy::unnecessary_wraps, reason = "every command has the same shape")]
pub(crate) fn run(args: &Args) -> Outcome {
    let version = env!("CARGO_PKG_VERSION");
    if args.json {
        super::print_json(&Release { version, commit: option_env!("VANGUARD_COMMIT"), rules_sha256: rules_digest() });
    } else {
        super::print(&format!("vanguard {version}\n"));
    }
    Ok(ExitCode::SUCCESS)
}

/// One digest over names and texts of the built-in packs.
fn rules_digest() -> String {
    let mut hash = Sha256::new();
    for pack in vanguard_engine::rules::builtin() {
        // Lengths in front, so that no two lists of packs hash the same bytes.
        for part in [pack.name, pack.text] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
