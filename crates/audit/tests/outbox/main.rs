//! What waits to be sent survives whatever happens: processes that are killed, servers that are down, moody or forgetful.
//! The VEX here is a fake (`fake.rs`).

mod fake;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use vanguard_audit::evidence::{Home, Journal};
use vanguard_audit::receipt::{Receipt, Worth};
use vanguard_audit::send::{Courier, Job, Kind, Outbox, Round, SendConfig, VexConfig};
use vanguard_audit::tlog::{Checkpoint, Hash, Note};
use vanguard_audit::verify::{self, Asked, Layer};

use fake::{Fake, KEY, Mood};

/// As many reports as must get through; `OUTBOX_REPORTS` for more, or fewer.
const REPORTS: u64 = 10_000;
/// The directory that a child process works in.
const CHILD: &str = "VANGUARD_TEST_OUTBOX";

fn config(url: &str) -> SendConfig {
    let (url, key) = (url.parse().unwrap(), Some(KEY.parse().unwrap()));
    let vex = VexConfig { url, key, agent: None, interval: Duration::from_secs(1) };
    SendConfig { vex: Some(vex), ..SendConfig::default() }
}

/// A log of one record, and its outbox.
fn log(dir: &Path) -> (Journal, Outbox) {
    let journal = Journal::open(&Home::open(dir).unwrap(), "files", u64::MAX).unwrap().journal;
    if journal.checkpoint().unwrap().is_none() {
        journal.append(b"a record\n").unwrap();
        journal.seal().unwrap();
    }
    (journal, Outbox::open(dir).unwrap())
}

/// A report of a checkpoint of this size that the log could have signed.
fn report(journal: &Journal, size: u64) -> Job {
    let note = journal.checkpoint().unwrap().unwrap();
    let origin = Checkpoint::parse(Note::parse(note.as_bytes()).unwrap().unverified()).unwrap().origin;
    let checkpoint = Checkpoint { origin: origin.clone(), size, root: Hash::leaf(&size.to_be_bytes()) };
    Job::new(Kind::Report, "files", size, origin.sign(journal.key(), &checkpoint.text()))
}

/// Sends until nothing waits any more, or it takes too long.
fn drain(dir: &Path, outbox: &Outbox, url: &str) -> u64 {
    let (mut round, begun, mut sent) = (Round::new(dir, config(url)), Instant::now(), 0);
    while !outbox.waiting().unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_mins(5), "{} wait still", outbox.waiting().unwrap().len());
        sent += round.run(outbox, true, &|| false).unwrap().sent;
        std::thread::sleep(Duration::from_millis(20));
    }
    sent
}

/// Not a test by itself: the process that is killed. It puts reports in, while its courier tries to send them to a server that is down.
#[test]
fn child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let (url, rest) = told.split_once(' ').unwrap();
    let (count, dir) = rest.split_once(' ').unwrap();
    let (dir, count): (&Path, u64) = (Path::new(dir), count.parse().unwrap());
    let (journal, outbox) = log(dir);
    let courier = Courier::start(dir, config(url)).unwrap();
    let first = outbox.waiting().unwrap().len() as u64 + 1;
    for size in first..=count {
        assert!(outbox.put(&report(&journal, size)).unwrap());
    }
    courier.close().unwrap();
}

#[test]
fn ten_thousand_reports_outlive_a_server_that_is_down_and_two_kills_and_each_gets_through_once() {
    let count = std::env::var("OUTBOX_REPORTS").ok().and_then(|count| count.parse().ok()).unwrap_or(REPORTS);
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("audit");
    let (journal, outbox) = log(&home);
    drop(journal);
    // Nobody listens there, for now.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/api/v1");
    let start = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child"])
            .env(CHILD, format!("{url} {count} {}", home.display()))
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    for part in [3, 2] {
        let mut child = start();
        let (enough, begun) = (count / part, Instant::now());
        while (outbox.waiting().unwrap().len() as u64) < enough {
            assert!(begun.elapsed() < Duration::from_mins(2), "it puts nothing in");
            std::thread::sleep(Duration::from_millis(5));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let waiting = outbox.waiting().unwrap().len() as u64;
        assert!(waiting < count, "killed in the middle: {waiting}");
    }
    assert!(start().wait().unwrap().success());
    assert_eq!(outbox.waiting().unwrap().len() as u64, count);
    assert!(outbox.dead().unwrap().is_empty(), "a server that is down is no reason to give up");

    let vex = Fake::listen(TcpListener::bind(address).unwrap(), Mood::Willing);
    assert_eq!(drain(&home, &Outbox::open(&home).unwrap(), &url), count);
    let reports = vex.reports();
    assert_eq!(reports.len() as u64, count);
    assert!(reports.values().all(|&times| times == 1), "each once");
    assert_eq!((vex.agents(), Receipt::sizes(&home.join("files")).unwrap().len() as u64), (1, count));
}

#[test]
fn too_many_and_broken_are_said_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = log(dir.path());
    for size in 1..=5 {
        outbox.put(&report(&journal, size)).unwrap();
    }
    let vex = Fake::start(Mood::Moody);
    assert_eq!(drain(dir.path(), &outbox, &vex.url), 5);
    assert!(vex.reports().len() == 5 && vex.reports().values().all(|&times| times == 1));
    let job = format!("{:?}", outbox.job("report-files-000000000001"));
    assert_eq!(job, "None");
}

