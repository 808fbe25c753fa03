//! A line of JSON for each request: who asked from where, for what, and how it was answered. No header, no query, no body.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use vanguard_engine::{Entry, Identity};

use crate::error::StartError;
use crate::report::{Event, Reports};

/// The most lines that wait for the disk. Further ones are left out, and counted: no request waits for them.
const QUEUE: usize = 4096;
/// The most bytes of a path.
const PATH_BYTES: usize = 256;

/// Where they go.
#[derive(Debug)]
pub(super) struct AccessLog {
    queue: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    left_out: AtomicU64,
}

#[derive(Debug)]
enum Job {
    Line(Vec<u8>),
    /// From here on lines go there.
    File(File),
}

/// Who asks, as far as it is known yet.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) address: IpAddr,
    pub(super) who: Option<Identity>,
}

#[derive(Serialize)]
struct Visit<'v> {
    time: String,
    client: IpAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'v str>,
    method: &'v str,
    path: &'v str,
    status: u16,
    /// Until the answer began.
    ms: f64,
    /// Lines before this one that are missing.
    #[serde(skip_serializing_if = "is_none")]
    left_out: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl AccessLog {
    /// Writes to `file`, on a thread of its own.
    pub(super) fn start(file: File, reports: Arc<Reports>) -> Result<Self, StartError> {
        let (queue, jobs) = sync_channel(QUEUE);
        let writer = Builder::new().name("access".to_owned()).spawn(move || write(file, &jobs, &reports));
        let writer = writer.map_err(|source| StartError::Own { part: "access log", source })?;
        Ok(Self { queue: Some(queue), writer: Some(writer), left_out: AtomicU64::new(0) })
    }

    /// Has further lines go to `file`.
    pub(super) fn go_on_in(&self, file: File) {
        // Its writer is gone only when the log is.
        let _ = self.queue.as_ref().map(|queue| queue.send(Job::File(file)));
    }

    /// Notes a request, never waiting.
    pub(super) fn note(&self, visitor: &Visitor, method: &str, path: &str, status: u16, after: Duration) {
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        let visit = Visit {
            time: format!("{:.3}", Timestamp::now()),
            client: visitor.address,
            entry: visitor.who.as_ref().map(|who| who.entry),
            principal: visitor.who.as_ref().map(|who| &*who.name),
            method,
            path: path.get(..PATH_BYTES).unwrap_or(path),
            status,
            ms: (after.as_secs_f64() * 1e5).round() / 100.0,
            left_out,
        };
        // Plain values written into memory: nothing makes this fail.
        let Ok(mut line) = serde_json::to_vec(&visit) else { return };
        line.push(b'\n');
        if self.queue.as_ref().is_none_or(|queue| queue.try_send(Job::Line(line)).is_err()) {
            self.left_out.fetch_add(left_out + 1, Ordering::Relaxed);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        // What waits is written.
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write(file: File, jobs: &Receiver<Job>, reports: &Reports) {
    let mut file = BufWriter::new(file);
    let mut failed = false;
    while let Ok(job) = jobs.recv() {
        let mut written = Ok(());
        for job in std::iter::once(job).chain(jobs.try_iter().take(QUEUE)) {
            written = written.and_then(|()| match job {
                Job::Line(line) => file.write_all(&line),
                Job::File(next) => std::mem::replace(&mut file, BufWriter::new(next)).flush(),
            });
        }
        let written = written.and_then(|()| file.flush());
        // Said once until it is mended; requests go on, for the audit is what must not fail.
        if let (Err(error), false) = (&written, failed) {
            reports.tell(Event::AccessLogFailed(error.to_string()));
        }
        failed = written.is_err();
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    struct Silent;

    impl crate::report::Reporter for Silent {
        fn report(&self, _: &Event) {}
    }

    #[test]
    fn a_line_says_who_asked_for_what_and_is_one_line_whatever_they_wrote() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let reports = Arc::new(Reports::start(Arc::new(Silent), None).unwrap());
        let log = AccessLog::start(path.reopen().unwrap(), reports).unwrap();
        let who = Identity { entry: Entry::Key, name: "ci\n\"".into() };
        let visitor = Visitor { address: [127, 0, 0, 1].into(), who: Some(who) };
        log.note(&visitor, "POST", "/mcp", 200, Duration::from_micros(1234));
        log.note(&Visitor { who: None, ..visitor }, "GET", &"/a".repeat(1000), 404, Duration::ZERO);
        drop(log);
        let mut text = String::new();
        path.reopen().unwrap().read_to_string(&mut text).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let (_, said) = lines[0].split_once(r#","client""#).unwrap();
        let rest =
            r#":"127.0.0.1","entry":"key","principal":"ci\n\"","method":"POST","path":"/mcp","status":200,"ms":1.23}"#;
        assert_eq!(said, rest);
        assert!(!lines[1].contains("principal") && lines[1].len() < PATH_BYTES + 200, "{}", lines[1]);
    }
}
