//! `rules sign`.

use std::path::Path;
use std::process::ExitCode;

use crate::commands::{print, rules::test};
use crate::engine;
use crate::exit::{Failure, Outcome};
use crate::signing::manifest::Manifest;
use crate::signing::{MANIFEST, bundle};
use vanguard_audit::key as keys;

pub(super) fn run(dir: &Path, key: &Path, version: Option<u64>) -> Outcome {
    let key = keys::read_private(key).map_err(Failure::Usage)?;
    // A signature says that somebody vouches for the rules: not for ones that fail their own cases.
    let (_, _, failures) = test::outcome(&engine::directory(dir)?.0)?;
    if let Some(first) = failures.first() {
        return Err(Failure::Configuration(format!("not signed, a rule fails its own case: {first}")));
    }
    let before = std::fs::read_to_string(dir.join(MANIFEST)).ok().and_then(|text| Manifest::parse(&text).ok());
    let version = version.unwrap_or_else(|| before.map_or(1, |manifest| manifest.version.saturating_add(1)));
    let manifest = bundle::sign(dir, &key, version).map_err(Failure::Usage)?;
    print(&format!(
        "signed {} packs as version {version}; the public key is {}\n",
        manifest.files.len(),
        keys::public_text(&key.verifying_key())
    ));
    Ok(ExitCode::SUCCESS)
}
