//! The only way out, whatever lies behind it.

use std::fmt;
use std::time::Duration;

use vanguard_engine::verdict::{Answer, Permit};

/// One end that messages leave by, shared by those who write to it.
///
/// INVARIANT: bytes get in by [`Outlet::forward`], which takes the engine's permit, and by [`Outlet::answer`] and [`Outlet::finish`], which
/// take answers of our own. There is no other way.
pub(crate) trait Outlet: fmt::Debug + Send + Sync {
    /// Sends a permitted message on, once: it takes the permit away. It may be gathered: [`Outlet::flush`] before waiting for anything.
    fn forward(&self, permit: Permit<'_>) -> Result<(), Closed>;

    /// Sends a message of our own, at once.
    fn answer(&self, answer: &Answer) -> Result<(), Closed>;

    /// Writes what is gathered.
    fn flush(&self) -> Result<(), Closed>;

    /// Sends `answers`, then closes the outlet, so that nothing can follow them. Fails where a writer is stuck in it for longer than
    /// `within`.
    fn finish(&self, answers: &[Answer], within: Duration) -> Result<(), Stuck>;
}

/// The other side does not read any more, or the outlet was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

/// A writer holds the outlet, and the other side does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stuck;
