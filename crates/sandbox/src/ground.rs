//! Where paths lead, as this system says: the ground that zones are judged on.
//!
//! Zones are held open from the start, so that nobody puts another directory in their place. A path is followed from a
//! zone's handle by one call of the kernel where it can be ([`beneath`]), and else step by step, each directory held
//! while the next is looked up ([`walk`]). Letters are compared only to guess which zone to ask.

pub mod windows;

#[cfg(unix)]
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only the quick way begins at the handle; held, its directory's number stays its own")
)]
mod anchor;
#[cfg(target_os = "linux")]
mod beneath;
#[cfg(unix)]
mod walk;

#[cfg(unix)]
mod unix;

#[cfg(windows)]
mod by_handle;

#[cfg(windows)]
pub use by_handle::Ground;
#[cfg(unix)]
pub use unix::Ground;

use std::path::PathBuf;

use serde::Serialize;

/// A zone as it was found when it was taken hold of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where it really lies: absolute, without links.
    pub path: PathBuf,
    /// Whether it is one file.
    pub is_file: bool,
}

/// One step of the way along a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Where it leads to.
    pub place: String,
    /// What stands there.
    pub what: StepKind,
    /// The zones that begin there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<usize>,
}

/// What stands at a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// A directory.
    Directory,
    /// A file.
    File,
    /// A device, a pipe or a socket.
    Special,
    /// A link, and where it points.
    Link(String),
    /// Nothing.
    Missing,
    /// The directory above.
    Up,
}
