//! A record as it is read back.

use serde::Deserialize;

use super::material::Material;

/// A record of a log, or the line of an event. What is not known is passed over.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Record {
    /// When it was made.
    pub time: String,
    /// Of a line that is no verdict: what it tells.
    pub event: Option<String>,
    /// The session.
    pub session: Option<String>,
    /// Its server.
    pub server: Option<String>,
    /// Who sent the session's requests.
    pub principal: Option<String>,
    /// How they proved it.
    pub entered_by: Option<String>,
    /// Its number in the session.
    pub seq: Option<u64>,
    /// Which way the message went.
    pub flow: Option<String>,
    /// Its method.
    pub method: Option<String>,
    /// Its tool.
    pub tool: Option<String>,
    /// Its id, as it was written.
    pub id: Option<String>,
    /// Whose trace it belongs to.
    pub trace: Option<Trace>,
    /// What became of it.
    pub verdict: Option<String>,
    /// In monitor mode: what would have.
    pub would_be: Option<String>,
    /// All that was found.
    pub findings: Vec<Found>,
    /// Findings that did not fit.
    pub findings_left_out: Option<u64>,
    /// What the session had done.
    pub past: Option<Past>,
    /// What was looked at.
    pub coverage: Option<Coverage>,
    /// Where the time went.
    pub timing: Option<Timing>,
    /// Digest of the message.
    pub message_sha256: Option<String>,
    /// Its length.
    pub bytes: Option<u64>,
    /// Of a refusal: what judged it, where, and what it was called with.
    pub manifest: Option<Material>,
}

/// Of the trace that a message belongs to.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Trace {
    /// The trace.
    pub id: String,
    /// The span in which the message was sent.
    pub span: String,
}

/// How long it took, in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// Reading the message.
    pub parse_us: f64,
    /// Judging it.
    pub judge_us: f64,
}

/// Of what the session had done.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Past {
    /// The entropy of encoded content, in bits a byte.
    pub entropy: Option<f64>,
}

/// What was looked at.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Coverage {
    /// Fields.
    pub fields: u64,
    /// Views.
    pub views: u64,
    /// Fields that hold no text.
    pub opaque: u64,
    /// Fields or views cut short.
    pub truncated: u64,
}

/// One finding.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Found {
    /// The rule.
    pub rule: String,
    /// What it stops.
    pub title: String,
    /// The layer.
    pub layer: String,
    /// How bad.
    pub severity: String,
    /// How sure.
    pub confidence: String,
    /// What it asks for.
    pub action: String,
    /// Where in the message.
    pub pointer: String,
    /// The decodings on the way.
    pub view: String,
    /// What matched, masked.
    pub evidence: String,
    /// Why it may pass, where it may.
    pub excepted: Option<String>,
    /// Catalogues that know it.
    pub references: Vec<String>,
}

impl Record {
    /// Reads a record; `None` for what is none.
    pub fn read(entry: &[u8]) -> Option<Self> {
        serde_json::from_slice(entry).ok()
    }
}
