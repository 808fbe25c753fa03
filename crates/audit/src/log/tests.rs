use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Instant;

use serde::Deserialize;
use vanguard_engine::verdict::{Coverage, Decision, Flow, Timing, Verdict};

use super::*;
use crate::Digest;
use crate::evidence::{EvidenceConfig, Home, Reader};
use crate::send::SendConfig;

#[derive(Deserialize)]
struct Line {
    session: Option<String>,
    seq: Option<u64>,
    event: Option<String>,
}

pub(crate) fn decision() -> Decision {
    Decision {
        flow: Flow::ToServer,
        method: Some("tools/call".to_owned()),
        tool: Some("read_file".to_owned()),
        id: Some("7".to_owned()),
        trace: None,
        verdict: Verdict::Allow,
        would_be: None,
        findings: Vec::new(),
        places: Vec::new(),
        past: None,
        coverage: Coverage::default(),
    }
}

pub(crate) fn entry(decision: &Decision) -> Entry<'_> {
    Entry { decision, timing: Timing::default(), digest: Some(Digest::of(b"{}")), bytes: 2, material: None }
}

/// The verdicts in a file; every line must be a whole record.
fn records(path: &Path) -> Vec<Line> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines.filter(|line: &Line| line.event.is_none()).collect()
}

#[test]
fn a_refusal_is_on_disk_before_it_returns() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/deep/audit.jsonl");
    let log = Log::open(&AuditConfig::new(&path)).unwrap();
    let session = log.session("s", "files", None);
    let decision = decision();
    session.record_allowed(&entry(&decision));
    session.record_blocked(&entry(&decision)).unwrap();
    let seqs: Vec<_> = records(&path).into_iter().map(|line| line.seq.unwrap()).collect();
    assert_eq!(seqs, [1, 2], "what waited goes first");
}

#[test]
fn a_passed_message_is_on_disk_soon_and_at_the_close() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let log = Log::open(&AuditConfig::new(&path)).unwrap();
    let session = log.session("s", "files", None);
    let decision = decision();
    session.record_allowed(&entry(&decision));
    let begun = Instant::now();
    while records(&path).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(5), "never written");
        std::thread::sleep(Duration::from_millis(10));
    }
    session.record_allowed(&entry(&decision));
    log.close().unwrap();
    assert_eq!(records(&path).len(), 2);
    session.record_allowed(&entry(&decision));
    assert_eq!(records(&path).len(), 3, "a latecomer is written at once");
}

#[test]
fn proxies_share_a_file_through_rotations_without_loss() {
    const WRITERS: u64 = 4;
    const EACH: u64 = 8_000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let config = AuditConfig { max_bytes: 256 * 1024, keep: 100, ..AuditConfig::new(&path) };
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let config = &config;
            scope.spawn(move || {
                // A log of its own: the same as a process of its own, as locks go with the open file.
                let log = Log::open(config).unwrap();
                let session = log.session(&writer.to_string(), "files", None);
                let decision = decision();
                for _ in 0..EACH {
                    session.record_allowed(&entry(&decision));
                }
                log.close().unwrap();
            });
        }
    });
    let mut seen = BTreeSet::new();
    let mut files = 0;
    for file in fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_some_and(|extension| extension == "lock") {
            continue;
        }
        files += 1;
        for line in records(&file) {
            assert!(seen.insert((line.session.unwrap(), line.seq.unwrap())), "written twice");
        }
    }
    assert!(files > 1, "{files} files");
    assert_eq!(seen.len() as u64, WRITERS * EACH);
}

