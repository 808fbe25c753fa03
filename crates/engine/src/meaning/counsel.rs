//! Who is asked what a text means and takes its time over it: an argument of the edge, as the clock is of the engine.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bitflags::bitflags;
use thiserror::Error;

use super::{Meaning, Question};

/// Says what texts mean, later.
pub trait Counsel: fmt::Debug + Send + Sync {
    /// Asks. Where the answer is there at once it is returned, and `told` is never called. Else `told` is called once there is
    /// one, on another thread, which it must not hold up; where messages wait, at the end of their wait at the latest
    /// ([`Unscored::Deadline`]), and then once more if the score comes after all.
    fn ask(&self, question: Question, told: Told) -> Option<Advice>;

    /// What is known already, which takes no time: a message that does not wait need not be asked about before it is sent on. Counts as a question
    /// where there is an answer.
    fn known(&self, question: &Question) -> Option<Scored> {
        let _ = question;
        None
    }

    /// What has been asked until now.
    fn figures(&self) -> Figures;
}

/// Whom to tell.
pub type Told = Box<dyn FnMut(Advice) + Send>;

/// What comes of a question.
pub type Advice = Result<Scored, Unscored>;

/// A score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// How likely the text is an attack: 0 to 1.
    pub score: f32,
    /// Why, in the scorer's words. They may be the attacker's: they are recorded and never told to a model.
    pub reason: Arc<str>,
    /// Who says so: `ollama phi4-mini`.
    pub by: Arc<str>,
    /// How long it took; nothing where it was known.
    pub took: Duration,
}

/// Why there is no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Unscored {
    /// A message has waited as long as it may.
    #[error("no score came before the deadline")]
    Deadline,
    /// The scorer's answer took too long.
    #[error("the scorer did not answer in time")]
    Timeout,
    /// Nobody answers at its address.
    #[error("the scorer cannot be reached")]
    Unreachable,
    /// It does not take the key (401, 403).
    #[error("the scorer does not take the key (HTTP {0})")]
    Key(u16),
    /// It has been asked too much (429).
    #[error("the scorer was asked too often (HTTP 429)")]
    TooOften,
    /// It is out of order (5xx).
    #[error("the scorer is out of order (HTTP {0})")]
    Broken(u16),
    /// It wants something else (any other status, a redirect among them).
    #[error("the scorer does not take the question (HTTP {0})")]
    Status(u16),
    /// Its answer does not end where it should.
    #[error("the scorer's answer is too long")]
    TooLong,
    /// Its answer is not what its protocol says.
    #[error("the scorer's answer cannot be read")]
    Garbage,
    /// Its answer holds no score between 0 and 1, or no short reason.
    #[error("the scorer's answer holds no score")]
    NoScore,
    /// The text has more tokens than the scorer reads in its time.
    #[error("the text is longer than the scorer reads in its time")]
    Endless,
    /// It has failed so often that it is left alone for a while.
    #[error("the scorer has failed and is left alone for a while")]
    LeftAlone,
    /// As much was asked in this minute as may be.
    #[error("the budget of this minute is spent")]
    Budget,
    /// Too many questions wait.
    #[error("too many questions wait")]
    Busy,
}

impl Unscored {
    /// All of them, one for each kind.
    pub const ALL: [Self; 14] = [
        Self::Deadline,
        Self::Timeout,
        Self::Unreachable,
        Self::Key(401),
        Self::TooOften,
        Self::Broken(500),
        Self::Status(400),
        Self::TooLong,
        Self::Garbage,
        Self::NoScore,
        Self::Endless,
        Self::LeftAlone,
        Self::Budget,
        Self::Busy,
    ];

    /// Its name, as figures have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Key(_) => "key",
            Self::TooOften => "too_often",
            Self::Broken(_) => "broken",
            Self::Status(_) => "status",
            Self::TooLong => "too_long",
            Self::Garbage => "garbage",
            Self::NoScore => "no_score",
            Self::Endless => "endless",
            Self::LeftAlone => "left_alone",
            Self::Budget => "budget",
            Self::Busy => "busy",
        }
    }
}

/// What has been asked until now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Questions.
    pub questions: u64,
    /// Those whose answer was known.
    pub known: u64,
    /// Those that were waited for already.
    pub joined: u64,
    /// Calls of the scorer.
    pub calls: u64,
    /// Scores that it gave.
    pub scores: u64,
    /// Tokens that it says it read and wrote; where it does not say, what was reckoned.
    pub tokens: u64,
    /// Microseconds that its scores took, all together.
    pub micros: u64,
    /// Questions without a score, by why.
    pub unscored: Vec<(&'static str, u64)>,
}

bitflags! {
    /// What is worth a question.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct About: u8 {
        /// Texts in which something was found that only warns.
        const DOUBTS = 1;
        /// Calls of tools that run what they are given or send it to others.
        const ACTS = 1 << 1;
        /// Lists of tools.
        const TOOLS = 1 << 2;
    }
}

/// Whether a message waits for what is said of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It goes on. What is said later is recorded, and the next call that acts is judged by it.
    Goes,
    /// It is held until then, for as long as the counsel lets it.
    Held,
}

/// What is asked, and what an answer means.
#[derive(Debug, Clone)]
pub struct Asking {
    /// What is worth a question.
    pub about: About,
    /// Whether messages wait.
    pub wait: Wait,
    /// The score from which on a text is worth a warning.
    pub warn: f32,
    /// The score from which on it is refused.
    pub block: f32,
    /// Whether a text that nobody scores is refused.
    pub closed: bool,
    /// How long a session is judged by what was said of it.
    pub memory: Duration,
    /// How long it is judged by that nothing was said, where that refuses.
    pub unscored_memory: Duration,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            about: About::all(),
            wait: Wait::Goes,
            warn: Meaning::WARN,
            block: Meaning::BLOCK,
            closed: false,
            memory: Duration::from_mins(15),
            unscored_memory: Duration::from_secs(30),
        }
    }
}
