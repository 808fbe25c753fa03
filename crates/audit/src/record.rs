//! One verdict as one line of JSON.

use std::fmt::Write as _;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use vanguard_engine::finding::{Action, Confidence, Evidence, Finding, Layer, Severity};
use vanguard_engine::verdict::{Coverage, Decision, Flow, Timing, Verdict};

use crate::digest::Digest;

/// The most bytes of one record, its line's end included. Findings that don't fit are left out and counted.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// The most bytes kept of a name that a peer chose: a method, a tool, an id.
const MAX_NAME_BYTES: usize = 256;
/// The most bytes kept of a JSON pointer: its keys are the peer's.
const MAX_POINTER_BYTES: usize = 1024;
/// The most findings of one record.
const MAX_FINDINGS: usize = 64;

/// What is to be recorded of one message.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The engine's decision.
    pub decision: &'a Decision,
    /// Where the time went; a batch's members share it.
    pub timing: Timing,
    /// Of the line that held the message; `None` where the line was too long to keep.
    pub digest: Option<Digest>,
    /// Length of that line.
    pub bytes: u64,
}

/// Appends `entry` to `out` as one line, its LF included, of at most [`MAX_RECORD_BYTES`].
pub(crate) fn write_line(
    out: &mut Vec<u8>,
    time: jiff::Timestamp,
    session: &str,
    server: &str,
    seq: u64,
    entry: &Entry<'_>,
) {
    let start = out.len();
    let decision = entry.decision;
    let mut kept = decision.findings.len().min(MAX_FINDINGS);
    loop {
        let record = Record {
            time,
            session,
            seq,
            server,
            flow: decision.flow,
            method: decision.method.as_deref().map(name),
            tool: decision.tool.as_deref().map(name),
            id: decision.id.as_deref().map(name),
            verdict: decision.verdict,
            would_be: decision.would_be,
            findings: Findings(&decision.findings[..kept]),
            findings_left_out: decision.findings.len() - kept,
            coverage: decision.coverage,
            timing: Micros { parse_us: micros(entry.timing.parse_ns), judge_us: micros(entry.timing.judge_ns) },
            message_sha256: entry.digest,
            bytes: entry.bytes,
        };
        // Plain fields written into memory: no input makes this fail.
        if serde_json::to_writer(&mut *out, &record).is_ok() {
            out.push(b'\n');
        }
        if out.len() - start <= MAX_RECORD_BYTES || kept == 0 {
            return;
        }
        out.truncate(start);
        kept /= 2;
    }
}

/// Appends the line that says when, by whom and by what version a log was opened.
pub(crate) fn write_opened(out: &mut Vec<u8>, time: jiff::Timestamp) {
    let opened = Opened { time, event: "open", pid: std::process::id(), version: env!("CARGO_PKG_VERSION") };
    if serde_json::to_writer(&mut *out, &opened).is_ok() {
        out.push(b'\n');
    }
}

#[derive(Serialize)]
struct Opened {
    #[serde(serialize_with = "millis")]
    time: jiff::Timestamp,
    event: &'static str,
    pid: u32,
    version: &'static str,
}

#[derive(Serialize)]
struct Record<'a> {
    #[serde(serialize_with = "millis")]
    time: jiff::Timestamp,
    session: &'a str,
    seq: u64,
    server: &'a str,
    flow: Flow,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Cut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<Cut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Cut<'a>>,
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    would_be: Option<Verdict>,
    findings: Findings<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    findings_left_out: usize,
    coverage: Coverage,
    timing: Micros,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_sha256: Option<Digest>,
    bytes: u64,
}

#[derive(Serialize)]
struct Micros {
    parse_us: f64,
    judge_us: f64,
}

#[derive(Serialize)]
struct FindingLine<'a> {
    rule: &'a str,
    title: &'a str,
    layer: Layer,
    severity: Severity,
    confidence: Confidence,
    action: Action,
    pointer: Cut<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    view: &'a str,
    span: [usize; 2],
    evidence: &'a Evidence,
    #[serde(skip_serializing_if = "Option::is_none")]
    excepted: Option<Cut<'a>>,
    references: &'a [std::borrow::Cow<'static, str>],
}

struct Findings<'a>(&'a [Finding]);

impl Serialize for Findings<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        let mut view = String::new();
        for finding in self.0 {
            view.clear();
            // Writing to a String can't fail.
            let _ = write!(view, "{}", finding.chain);
            list.serialize_element(&FindingLine {
                rule: &finding.rule.id,
                title: &finding.rule.title,
                layer: finding.layer,
                severity: finding.rule.severity,
                confidence: finding.rule.confidence,
                action: finding.action,
                pointer: Cut { text: &finding.pointer, max: MAX_POINTER_BYTES },
                view: &view,
                span: [finding.span.start, finding.span.end],
                evidence: &finding.evidence,
                excepted: finding.excepted.as_deref().map(name),
                references: &finding.rule.references,
            })?;
        }
        list.end()
    }
}

/// A peer's string, cut to `max` bytes with an ellipsis.
struct Cut<'a> {
    text: &'a str,
    max: usize,
}

fn name(text: &str) -> Cut<'_> {
    Cut { text, max: MAX_NAME_BYTES }
}

impl Serialize for Cut<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.text.len() <= self.max {
            serializer.serialize_str(self.text)
        } else {
            let end = self.text.floor_char_boundary(self.max);
            serializer.collect_str(&format_args!("{}…", &self.text[..end]))
        }
    }
}

fn millis<S: Serializer>(time: &jiff::Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

/// Microseconds with one decimal.
fn micros(ns: u64) -> f64 {
    // A session of 52 days would be the first to lose a bit here.
    #[expect(clippy::cast_precision_loss, reason = "a layer's time is far below 2^52 ns")]
    let tenths = (ns / 100) as f64;
    tenths / 10.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

#[cfg(test)]
mod tests;
