//! Records on their way to who watches over many programs, as they are made.
//!
//! The log is the queue: what was sent is a number beside it, so nothing is kept twice, nothing is lost by a crash or by a receiver that is
//! away, and no message waits. A record may come twice (its `uid` tells). Only what the log itself drops before it was sent, for want of
//! room, is missed, and what the receiver refuses for good; both are counted.

mod cursor;
mod events;
mod receiver;
#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

pub use cursor::Cursor;
use receiver::{Line, Refusal};
pub use receiver::{Receiver, Syslog};

use super::{Http, Secret, now};
use crate::evidence::{Home, Reader};

/// The most records that are sent at once…
const MAX_RECORDS: usize = 500;
/// …and the most bytes of them, but for one that is longer by itself.
const MAX_BYTES: usize = 512 * 1024;
/// How long after a failure it is tried again at first, and at most, in seconds.
const BACK_OFF: (u64, u64) = (1, 300);

/// Where records go, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportConfig {
    /// Who takes them.
    pub to: Receiver,
    /// As what they are sent.
    pub format: Format,
    /// Only those with a finding, and refusals.
    pub findings: bool,
    /// What the receiver lets one in by, as a bearer token; over HTTP alone.
    pub token: Option<Secret>,
}

/// As what a record is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The record, byte for byte.
    Record,
    /// The Open Cybersecurity Schema Framework.
    Ocsf,
    /// The Elastic Common Schema.
    Ecs,
    /// The Common Event Format.
    Cef,
    /// Log records of OpenTelemetry; over HTTP alone.
    Otlp,
    /// Spans of OpenTelemetry, of messages that belong to a trace; over HTTP alone.
    Spans,
}

/// What has become of the records of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The log's name.
    pub log: String,
    /// How far it is.
    pub cursor: Cursor,
    /// Records that wait.
    pub waiting: u64,
}

/// Sends records, and remembers from round to round whether the receiver answers.
#[derive(Debug)]
pub(super) struct Exporter {
    config: ExportConfig,
    http: Http,
    failures: u32,
    closed_until: u64,
}

impl Exporter {
    pub(super) fn new(config: ExportConfig) -> Self {
        Self { config, http: Http::new(), failures: 0, closed_until: 0 }
    }

    /// Sends what there is of the logs below `home`. When to come again, where something waits; what went wrong is in the cursor.
    pub(super) fn run(&mut self, home: &Path, stop: &dyn Fn() -> bool) -> Option<u64> {
        if self.closed_until > now() {
            return Some(self.closed_until);
        }
        let (mut failed, mut wait, mut unread) = (false, None, None);
        for log in Home::logs(home).unwrap_or_default() {
            // Where it was not asked for when the log was opened there is none.
            let Ok(Some(mut cursor)) = Cursor::read(&log) else { continue };
            match self.follow(&log, &mut cursor, stop) {
                Ok(Ok(())) => {}
                Ok(Err(refusal)) => (failed, wait) = (true, refusal.seconds),
                Err(error) => {
                    // The log's own trouble is none of the others'.
                    unread = Some(now() + BACK_OFF.1);
                    cursor.error = Some(error.to_string());
                    // The next round says it again where the disk refuses this.
                    let _ = cursor.write(&log);
                }
            }
            if failed || stop() {
                break;
            }
        }
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        let longer = BACK_OFF.0 << self.failures.saturating_sub(1).min(16);
        self.closed_until = if failed { now() + wait.unwrap_or(longer).clamp(1, BACK_OFF.1) } else { 0 };
        if failed { Some(self.closed_until) } else { unread }
    }

    /// Sends what is new in one log. The error outside is the log's, the one inside the receiver's.
    fn follow(&self, log: &Path, cursor: &mut Cursor, stop: &dyn Fn() -> bool) -> io::Result<Result<(), Refusal>> {
        let mut reader = Reader::open(log).map_err(io::Error::other)?;
        let there = reader.numbers();
        if cursor.next < there.start {
            cursor.missed += there.start - cursor.next;
            cursor.next = there.start;
        }
        // A crash of the machine may have taken the newest records, which were sent: their numbers are given again.
        if cursor.next > there.end {
            cursor.next = there.end;
            cursor.write(log)?;
        }
        while cursor.next < there.end && !stop() {
            let (mut batch, mut bytes, mut upto) = (Vec::new(), 0, cursor.next);
            while upto < there.end && batch.len() < MAX_RECORDS && bytes < MAX_BYTES {
                let line = reader
                    .record(upto)
                    .map_err(io::Error::other)?
                    .and_then(|record| events::line(&self.config, record));
                upto += 1;
                bytes += line.as_ref().map_or(0, |line| line.text.len());
                batch.extend(line);
            }
            match self.send(&batch) {
                Ok(refused) => {
                    cursor.error = None;
                    cursor.sent += (batch.len() as u64).saturating_sub(refused);
                    cursor.missed += refused;
                    cursor.next = upto;
                    cursor.write(log)?;
                }
                Err(refusal) => {
                    cursor.error = Some(refusal.why.clone());
                    cursor.write(log)?;
                    return Ok(Err(refusal));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Sends some, and where they are refused for good, halves of them, until it is known which. How many that were.
    fn send(&self, batch: &[Line]) -> Result<u64, Refusal> {
        if batch.is_empty() {
            return Ok(0);
        }
        match self.config.to.send(&self.http, &self.config, batch) {
            Ok(()) => Ok(0),
            Err(refusal) if !refusal.for_good => Err(refusal),
            Err(_) if batch.len() == 1 => Ok(1),
            Err(_) => {
                let (one, other) = batch.split_at(batch.len() / 2);
                // Where the second half has to wait the first comes again: rather twice than never.
                Ok(self.send(one)? + self.send(other)?)
            }
        }
    }
}

impl Exported {
    /// Sends what waits of the logs below `home`, now, for who holds the outbox's lock. Whether all of it was taken.
    pub fn send(home: &Path, config: ExportConfig) -> bool {
        Exporter::new(config).run(home, &|| false).is_none()
    }

    /// Of each log below `home` of which records are sent.
    pub fn all(home: &Path) -> io::Result<Vec<Self>> {
        let mut all = Vec::new();
        for log in Home::logs(home)? {
            let Some(cursor) = Cursor::read(&log)? else { continue };
            let end = Reader::open(&log).map_or(cursor.next, |reader| reader.numbers().end);
            let name = log.file_name().unwrap_or_default().to_string_lossy().into_owned();
            all.push(Self { log: name, waiting: end.saturating_sub(cursor.next), cursor });
        }
        Ok(all)
    }
}
