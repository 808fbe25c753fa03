//! What evidence costs: records appended and sealed, a refusal's record on disk, a log verified, a proof found. Each figure stands beside
//! its limit, and beside what the disk alone takes.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use vanguard_audit::evidence::{CHECKPOINT, Home, Journal};
use vanguard_audit::tlog::{Checkpoint, Tiles, inclusion};
use vanguard_audit::verify;

/// Records of the great log.
const COUNT: u64 = 1_000_000;
/// Records that are written at once, as under load: 128 KiB of them.
const BATCH: u64 = 240;

fn main() {
    let dir = tempfile::tempdir().expect("a directory");
    append(dir.path());
    let log = dir.path().join("bench");
    let key = Home::existing(dir.path()).expect("a key").key().verifying_key();
    let begun = Instant::now();
    let report = verify::log(&log, &key, &mut verify::Asked::default());
    assert!(report.consistent && report.size == COUNT, "{:?}", report.faults);
    told("verify, every record and tile", &per_second(COUNT, begun.elapsed()), "50,000 records/s at least");
    prove(&log, &key);
    refuse(dir.path());
}

/// A record as long as most are.
fn line(number: u64) -> String {
    format!(
        r#"{{"time":"2026-11-27T02:13:20.007Z","session":"019aae0c-5d47-7c41-b6b4-5f1c6f0a3a11","server":"filesystem","seq":{number},"flow":"client-to-server","method":"tools/call","tool":"read_file","id":"{number}","verdict":"allow","findings":[],"past":{{"call":{number},"holds":[],"windows":{{"BEH-001":12,"BEH-005":40}}}},"coverage":{{"fields":1,"views":3,"opaque":0,"truncated":0}},"timing":{{"parse_us":1.2,"judge_us":8.7}},"message_sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","bytes":118}}"#
    ) + "\n"
}

/// Written in batches and sealed each second: all of it on this one thread.
fn append(dir: &Path) {
    let journal = Journal::open(&Home::open(dir).expect("made"), "bench", u64::MAX).expect("opened").journal;
    let batches: Vec<String> = (0..COUNT)
        .step_by(usize::try_from(BATCH).unwrap_or(1))
        .map(|from| (from..(from + BATCH).min(COUNT)).map(line).collect())
        .collect();
    let (begun, mut sealed) = (Instant::now(), Instant::now());
    for batch in &batches {
        journal.append(batch.as_bytes()).expect("written");
        if sealed.elapsed() > Duration::from_secs(1) {
            journal.seal().expect("sealed");
            sealed = Instant::now();
        }
    }
    let appended = begun.elapsed();
    journal.finish().expect("sealed");
    told("append, in batches, not sealed", &per_second(COUNT, appended), "");
    told("append and seal, on one thread", &per_second(COUNT, begun.elapsed()), "100,000 records/s at least");
}

fn prove(log: &Path, key: &vanguard_audit::key::VerifyingKey) {
    let checkpoint = Checkpoint::verify(&fs::read(log.join(CHECKPOINT)).expect("there"), key).expect("signed");
    let mut times = Vec::new();
    for number in 0..200 {
        let index = number * 4_987 % COUNT;
        let begun = Instant::now();
        let proof = inclusion(index, checkpoint.size, &mut Tiles::new(log, checkpoint.size)).expect("proved");
        times.push(begun.elapsed());
        assert!(proof.len() >= 14);
    }
    told("inclusion proof of 1,000,000", &percentiles(&mut times), "10 ms at most");
}

/// A hundred refusals a second, each on disk before it is answered, beside a file that is appended to and forced in turns with it.
fn refuse(dir: &Path) {
    let journal = Journal::open(&Home::open(dir).expect("there"), "refusals", u64::MAX).expect("opened").journal;
    let mut plain = OpenOptions::new().append(true).create(true).open(dir.join("plain")).expect("made");
    let (mut ours, mut disk) = (Vec::new(), Vec::new());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_secs(1));
                journal.seal().expect("sealed");
            }
        });
        for number in 0..2000 {
            let line = line(number);
            let begun = Instant::now();
            journal.append(line.as_bytes()).expect("written");
            journal.force().expect("forced");
            ours.push(begun.elapsed());
            std::thread::sleep(Duration::from_millis(5));
            let begun = Instant::now();
            plain.write_all(line.as_bytes()).expect("written");
            plain.sync_data().expect("forced");
            disk.push(begun.elapsed());
            std::thread::sleep(Duration::from_millis(5));
        }
        done.store(true, Ordering::Relaxed);
    });
    told("a refusal's record on disk", &percentiles(&mut ours), "p99 1 ms more than the disk alone at most");
    told("a write and fdatasync alone", &percentiles(&mut disk), "");
}

fn per_second(count: u64, time: Duration) -> String {
    format!("{} records/s", u128::from(count) * 1_000_000_000 / time.as_nanos().max(1))
}

fn percentiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times.get(times.len() * part / 100).copied().unwrap_or_default();
    format!("p50 {:.2?}, p99 {:.2?}", at(50), at(99))
}

fn told(what: &str, figure: &str, limit: &str) {
    println!("evidence: {what:32} {figure:40} {limit}");
}
