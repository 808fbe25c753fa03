//! `keygen`: a key pair to sign rule sets with.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::exit::{Failure, Outcome};
use vanguard_audit::key as keys;

/// Flags of `keygen`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The private key is written to FILE (mode 0600, never over an existing file); the public key is printed.
Keep the private key off the machines that install rules; pin the public key there as `update.key`.

Example:
  vanguard keygen --out rules.key")]
pub(crate) struct Args {
    /// Where to write the private key
    #[arg(long, short = 'o', value_name = "FILE", default_value = "vanguard-rules.key")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let key = keys::generate().map_err(Failure::Usage)?;
    keys::write_private(&key, &args.out)
        .map_err(|error| Failure::Usage(format!("{}: the key cannot be written: {error}", args.out.display())))?;
    super::warn(&format!("private key written to {}; the public key is", args.out.display()));
    super::print(&format!("{}\n", keys::public_text(&key.verifying_key())));
    Ok(ExitCode::SUCCESS)
}
