//! One verdict as one line of JSON.

mod material;
mod read;

use std::fmt::Write as _;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use vanguard_engine::finding::{Action, Confidence, Evidence, Finding, Layer, Severity};
use vanguard_engine::principal::Identity;
use vanguard_engine::verdict::{Coverage, Decision, Timing};
use vanguard_engine::zone::{Place, Trouble, What, Within};

use crate::digest::Digest;

pub(crate) use material::program;
pub use material::{Material, Salts};
pub use read::{Coverage as Covered, Found, Past as PastRead, Record};

/// The most bytes of one record, its line's end included. Findings that don't fit are left out and counted. Without that end a record is
/// as long as an entry of a transparency log may be.
pub const MAX_RECORD_BYTES: usize = 64 * 1024;

/// The most bytes kept of a name that a peer chose: a method, a tool, an id.
const MAX_NAME_BYTES: usize = 256;
/// The most bytes kept of a JSON pointer: its keys are the peer's.
const MAX_POINTER_BYTES: usize = 1024;
/// The most findings, and the most places, of one record.
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
    /// Of a refusal: what its manifest says beyond the rest.
    pub material: Option<&'a Material>,
}

/// What is the same in every record of a session, as it stands in the line.
pub(crate) fn session_part(session: &str, server: &str, who: Option<&Identity>) -> Vec<u8> {
    let mut line = Line(Vec::new());
    line.json("session", session);
    line.json("server", &name(server));
    if let Some(Identity { entry, name: principal }) = who {
        line.json("principal", &name(principal));
        line.json("entered_by", entry);
    }
    line.0
}

/// The most bytes of what stands before a record's [`write_rest`]: a time, the number, and their keys; the session's part comes to it.
const BEGINNING: usize = 64;

/// Appends to `out` what does not depend on the record's place in the log, its LF included: all behind the number. With the beginning of
/// a session of which the part has `session` bytes it is a line of at most [`MAX_RECORD_BYTES`].
///
/// Written by hand where nothing needs escaping, since this runs for every message: a derived `Serialize` takes twice as long.
pub(crate) fn write_rest(out: &mut Vec<u8>, session: usize, entry: &Entry<'_>) {
    let mut line = Line(std::mem::take(out));
    let (start, room) = (line.0.len(), MAX_RECORD_BYTES.saturating_sub(session + BEGINNING));
    let mut kept = MAX_FINDINGS;
    loop {
        line.rest(entry, kept);
        if line.0.len() - start <= room || kept == 0 {
            break;
        }
        line.0.truncate(start);
        kept /= 2;
    }
    *out = line.0;
}

/// Appends a line: its time, the part of its session from [`session_part`], its number, and its rest from [`write_rest`].
pub(crate) fn write_line(out: &mut Vec<u8>, time: &str, session: &[u8], seq: u64, rest: &[u8]) {
    let mut line = Line(std::mem::take(out));
    line.0.extend_from_slice(b"{\"time\":\"");
    line.0.extend_from_slice(time.as_bytes());
    line.0.push(b'"');
    line.0.extend_from_slice(session);
    line.json("seq", &seq);
    line.0.extend_from_slice(rest);
    *out = line.0;
}

/// A line in the making.
struct Line(Vec<u8>);

impl Line {
    fn rest(&mut self, entry: &Entry<'_>, kept: usize) {
        let decision = entry.decision;
        self.json("flow", &decision.flow);
        for (key, text) in [("method", &decision.method), ("tool", &decision.tool), ("id", &decision.id)] {
            if let Some(text) = text {
                self.json(key, &name(text));
            }
        }
        if let Some(trace) = &decision.trace {
            self.key("trace");
            // Digits: nothing of it needs escaping.
            for part in ["{\"id\":\"", trace.id(), "\",\"span\":\"", trace.span(), "\"}"] {
                self.0.extend_from_slice(part.as_bytes());
            }
        }
        self.json("verdict", &decision.verdict);
        if let Some(would_be) = decision.would_be {
            self.json("would_be", &would_be);
        }
        let findings = &decision.findings[..kept.min(decision.findings.len())];
        self.json("findings", &Findings(findings));
        if findings.len() < decision.findings.len() {
            self.json("findings_left_out", &(decision.findings.len() - findings.len()));
        }
        if !decision.places.is_empty() {
            self.json("places", &Places(&decision.places[..kept.min(decision.places.len())]));
        }
        if let Some(past) = &decision.past {
            self.json("past", past);
        }
        self.coverage(decision.coverage);
        self.timing(entry.timing);
        if let Some(digest) = entry.digest {
            self.key("message_sha256");
            digest.write_json(&mut self.0);
        }
        self.json("bytes", &entry.bytes);
        if let Some(material) = entry.material {
            self.json("manifest", material);
        }
        self.0.extend_from_slice(b"}\n");
    }