#[test]
fn no_more_files_are_kept_than_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let log = Log::open(&AuditConfig { max_bytes: 1, keep: 2, sync: false, ..AuditConfig::new(&path) }).unwrap();
    let session = log.session("s", "files", None);
    for _ in 0..10 {
        session.record_blocked(&entry(&decision())).unwrap();
    }
    let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2", "audit.jsonl.lock"]);
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("logs/audit.jsonl");
    let _log = Log::open(&AuditConfig::new(&path)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
fn a_path_that_cannot_be_written_fails_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let below_a_file = file.join("audit.jsonl");
    for path in [dir.path(), below_a_file.as_path()] {
        let error = Log::open(&AuditConfig::new(path)).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains("audit.path"), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_fails_at_the_start() {
    let error = Log::open(&AuditConfig::new("/dev/full")).unwrap_err();
    let OpenError::File { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_up_fails_closed_and_mends_without_loss() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let log = Log::open(&AuditConfig::new(&path)).unwrap();
    let session = log.session("s", "files", None);
    let decision = decision();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    assert!(!session.must_refuse());
    let error = session.record_blocked(&entry(&decision)).unwrap_err();
    assert_eq!(error.source.kind(), io::ErrorKind::StorageFull);
    assert!(session.must_refuse());
    fs::remove_file(&path).unwrap();
    session.record_blocked(&entry(&decision)).unwrap();
    assert!(!session.failing());
    assert_eq!(records(&path).len(), 2, "what the full disk refused is written after all");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_stays_bounded_while_the_disk_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let log = Log::open(&AuditConfig { on_failure: OnFailure::Warn, ..AuditConfig::new(&path) }).unwrap();
    let session = log.session("s", "files", None);
    let decision = decision();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    for _ in 0..20_000 {
        session.record_allowed(&entry(&decision));
    }
    assert!(session.failing() && !session.must_refuse());
    assert!(session.lost() > 0);
    assert!(session.shared.waiting().lines.len() <= MAX_WAITING_BYTES + crate::MAX_RECORD_BYTES);
}

#[test]
fn a_disabled_log_keeps_nothing_and_never_fails() {
    let log = Log::disabled();
    let session = log.session("s", "files", None);
    session.record_blocked(&entry(&decision())).unwrap();
    assert!(!session.must_refuse());
    log.close().unwrap();
}

fn with_evidence(dir: &Path) -> AuditConfig {
    let max_bytes = EvidenceConfig::MAX_BYTES;
    let send = SendConfig::default();
    let evidence = EvidenceConfig { dir: dir.join("audit"), name: "files".to_owned(), max_bytes, send };
    AuditConfig { evidence: Some(evidence), ..AuditConfig::new(dir.join("audit.jsonl")) }
}

/// The lines of the log as it is on disk, signed or not.
fn evidence(dir: &Path) -> Vec<String> {
    let mut reader = Reader::open(&dir.join("audit/files")).unwrap();
    reader.numbers().map(|index| String::from_utf8(reader.record(index).unwrap().unwrap().to_vec()).unwrap()).collect()
}

#[test]
fn the_same_bytes_are_read_by_people_and_proved_by_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(&with_evidence(dir.path())).unwrap();
    let session = log.session("s", "files", None);
    let decision = decision();
    session.record_allowed(&entry(&decision));
    session.record_blocked(&entry(&decision)).unwrap();
    assert_eq!(evidence(dir.path()).len(), 3, "a refusal is in the log before it returns, and what waited before it");
    session.record_allowed(&entry(&decision));
    log.close().unwrap();
    let lines: Vec<_> =
        fs::read_to_string(dir.path().join("audit.jsonl")).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(evidence(dir.path()), lines);
    let key = Home::existing(&dir.path().join("audit")).unwrap().key().verifying_key();
    let report = crate::verify::log(&dir.path().join("audit/files"), &key, &mut crate::verify::Asked::default());
    assert!(report.consistent && report.size == 4 && report.unsigned == 0, "{:?}", report.faults);
}

#[test]
fn what_was_recorded_is_signed_when_nothing_more_comes() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(&with_evidence(dir.path())).unwrap();
    let session = log.session("s", "files", None);
    session.record_allowed(&entry(&decision()));
    let key = Home::existing(&dir.path().join("audit")).unwrap().key().verifying_key();
    let begun = Instant::now();
    while crate::verify::log(&dir.path().join("audit/files"), &key, &mut crate::verify::Asked::default()).size < 2 {
        assert!(begun.elapsed() < Duration::from_secs(10), "never signed");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_record_is_in_the_log_once_though_the_file_refused_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("audit.jsonl");
    let log = Log::open(&with_evidence(dir.path())).unwrap();
    let session = log.session("s", "files", None);
    let decision = decision();
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    session.record_blocked(&entry(&decision)).unwrap_err();
    session.record_blocked(&entry(&decision)).unwrap_err();
    fs::remove_file(&path).unwrap();
    session.record_blocked(&entry(&decision)).unwrap();
    log.close().unwrap();
    assert_eq!(records(&path).len(), 3);
    assert_eq!(evidence(dir.path()).len(), 4, "the opening and three records, each once");
}

#[test]
fn nothing_is_sent_and_no_thread_is_there_for_it_unless_somebody_asks() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(&with_evidence(dir.path())).unwrap();
    assert!(log.shared.courier.is_none());
    log.close().unwrap();
    assert!(!dir.path().join("audit/outbox").exists());
}

#[test]
fn evidence_alone_is_enough() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(&AuditConfig { path: None, ..with_evidence(dir.path()) }).unwrap();
    let session = log.session("s", "files", None);
    session.record_blocked(&entry(&decision())).unwrap();
    session.record_allowed(&entry(&decision()));
    log.close().unwrap();
    assert_eq!(evidence(dir.path()).len(), 3);
    assert!(!dir.path().join("audit.jsonl").exists());
}

#[cfg(target_os = "linux")]
mod full;
