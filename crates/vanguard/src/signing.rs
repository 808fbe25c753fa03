//! Signed rule sets: what is signed, by whom, and how it is installed.
//!
//! A rule set is a directory of packs with two more files: `rules.manifest`, the canonical list of its files, and
//! `rules.sig`, an Ed25519 signature of exactly those bytes.

pub(crate) mod bundle;
pub(crate) mod fetch;
pub(crate) mod install;
pub(crate) mod manifest;

/// The file that lists the others.
pub(crate) const MANIFEST: &str = "rules.manifest";
/// The file that signs the list.
pub(crate) const SIGNATURE: &str = "rules.sig";