    fn coverage(&mut self, coverage: Coverage) {
        self.key("coverage");
        for (key, count) in [
            (&b"{\"fields\":"[..], coverage.fields),
            (b",\"views\":", coverage.views),
            (b",\"opaque\":", coverage.opaque),
            (b",\"truncated\":", coverage.truncated),
        ] {
            self.0.extend_from_slice(key);
            self.value(&count);
        }
        self.0.push(b'}');
    }

    /// Microseconds with one decimal.
    fn timing(&mut self, timing: Timing) {
        self.key("timing");
        for (key, ns) in [(&b"{\"parse_us\":"[..], timing.parse_ns), (b",\"judge_us\":", timing.judge_ns)] {
            self.0.extend_from_slice(key);
            self.value(&(ns / 1000));
            let tenth = u8::try_from(ns / 100 % 10).unwrap_or(0);
            self.0.extend_from_slice(&[b'.', b'0' + tenth]);
        }
        self.0.push(b'}');
    }

    fn json(&mut self, key: &str, value: &(impl Serialize + ?Sized)) {
        self.key(key);
        self.value(value);
    }

    fn key(&mut self, key: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) {
        let start = self.0.len();
        // Plain values written into memory: no input makes this fail.
        if serde_json::to_writer(&mut self.0, value).is_err() {
            self.0.truncate(start);
            self.0.extend_from_slice(b"null");
        }
    }
}

/// Appends the line that says when, by whom and by what version a log was opened.
pub(crate) fn write_opened(out: &mut Vec<u8>, time: &str) {
    #[derive(Serialize)]
    struct Opened<'a> {
        time: &'a str,
        event: &'static str,
        pid: u32,
        version: &'static str,
    }
    write_event(out, &Opened { time, event: "open", pid: std::process::id(), version: env!("CARGO_PKG_VERSION") });
}

/// Appends the line that says that the log was found cut off or changed at its end: `at` is the number of the record that takes the place.
pub(crate) fn write_recovered(out: &mut Vec<u8>, time: &str, at: u64, bytes: u64) {
    #[derive(Serialize)]
    struct Recovered<'a> {
        time: &'a str,
        event: &'static str,
        at: u64,
        bytes: u64,
    }
    write_event(out, &Recovered { time, event: "recovered", at, bytes });
}

/// Appends the line that says that records before number `before` are dropped, since the log is as large as it may be.
pub(crate) fn write_dropped(out: &mut Vec<u8>, time: &str, before: u64) {
    #[derive(Serialize)]
    struct Dropped<'a> {
        time: &'a str,
        event: &'static str,
        before: u64,
    }
    write_event(out, &Dropped { time, event: "dropped", before });
}

fn write_event(out: &mut Vec<u8>, event: &impl Serialize) {
    let mut line = Line(std::mem::take(out));
    line.value(event);
    line.0.push(b'\n');
    *out = line.0;
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

/// Where a path led when the file system was asked.
#[derive(Serialize)]
struct PlaceLine<'a> {
    pointer: Cut<'a>,
    place: &'a Evidence,
    what: What,
    within: &'a [Within],
    #[serde(skip_serializing_if = "<[usize]>::is_empty")]
    left: &'a [usize],
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<Trouble>,
}

struct Places<'a>(&'a [Place]);

impl Serialize for Places<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|Place { pointer, shown, standing }| PlaceLine {
            pointer: Cut { text: pointer, max: MAX_POINTER_BYTES },
            place: shown,
            what: standing.what,
            within: &standing.within,
            left: &standing.left,
            trouble: standing.trouble,
        }))
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

#[cfg(test)]
mod tests;
