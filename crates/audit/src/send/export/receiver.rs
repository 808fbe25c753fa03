//! Who takes records: a file, stdout, a syslog server, a collector over HTTP.

mod syslog;
mod tls;

use std::fmt;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::str::FromStr;

use super::super::{Answer, Endpoint, Http};
use super::{ExportConfig, Format};
use crate::config::AuditConfig;
use crate::siem::{otlp_logs, otlp_spans};
use crate::trail::Trail;

pub use syslog::Syslog;

/// The most bytes of an answer that are read.
const MAX_ANSWER: u64 = 64 * 1024;

/// Who takes records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receiver {
    /// A file, a line each, rotated as the record's is.
    File(PathBuf),
    /// Our own stdout, a line each.
    Stdout,
    /// A syslog server (RFC 5424).
    Syslog(Syslog),
    /// A collector: an array of JSON, lines of CEF, or OTLP at `/v1/logs` or `/v1/traces` below the address.
    Http(Endpoint),
}

/// A record as it is sent.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) text: String,
    /// When it was made.
    pub(super) time: String,
    /// How bad, as syslog counts: 2 is worst, 6 is nothing.
    pub(super) level: u8,
}

/// They were not taken.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) why: String,
    /// In how many seconds to come again, as the receiver says.
    pub(super) seconds: Option<u64>,
    /// It makes no sense to come again with the same.
    pub(super) for_good: bool,
}

impl Refusal {
    fn now(error: impl fmt::Display) -> Self {
        Self { why: error.to_string(), seconds: None, for_good: false }
    }
}

impl Receiver {
    /// Whether it is spoken to over HTTP.
    pub fn is_http(&self) -> bool {
        matches!(self, Self::Http(_))
    }

    /// Sends some records, all of them or none that it would tell of.
    pub(super) fn send(&self, http: &Http, config: &ExportConfig, lines: &[Line]) -> Result<(), Refusal> {
        match self {
            Self::File(path) => {
                let trail = Trail::open(path, AuditConfig::MAX_BYTES, AuditConfig::KEEP);
                trail.and_then(|mut trail| trail.append(&mut in_lines(lines))).map_err(Refusal::now)
            }
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(&in_lines(lines)).and_then(|()| out.flush()).map_err(Refusal::now)
            }
            Self::Syslog(syslog) => syslog.send(lines),
            Self::Http(url) => post(http, url, config, lines),
        }
    }
}

fn in_lines(lines: &[Line]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.text.as_bytes(), b"\n"]).flatten().copied().collect()
}

/// Texts of JSON as an array.
fn array(lines: &[Line]) -> String {
    let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
    format!("[{}]", texts.join(","))
}

/// What stands round the records is made with none in it, and they are put in as they are.
fn within(around: &str, list: &str, lines: &[Line]) -> Vec<u8> {
    around.replacen(&format!("\"{list}\":[]"), &format!("\"{list}\":{}", array(lines)), 1).into_bytes()
}

fn post(http: &Http, url: &Endpoint, config: &ExportConfig, lines: &[Line]) -> Result<(), Refusal> {
    let (address, kind, body) = match config.format {
        Format::Cef => (url.as_str().to_owned(), "text/plain; charset=utf-8", in_lines(lines)),
        Format::Record | Format::Ocsf | Format::Ecs => {
            (url.as_str().to_owned(), "application/json", array(lines).into_bytes())
        }
        Format::Otlp => {
            let around = serde_json::to_string(&otlp_logs([(); 0])).map_err(Refusal::now)?;
            (url.below("v1/logs"), "application/json", within(&around, "logRecords", lines))
        }
        Format::Spans => {
            let around = serde_json::to_string(&otlp_spans([(); 0])).map_err(Refusal::now)?;
            (url.below("v1/traces"), "application/json", within(&around, "spans", lines))
        }
    };
    let bearer = config.token.as_ref().map(|token| format!("Bearer {}", token.reveal()));
    let mut headers = vec![("content-type", kind)];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let Answer { status, retry_after, .. } = http.post(&address, &headers, &body, MAX_ANSWER).map_err(Refusal::now)?;
    match status {
        200..=299 => Ok(()),
        // These are about what was sent; others about who sends it, or when.
        400 | 413 | 415 | 422 => Err(Refusal { why: format!("answers {status}"), seconds: None, for_good: true }),
        _ => Err(Refusal { why: format!("answers {status}"), seconds: retry_after, for_good: false }),
    }
}

impl FromStr for Receiver {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text == "stdout" {
            return Ok(Self::Stdout);
        }
        match text.split_once(':') {
            Some(("http" | "https", _)) => Ok(Self::Http(text.parse()?)),
            Some((scheme, rest)) if scheme.starts_with("syslog") => Ok(Self::Syslog(Syslog::parse(scheme, rest)?)),
            Some(("file", path)) => match path.strip_prefix("//").unwrap_or(path) {
                path if path.starts_with('/') => Ok(Self::File(path.into())),
                _ => Err("write file: with a path from the root on: file:/var/log/mcp.jsonl"),
            },
            _ => Err(
                "give file:/PATH, stdout, syslog+udp://HOST:PORT, syslog+tcp://HOST:PORT, syslog+tls://HOST:PORT, syslog+unix:/PATH, or an https address",
            ),
        }
    }
}

impl fmt::Display for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Stdout => f.write_str("stdout"),
            Self::Syslog(syslog) => syslog.fmt(f),
            Self::Http(url) => url.fmt(f),
        }
    }
}
