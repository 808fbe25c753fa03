//! Scorers that take their time: language models, asked over HTTP, and whatever else [scores](Score).
//!
//! [`Remote`] is the [`Counsel`](vanguard_engine::meaning::Counsel) of the edge. What a [`Client`] may send is what the engine has masked; the text stands
//! in a fence that it cannot close (`prompt`), and an answer that is not a score is an error (`answer`). Nobody waits here but threads of its own: for a
//! scorer that does not answer there is a time-out, for one that never does a breaker, for too many questions a budget.

mod answer;
mod backend;
mod breaker;
mod budget;
mod cache;
mod client;
mod counsel;
mod prompt;
mod queue;
mod trial;

use std::time::Duration;

pub use backend::{Backend, BackendError, Format, Kind, Request};
pub use client::Client;
pub use counsel::{Remote, Score};
pub use prompt::Prompt;
#[cfg(feature = "onnx")]
pub(crate) use trial::TEXTS;
pub use trial::{Adviser, Shown, TriedOut};

/// What a scorer is given.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long its answer may take.
    pub timeout: Duration,
    /// How long a message waits for it; not at all where there is none.
    pub deadline: Option<Duration>,
    /// Calls at once.
    pub concurrency: usize,
    /// Calls a minute.
    pub calls_a_minute: u32,
    /// Tokens a minute, as reckoned from the length of texts.
    pub tokens_a_minute: u32,
    /// Scores that are remembered.
    pub cached: usize,
    /// How long they are.
    pub cached_for: Duration,
    /// Failures one after the other after which it is left alone.
    pub failures: u32,
    /// How long it is left alone, before one question tries whether it is well again.
    pub pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            deadline: None,
            concurrency: 4,
            calls_a_minute: 120,
            tokens_a_minute: 200_000,
            cached: 4_096,
            cached_for: Duration::from_hours(1),
            failures: 5,
            pause: Duration::from_secs(30),
        }
    }
}

/// The most questions that wait for a call. Beyond them the answer is [`Unscored::Busy`](vanguard_engine::meaning::Unscored).
pub const MAX_QUEUED: usize = 1_024;
/// The most that are told of answers, which several may wait for together.
pub const MAX_WAITING: usize = 4_096;
/// The most bytes of an answer.
pub const MAX_ANSWER: u64 = 64 << 10;
/// The most tokens that a scorer may write.
pub const MAX_TOKENS: u32 = 256;
/// The longest reason, in letters.
pub const MAX_REASON: usize = 400;
