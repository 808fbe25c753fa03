//! Configuration: what was written, by whom, and what is meant.
//!
//! Each source (a flag, a variable, a file, the profile) becomes one [`Layer`] of [`Written`] values; [`resolve`] takes
//! the first that says something about a key and remembers where it came from.

pub(crate) mod access;
pub(crate) mod behaviour;
pub(crate) mod decision_point;
pub(crate) mod entry;
pub(crate) mod exporting;
pub(crate) mod file;
pub(crate) mod gateway;
pub(crate) mod origin;
pub(crate) mod pins;
pub(crate) mod resolve;
pub(crate) mod roles;
pub(crate) mod schema;
pub(crate) mod semantic;
pub(crate) mod sending;
pub(crate) mod servers;
pub(crate) mod serving;
pub(crate) mod show;
pub(crate) mod sources;
pub(crate) mod trust;
pub(crate) mod variables;
pub(crate) mod written;
pub(crate) mod zone;

pub(crate) use origin::{Layer, Origin, Set};
pub(crate) use resolve::Settings;
pub(crate) use sources::Sources;
pub(crate) use written::Written;
