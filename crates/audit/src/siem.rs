//! Records as the systems take them that watch over many programs. Pure functions of a record; nothing is sent.

mod cef;
mod ecs;
mod ocsf;
mod otlp;
mod span;

use crate::record::Record;

pub use cef::cef;
pub use ecs::{Ecs, ecs};
pub use ocsf::{Ocsf, ocsf};
pub use otlp::{Otlp, OtlpLogs, otlp, otlp_logs};
pub use span::{OtlpSpans, Span, otlp_spans, span};

/// Who makes the records.
const VENDOR: &str = "McpVanguard";
/// By what.
const PRODUCT: &str = "McpVanguard";
/// Of which version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a record comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It passed without a word.
    Passed,
    /// It passed, with something found.
    Flagged,
    /// It was refused.
    Refused,
}

impl Outcome {
    /// Of a record; `None` for what is no record of a verdict.
    fn of(record: &Record) -> Option<Self> {
        Some(match record.verdict.as_deref()? {
            "block" | "review" => Self::Refused,
            _ if record.findings.is_empty() => Self::Passed,
            _ => Self::Flagged,
        })
    }
}

/// How bad the hardest finding is, from 0 (nothing was found) to 4.
fn severity(record: &Record) -> u8 {
    match record.findings.first().map(|found| found.severity.as_str()) {
        None => 0,
        Some("critical") => 4,
        Some("high") => 3,
        Some("medium") => 2,
        Some(_) => 1,
    }
}

/// Whether something was found in it, or it was refused.
pub(crate) fn flagged(record: &Record) -> bool {
    matches!(Outcome::of(record), Some(Outcome::Flagged | Outcome::Refused))
}

/// How bad it is, as syslog counts: from 2 (critical) to 6 (nothing was found).
pub(crate) fn level(record: &Record) -> u8 {
    6 - severity(record)
}

/// Milliseconds since 1970; 0 for a time that is none.
fn millis(record: &Record) -> i64 {
    record.time.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}

/// What tells the record apart: its session and its number in it.
fn uid(record: &Record) -> String {
    format!("{}/{}", record.session.as_deref().unwrap_or("-"), record.seq.unwrap_or_default())
}

/// The record in one line for a person.
fn message(record: &Record) -> String {
    let verdict = record.verdict.as_deref().unwrap_or_default();
    let what =
        [&record.method, &record.tool].into_iter().flatten().fold(verdict.to_owned(), |text, part| text + " " + part);
    match record.findings.first() {
        Some(found) => format!("{what}: {} {}", found.rule, found.title),
        None => what,
    }
}

#[cfg(test)]
mod tests;
