//! Who remembers what a session has done: an argument, as the clock is. It counts and keeps, and decides nothing.

use std::fmt;
use std::sync::Arc;

use super::trail::Trail;
use super::usual::Usual;

/// An amount that is added to what a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count<'a> {
    /// The limit that counts it: its rule's id.
    pub limit: &'a str,
    /// Whose window it is.
    pub of: Of<'a>,
    /// Milliseconds that the window reaches back, at least [`SLOTS`].
    pub window_ms: u64,
    /// What is added; 0 only asks.
    pub amount: u64,
}

/// Whose window it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of<'a> {
    /// The session's own.
    Session,
    /// That of all sessions of one principal.
    Principal(&'a str),
    /// That of all sessions that call one tool.
    Tool(&'a str),
}

/// The slots that a window consists of: it slides by one of them at a time, so it reaches back seven eighths of its
/// length at least and never further than all of it.
pub const SLOTS: usize = 8;

/// The totals of the windows in the order of the counts, these included, and the trail to read and to go on with.
pub type Step<'s> = dyn FnMut(&[u64], &mut Trail) + 's;

/// What is remembered of one session. Every clone of the session shares it.
pub trait Memory: fmt::Debug + Send + Sync {
    /// Adds `counts`, then has `step` look at the totals and change the trail: one act, which no other message of the session divides.
    /// `now_ms` is the proxy's clock; a memory that several proxies share goes by its own.
    ///
    /// # Errors
    /// What is remembered cannot be had. Then `step` was not called, and the message must not pass.
    fn pass(&self, now_ms: u64, counts: &[Count<'_>], step: &mut Step<'_>) -> Result<Passed, Lost>;

    /// The same for an answer. Its call has asked for all windows in which it counts (with 0), so that it may be held against what they held
    /// then; and it decides nothing else by what others have done: that may be learnt of with the next call.
    ///
    /// # Errors
    /// As of [`pass`](Self::pass).
    fn pass_answer(&self, now_ms: u64, counts: &[Count<'_>], step: &mut Step<'_>) -> Result<Passed, Lost> {
        self.pass(now_ms, counts, step)
    }

    /// Has `meet` look at what is usual for a principal over all sessions, and change it.
    fn habits(&self, who: &str, meet: &mut dyn FnMut(&mut Usual));

    /// The memory of a session that has done nothing yet, beside this one.
    fn another(&self) -> Arc<dyn Memory>;

    /// The memory of all that is done under `name`, beside this one: where several proxies share theirs, by whichever of them. `name` is
    /// that of somebody whose requests belong to no session.
    fn under(&self, name: &str) -> Arc<dyn Memory>;

    /// Whether to ask it may take longer than a lock does.
    fn waits(&self) -> bool {
        false
    }
}

/// How well a message was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Passed {
    /// As it should be.
    Exactly,
    /// By this proxy alone, for what several share cannot be had. Said once, when that begins.
    Alone(Lost),
}

/// What is remembered cannot be had now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// Another thread fell over while it held it.
    #[error("it was lost to an internal error")]
    Poisoned,
    /// Where it is kept cannot be reached, or did not answer in time.
    #[error("{0}")]
    Unreachable(String),
}
