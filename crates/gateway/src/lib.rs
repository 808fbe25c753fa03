//! Between clients and MCP servers: the only place that forwards.
//!
//! What a client and a server say is a `conversation`, judged and recorded the same way whatever carries it; an [`outlet`] is the only way out and
//! takes nothing but permits and answers of our own. A server that we start is `wrapped`: a pump thread with blocking reads judges what it
//! says, a supervisor ends what must be ended, so that nothing is left unanswered and no process is left behind; where the proxy itself is
//! killed, its [`mod@watchdog`] does that. With walls configured it runs behind them, and `walls` records what it tries there.
//!
//! Two transports stand on this: [`run`] over our own stdin and stdout, a second pump for the other way; and [`http`], which has an async runtime
//! because it has many clients.
//!
//! Deliberately absent: an async runtime for stdio (it would add a thread switch each way), a task or a queue for each message, and any opinion on
//! what is an attack.
//!
//! Unix only for now: elsewhere [`run`] fails with [`StartError::Unsupported`].

mod clock;
mod config;
mod error;
mod report;
mod resolver;
mod roster;
mod seat;

#[cfg(unix)]
mod arguments;
#[cfg(unix)]
mod bridge;
#[cfg(unix)]
mod consult;
#[cfg(unix)]
mod control;
#[cfg(unix)]
mod conversation;
#[cfg(unix)]
mod descriptors;
mod desks;
#[cfg(unix)]
mod fd;
#[cfg(unix)]
mod held;
#[cfg(unix)]
pub mod http;
mod judge;
#[cfg(unix)]
mod link;
#[cfg(unix)]
mod outlet;
#[cfg(unix)]
mod pipe;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod pump;
#[cfg(unix)]
mod record;
#[cfg(unix)]
mod replies;
#[cfg(unix)]
mod stderr;
#[cfg(unix)]
mod stdio;
#[cfg(unix)]
mod supervisor;
#[cfg(unix)]
mod tally;
#[cfg(unix)]
mod waiting;
#[cfg(unix)]
mod walls;
#[cfg(unix)]
mod watchdog;
#[cfg(unix)]
mod wrapped;

#[cfg(not(unix))]
mod elsewhere;

pub use clock::SystemClock;
pub use config::{StdioConfig, Waits};
#[cfg(not(unix))]
pub use elsewhere::{bridge, open_sessions, run, watchdog};
pub use error::StartError;
pub use report::{Event, Reporter};
pub use resolver::Resolver;
pub use roster::OpenSession;
#[cfg(unix)]
pub use {bridge::bridge, control::open_sessions, stdio::run, watchdog::watchdog};

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// What the program should exit with: the server's own exit code, 128 and the signal that killed it, 0 where the client had closed
    /// and the server had to be told to end, 1 where the proxy gave up.
    pub code: u8,
    /// What ended it.
    pub cause: Cause,
}

/// What ended a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The client closed its end.
    ClientClosed,
    /// The server ended, or closed its stdin or stdout.
    ServerEnded,
    /// We were told to end by a signal.
    Signal,
    /// The session could not go on safely.
    Broken,
}
