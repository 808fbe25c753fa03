//! A disk that is full, and has room again: on a file system of its own where the machine lets one make it, and by a limit on files.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::*;

/// How the process that does it is told where, and by what the disk is full.
const CHILD: &str = "VANGUARD_TEST_FULL";
/// Bytes that a file may have, where that is the limit.
const LIMIT: u64 = 48 * 1024;
/// Bytes of what takes up the room; without it there is room for the tiles of all that was recorded.
const FILLER: usize = 640 * 1024;

/// Not a test by itself: it records until that fails, sees to it that messages would be refused, makes room, and goes on.
#[test]
fn child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (by, dir) = told.split_once(' ').unwrap();
    let (dir, filler) = (PathBuf::from(dir), Path::new(dir).join("filler"));
    let before = getrlimit(Resource::Fsize);
    if by == "limit" {
        setrlimit(Resource::Fsize, Rlimit { current: Some(LIMIT), ..before }).unwrap();
    } else {
        fs::write(&filler, vec![1; FILLER]).unwrap();
    }
    let log = Log::open(&AuditConfig { path: None, ..with_evidence(&dir) }).unwrap();
    let session = log.session("s", "files", None);
    let decision = decision();
    let mut acknowledged = 0;
    while session.record_blocked(&entry(&decision)).is_ok() {
        acknowledged += 1;
        assert!(acknowledged < 20_000, "it is never full");
    }
    assert!(session.must_refuse(), "the default is to refuse what cannot be recorded");
    for _ in 0..5 {
        session.record_blocked(&entry(&decision)).unwrap_err();
    }
    assert!(!session.failure().is_empty());
    // Time for the seal, which has no room either.
    std::thread::sleep(SEAL_IDLE * 2);
    assert!(session.must_refuse());
    if by == "limit" {
        setrlimit(Resource::Fsize, before).unwrap();
    } else {
        fs::remove_file(&filler).unwrap();
    }
    session.record_blocked(&entry(&decision)).unwrap();
    let begun = Instant::now();
    while session.must_refuse() {
        assert!(begun.elapsed() < Duration::from_secs(10), "there is room again: {}", session.failure());
        std::thread::sleep(Duration::from_millis(20));
    }
    log.close().unwrap();
    // The opening, those that were acknowledged, the six that were refused and waited, and the last: each once, in their order.
    let lines = evidence(&dir);
    let seqs: Vec<u64> = lines.iter().filter_map(|line| serde_json::from_str::<Line>(line).unwrap().seq).collect();
    assert_eq!(seqs, (1..=acknowledged + 7).collect::<Vec<u64>>());
    let key = Home::existing(&dir.join("audit")).unwrap().key().verifying_key();
    let report = crate::verify::log(&dir.join("audit/files"), &key, &mut crate::verify::Asked::default());
    assert!(report.consistent && report.included && report.unsigned == 0, "{:?}", report.faults);
    assert_eq!(report.size, acknowledged + 8);
    eprintln!("held with {acknowledged} records");
}

/// Runs the child behind a shell's words; whether it did all that, and what it said.
fn run(shell: &str, by: &str, dir: &Path) -> (bool, String) {
    let output = Command::new("sh")
        .args(["-c", shell, "sh"])
        .arg(std::env::current_exe().unwrap())
        .arg(dir)
        .env(CHILD, format!("{by} {}", dir.display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_limit_on_files_loses_no_acknowledged_record() {
    let dir = tempfile::tempdir().unwrap();
    // A process is killed by the limit unless the signal is not heeded.
    let (held, said) =
        run("trap '' XFSZ; exec \"$1\" --exact log::tests::full::child --nocapture", "limit", dir.path());
    assert!(held && said.contains("held with"), "{said}");
}

#[test]
fn a_full_file_system_loses_no_acknowledged_record() {
    let dir = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=900k tmpfs \"$2\"";
    if !Command::new("unshare")
        .args(["-rm", "sh", "-c", mount, "sh", "-"])
        .arg(dir.path())
        .status()
        .is_ok_and(|end| end.success())
    {
        eprintln!("SKIPPED: no file system of one's own can be made here");
        return;
    }
    let child = "exec \"$1\" --exact log::tests::full::child --nocapture";
    let shell = format!("exec unshare -rm sh -c '{mount} && {child}' sh \"$1\" \"$2\"");
    let (held, said) = run(&shell, "space", dir.path());
    assert!(held && said.contains("held with"), "{said}");
}
