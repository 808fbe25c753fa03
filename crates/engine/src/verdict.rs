//! The outcome of a judgment, and the permit that alone lets bytes pass.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::behaviour::Past;
use crate::finding::Finding;
use crate::meaning::Question;
use crate::trace::Trace;
use crate::zone::Place;

/// Which way a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Flow {
    /// From the client to the server.
    #[serde(rename = "client-to-server")]
    ToServer,
    /// From the server to the client, and so to the model.
    #[serde(rename = "server-to-client")]
    ToClient,
}

impl Flow {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::ToServer => Self::ToClient,
            Self::ToClient => Self::ToServer,
        }
    }
}

/// What becomes of a message, from mildest to hardest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing found.
    Allow,
    /// Forwarded, and recorded with its findings.
    Warn,
    /// Forwarded with placeholders in place of what was found.
    Redact,
    /// A person should decide; refused where nobody can be asked.
    Review,
    /// Refused.
    Block,
}

impl Verdict {
    /// Whether a message with this verdict goes on.
    pub fn passes(self) -> bool {
        self <= Self::Redact
    }
}

/// Leave to send exactly these bytes on, given by the engine alone.
///
/// INVARIANT: only `Engine` constructs one, and only for a message whose verdict passes.
#[derive(Debug)]
#[must_use = "a permitted message that is not sent is lost"]
pub struct Permit<'m> {
    line: Cow<'m, [u8]>,
    hold: Duration,
}

impl<'m> Permit<'m> {
    pub(crate) fn new(line: Cow<'m, [u8]>, hold: Duration) -> Self {
        Self { line, hold }
    }

    /// How long the message is to wait before it is sent: a limit slows it down.
    pub fn hold(&self) -> Duration {
        self.hold
    }

    /// The same leave for who keeps the message until it may be sent.
    pub fn into_owned(self) -> Permit<'static> {
        Permit { line: Cow::Owned(self.line.into_owned()), hold: self.hold }
    }

    /// The canonical line to send, without its terminating LF.
    pub fn line(&self) -> &[u8] {
        &self.line
    }
}

/// A JSON-RPC message of our own, in the place of one that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The way it travels: [`Flow::ToClient`] reaches the client.
    pub flow: Flow,
    /// One canonical JSON line, without its terminating LF.
    pub line: Vec<u8>,
}

/// What the edge must do with the bytes it handed in.
#[derive(Debug)]
pub enum Effect<'m> {
    /// Send these bytes on.
    Forward(Permit<'m>),
    /// Send nothing on; send these instead. Empty when the protocol wants silence (a refused notification).
    Refuse(Vec<Answer>),
}

/// One message's judgment: what is recorded.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Which way it travelled.
    pub flow: Flow,
    /// JSON-RPC method: of the message itself, or of the request that a response answers.
    pub method: Option<String>,
    /// Tool (or prompt) name where the method has one.
    pub tool: Option<String>,
    /// Source text of the JSON-RPC id.
    pub id: Option<String>,
    /// Whose trace it belongs to.
    pub trace: Option<Box<Trace>>,
    /// What became of the message.
    pub verdict: Verdict,
    /// In monitor mode: what would have become of it, where that differs.
    pub would_be: Option<Verdict>,
    /// All that was found, hardest first.
    pub findings: Vec<Finding>,
    /// Where its paths lead, as the file system said when it was asked: what a judgment by zones rests on.
    pub places: Vec<Place>,
    /// What the session had done, where that is remembered.
    pub past: Option<Box<Past>>,
    /// What was looked at, and what was not.
    pub coverage: Coverage,
}

/// What a judgment looked at, and what it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Coverage {
    /// Fields inspected.
    pub fields: u32,
    /// Views inspected, the fields as they came among them.
    pub views: u32,
    /// Fields passed over because they hold no text (images, audio, archives).
    pub opaque: u32,
    /// Fields or views cut short by a limit.
    pub truncated: u32,
}

/// Nanoseconds spent by layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Timing {
    /// Reading the bytes into messages.
    pub parse_ns: u64,
    /// Fields, views, detectors and policy.
    pub judge_ns: u64,
}

/// All that comes of one line of bytes: what to do, and what to record.
#[derive(Debug)]
pub struct Judged<'m> {
    /// What the edge must do.
    pub effect: Effect<'m>,
    /// One decision a message; a batch has several, an unreadable line has one.
    pub decisions: Vec<Decision>,
    /// Where the time went.
    pub timing: Timing,
    /// What of it is worth asking a scorer that takes its time, where there is one and the line passes.
    pub questions: Vec<Question>,
}
