//! Pins: what a server's tools were when they were first seen, and so whether they still are.
//!
//! A person looks at a tool once, when it is new. A server that changes it afterwards (a rug pull) has it run unseen. So the
//! first sight of a tool is kept, and what differs from it later is found. Where pins are kept is somebody else's
//! affair: the engine asks [`Pins`], as it asks a ground where paths lead.

mod book;
mod canonical;
mod change;
mod drift;
mod pin;
mod watch;

use std::fmt;
use std::sync::Arc;

pub use book::{Book, Held, Taken};
pub use change::{Change, changes};
pub use pin::{Identity, Part, Pin, digest};

pub(crate) use drift::Drift;
pub(crate) use watch::{Difference, Watch};

/// The most tools of one server that are pinned.
pub const MAX_TOOLS: usize = 4_096;
/// The most text of all its tools that is kept, in bytes: of those beyond, only the digest is.
pub const MAX_TEXT: usize = 2 << 20;

/// Who keeps the pins of one server. It keeps and decides nothing.
pub trait Pins: fmt::Debug + Send + Sync {
    /// What is pinned now.
    fn known(&self) -> Known;

    /// Takes in what was seen.
    fn keep(&self, seen: Seen) -> Result<(), Trouble>;
}

/// What is pinned, as far as it can be told.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The pins.
    pub book: Arc<Book>,
    /// Why there may be others.
    pub trouble: Option<Trouble>,
}

/// Why pins cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// They cannot be read, for this reason.
    Unreadable(String),
    /// What was read is not what was written, for this reason.
    Damaged(String),
    /// They cannot be written, for this reason.
    Unwritten(String),
    /// There are more than are kept.
    Full,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(why) => write!(f, "the pins cannot be read: {why}"),
            Self::Damaged(why) => write!(f, "the pins were tampered with or damaged: {why}"),
            Self::Unwritten(why) => write!(f, "the pins cannot be written: {why}"),
            Self::Full => write!(f, "the server has more than {MAX_TOOLS} tools: the rest is not pinned"),
        }
    }
}

/// What was seen of a server, and how it was judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Who it says it is.
    pub server: Option<Sighting<Identity>>,
    /// Tools that are new or other than pinned.
    pub tools: Vec<(String, Sighting<Pin>)>,
    /// Whether its tools were listed to the end.
    pub whole: bool,
}

/// Something seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting<T> {
    /// As it is now.
    pub now: T,
    /// The pin that it was held against.
    pub over: Option<T>,
    /// Whether it may be pinned; else it waits for somebody to accept it.
    pub passed: bool,
}

#[cfg(test)]
mod tests;