#[test]
fn what_vex_refuses_is_a_dead_letter_and_its_words_and_our_key_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = log(dir.path());
    outbox.put(&report(&journal, 1)).unwrap();
    let vex = Fake::start(Mood::Offended);
    let done = Round::new(dir.path(), config(&vex.url)).run(&outbox, true, &|| false).unwrap();
    assert_eq!((done.dead, done.failure.as_deref()), (1, Some("VEX answers 403 FORBIDDEN")));
    // Somebody puts it right, and has it tried again.
    vex.become_mood(Mood::Willing);
    assert!(outbox.retry(&outbox.dead().unwrap()[0]).unwrap());
    assert_eq!(drain(dir.path(), &outbox, &vex.url), 1);
    // A key that is not taken is one to be mended: nothing is given up for it.
    outbox.put(&report(&journal, 2)).unwrap();
    let mut wrong = config(&vex.url);
    wrong.vex.as_mut().unwrap().key = Some("sk-wrong".parse().unwrap());
    let done = Round::new(dir.path(), wrong).run(&outbox, true, &|| false).unwrap();
    let failure = done.failure.unwrap();
    assert!(done.later == 1 && failure.contains("VANGUARD_VEX_KEY") && !failure.contains("sk-"), "{failure}");
    for entry in walk(dir.path()) {
        let text = String::from_utf8_lossy(&std::fs::read(&entry).unwrap()).into_owned();
        assert!(!text.contains("sk-very-secret") && !text.contains("sk-wrong"), "{}", entry.display());
    }
}

fn walk(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_server_that_began_anew_gets_an_agent_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = log(dir.path());
    let vex = Fake::start(Mood::Willing);
    for (size, mood) in [(1, Mood::Willing), (2, Mood::Forgetful), (3, Mood::Halting)] {
        vex.become_mood(mood);
        outbox.put(&report(&journal, size)).unwrap();
        assert_eq!(drain(dir.path(), &outbox, &vex.url), 1);
    }
    assert_eq!((vex.agents(), vex.reports().len(), vex.streams()), (2, 3, 2));
    let of = |size| Receipt::read(journal.path(), size).unwrap();
    assert_eq!((of(1).job.as_str(), of(3).job.as_str()), ("completed", "halted"));
    assert_eq!(of(1).worth(Some(&Fake::gate().verifying_key())).unwrap(), Worth::Verified);
    assert_eq!(of(1).request, Receipt::report(&of(1).checkpoint));
}

#[test]
fn a_report_that_was_answered_before_the_process_ended_is_not_sent_again() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = log(dir.path());
    let (vex, job) = (Fake::start(Mood::Willing), report(&journal, 1));
    outbox.put(&job).unwrap();
    drain(dir.path(), &outbox, &vex.url);
    // It ended between the receipt and the outbox.
    outbox.put(&job).unwrap();
    assert_eq!(drain(dir.path(), &outbox, &vex.url), 1);
    assert_eq!(vex.reports().into_values().collect::<Vec<_>>(), [1]);
}

#[test]
fn a_log_and_its_bundle_say_what_the_receipt_is_worth() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = log(dir.path());
    let vex = Fake::start(Mood::Willing);
    outbox.put(&Job::new(Kind::Report, "files", 1, journal.checkpoint().unwrap().unwrap())).unwrap();
    drain(dir.path(), &outbox, &vex.url);
    journal.append(b"another\n").unwrap();
    journal.seal().unwrap();
    let key = Home::existing(dir.path()).unwrap().key().verifying_key();
    let asked = |gate| Asked { gate, required: vec![Layer::Receipted], ..Asked::default() };
    let report = verify::log(journal.path(), &key, &mut asked(Some(Fake::gate().verifying_key())));
    assert_eq!((report.faults, report.receipted.worth, report.receipted.size), (vec![], Worth::Verified, 1));
    let report = verify::log(journal.path(), &key, &mut asked(None));
    assert_eq!((report.faults[0].layer, report.faults[0].layer.exit_code()), (Layer::Receipted, 15));
    // A receipt whose report was changed is of nothing.
    let path = journal.path().join("receipts/000000000001.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("report/v1 sha256:", "report/v1 sha256:0")).unwrap();
    let report = verify::log(journal.path(), &key, &mut Asked::default());
    assert_eq!(report.faults[0].what, "the report is of another checkpoint");
}
