//! Against calendars that answer as they like; all on this machine.

use std::io::{BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::anchor::{Anchor, State};
use crate::evidence::{Home, Journal};

/// A request as it came, and what is answered.
pub(super) type Answers = Box<dyn Fn(&str, &[u8]) -> (u16, String, Vec<u8>) + Send>;

/// Something that speaks HTTP: the first line and the body of a request in, a status, more headers and a body out.
pub(super) struct Fake {
    pub(super) url: String,
    asked: Arc<AtomicUsize>,
}

impl Fake {
    pub(super) fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (answers, count) = (Arc::new(Mutex::new(answers)), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, count) = (Arc::clone(&answers), Arc::clone(&count));
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().unwrap());
                    let mut out = stream;
                    while let Some((line, body)) = request(&mut reader) {
                        count.fetch_add(1, Ordering::SeqCst);
                        let (status, headers, answer) = answers.lock().unwrap()(&line, &body);
                        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n{headers}\r\n", answer.len());
                        if out.write_all(&[head.as_bytes(), &answer].concat()).is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self { url, asked }
    }

    pub(super) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn request(reader: &mut impl std::io::BufRead) -> Option<(String, Vec<u8>)> {
    let (mut first, mut length) = (String::new(), 0);
    if reader.read_line(&mut first).unwrap_or(0) == 0 {
        return None;
    }
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            let mut body = vec![0; length];
            reader.read_exact(&mut body).ok()?;
            return Some((first.trim().to_owned(), body));
        }
    }
}

/// A calendar's promise, which says that the calendar is at `address`.
fn promise(address: &str) -> Vec<u8> {
    let length = u8::try_from(address.len()).unwrap();
    let head = [0xf0, 1, 9, 0x00, 0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e, length + 1, length];
    [&head[..], address.as_bytes()].concat()
}

/// The way into block 7.
const BLOCK: [u8; 12] = [0x08, 0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 1, 7];

fn calendar(address: &'static str, knows: bool) -> Fake {
    Fake::start(Box::new(move |line, _| match line {
        line if line.starts_with("POST /digest ") => (200, String::new(), promise(address)),
        line if line.starts_with("GET /timestamp/") && knows => (200, String::new(), BLOCK.to_vec()),
        _ => (404, String::new(), Vec::new()),
    }))
}

fn config(calendars: &[&Fake], least: usize) -> SendConfig {
    let calendars = calendars.iter().map(|fake| fake.url.parse().unwrap()).collect();
    SendConfig {
        anchor: Some(AnchorConfig { calendars, least, interval: Duration::from_hours(1) }),
        ..SendConfig::default()
    }
}

/// A log with one checkpoint, which waits to be anchored.
fn waiting(dir: &Path) -> (Journal, Outbox) {
    let journal = Journal::open(&Home::open(dir).unwrap(), "files", u64::MAX).unwrap().journal;
    journal.append(b"a record\n").unwrap();
    journal.seal().unwrap();
    let outbox = Outbox::open(dir).unwrap();
    assert!(outbox.put(&Job::new(Kind::Anchor, "files", 1, journal.checkpoint().unwrap().unwrap())).unwrap());
    (journal, outbox)
}

fn state(journal: &Journal) -> Option<State> {
    Anchor::read(journal.path(), 1).ok().map(|anchor| anchor.state())
}

#[test]
fn a_checkpoint_is_promised_by_some_and_confirmed_by_one_and_its_address_is_never_taken_from_a_proof() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = waiting(dir.path());
    // What stands in a proof could be anything's address.
    let trap = Fake::start(Box::new(|_, _| (200, String::new(), BLOCK.to_vec())));
    let address: &'static str = Box::leak(trap.url.clone().into_boxed_str());
    let (first, second, dead) = (
        calendar(address, true),
        calendar("https://b.example", false),
        Fake { url: "http://127.0.0.1:1".to_owned(), asked: Arc::default() },
    );
    let mut round = Round::new(dir.path(), config(&[&first, &second, &dead], 1));
    let done = round.run(&outbox, false, &|| false).unwrap();
    assert_eq!((done.sent, done.later, done.failure, state(&journal)), (0, 1, None, Some(State::Pending)));
    assert_eq!(round.run(&outbox, false, &|| false).unwrap().later, 0, "it is not time to ask yet");
    let done = round.run(&outbox, true, &|| false).unwrap();
    assert_eq!((done.sent, state(&journal)), (1, Some(State::Confirmed)));
    assert_eq!(Anchor::read(journal.path(), 1).unwrap().proof.unwrap().blocks()[0].0, 7);
    assert!(outbox.waiting().unwrap().is_empty() && outbox.dead().unwrap().is_empty());
    assert_eq!(trap.asked(), 0);
}

#[test]
fn too_few_calendars_are_none_and_the_next_try_comes_later_and_later() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = waiting(dir.path());
    let away = Fake::start(Box::new(|_, _| (302, "Location: http://127.0.0.1:1/evil\r\n".to_owned(), Vec::new())));
    let long = Fake::start(Box::new(|_, _| (200, String::new(), vec![0x08; 20_000])));
    let good = calendar("https://a.example", false);
    let mut round = Round::new(dir.path(), config(&[&good, &away, &long], 2));
    let done = round.run(&outbox, false, &|| false).unwrap();
    let failure = done.failure.unwrap();
    assert!(failure.contains("1 of 2 calendars") && failure.contains("answers 302"), "{failure}");
    assert_eq!(state(&journal), None);
    let asked = away.asked();
    let done = round.run(&outbox, true, &|| false).unwrap();
    assert_eq!((done.later, away.asked()), (0, asked), "nobody is asked before it is time");
    assert!(done.next > now() && done.next <= now() + 5);
    let job = outbox.job(&outbox.waiting().unwrap()[0]).unwrap();
    assert_eq!((job.attempts, job.error.as_deref()), (1, Some(failure.as_str())));
}

#[test]
fn one_calendar_does_not_count_for_two() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = waiting(dir.path());
    let twice = Fake::start(Box::new(|_, _| {
        (200, String::new(), [&[0xff][..], &promise("https://a.example"), &promise("https://b.example")].concat())
    }));
    let (first, second) = (calendar("https://a.example", true), calendar("https://b.example", false));
    let failure = Round::new(dir.path(), config(&[&first, &twice], 2)).run(&outbox, true, &|| false).unwrap().failure;
    assert!(failure.unwrap().contains("promises 2 things"));
    let mut round = Round::new(dir.path(), config(&[&first, &second], 2));
    round.run(&outbox, true, &|| false).unwrap();
    assert_eq!(round.run(&outbox, true, &|| false).unwrap().sent, 0, "one of two knows a block");
    assert_eq!(state(&journal), Some(State::Confirmed));
    assert_eq!(outbox.waiting().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_sent_is_a_dead_letter_that_can_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = waiting(dir.path());
    let good = calendar("https://a.example", true);
    let mut round = Round::new(dir.path(), config(&[&good], 1));
    let away = dir.path().join("elsewhere");
    std::fs::rename(journal.path(), &away).unwrap();
    assert_eq!(round.run(&outbox, false, &|| false).unwrap().dead, 1);
    let id = outbox.dead().unwrap().remove(0);
    assert_eq!(outbox.job(&id).unwrap().error.as_deref(), Some("its log is gone"));
    std::fs::rename(&away, journal.path()).unwrap();
    assert!(
        outbox.retry(&id).unwrap()
            && !outbox.retry("anchor-other-000000000001").unwrap()
            && !outbox.retry("../key").unwrap()
    );
    assert!(outbox.dead().unwrap().is_empty());
    assert_eq!(round.run(&outbox, false, &|| false).unwrap().later, 1);
    // What somebody put there, or a disk damaged, does not stop the others.
    std::fs::write(dir.path().join("outbox/waiting/anchor-files-000000000009"), "{").unwrap();
    assert_eq!(round.run(&outbox, true, &|| false).unwrap().sent, 1);
    assert_eq!(outbox.dead().unwrap(), ["anchor-files-000000000009"]);
}

#[test]
fn a_log_that_was_set_aside_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, outbox) = waiting(dir.path());
    let good = calendar("https://a.example", true);
    let mut round = Round::new(dir.path(), config(&[&good], 1));
    round.run(&outbox, false, &|| false).unwrap();
    drop(journal);
    std::fs::rename(dir.path().join("key"), dir.path().join("key.old")).unwrap();
    let opened = Journal::open(&Home::open(dir.path()).unwrap(), "files", u64::MAX).unwrap();
    let aside = opened.set_aside.unwrap();
    assert_eq!(round.run(&outbox, true, &|| false).unwrap().sent, 1);
    assert_eq!(Anchor::read(&aside, 1).unwrap().state(), State::Confirmed);
    assert!(Anchor::sizes(opened.journal.path()).unwrap().is_empty());
}

#[test]
fn one_sends_and_the_others_wait() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(dir.path()).unwrap();
    let lock = outbox.lock().unwrap().unwrap();
    assert!(Outbox::open(dir.path()).unwrap().lock().unwrap().is_none());
    drop(lock);
    assert!(outbox.lock().unwrap().is_some());
}

#[test]
fn an_outbox_that_is_full_takes_nothing_more() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(dir.path()).unwrap();
    for number in 0..MAX_WAITING {
        std::fs::write(dir.path().join(format!("outbox/waiting/anchor-x-{number:012}")), "").unwrap();
    }
    let job = Job::new(Kind::Anchor, "files", 1, String::new());
    // It counts anew when it thinks that it is full, and only then.
    let full = Outbox::open(dir.path()).unwrap();
    assert!(!full.put(&job).unwrap());
    std::fs::remove_file(dir.path().join("outbox/waiting/anchor-x-000000000000")).unwrap();
    assert!(full.put(&job).unwrap() && outbox.waiting().unwrap().contains(&job.id()));
}

#[test]
fn the_courier_sends_what_a_log_signs_and_leaves_the_rest_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let good = calendar("https://a.example", true);
    let journal = Journal::open(&Home::open(dir.path()).unwrap(), "files", u64::MAX).unwrap().journal;
    let sign = |records: u64| {
        journal.append(&b"a record\n".repeat(usize::try_from(records - journal.count()).unwrap())).unwrap();
        journal.seal().unwrap();
        journal.checkpoint().unwrap().unwrap()
    };
    let courier = Courier::start(dir.path(), config(&[&good], 1)).unwrap();
    courier.offer("files", &sign(1));
    let begun = Instant::now();
    while state(&journal) != Some(State::Pending) {
        assert!(begun.elapsed() < Duration::from_secs(20), "never sent");
        std::thread::sleep(Duration::from_millis(20));
    }
    // The hour is not over: what comes now waits, and at the end it is written down for later.
    courier.offer("files", &sign(2));
    courier.offer("files", &sign(3));
    courier.close().unwrap();
    let outbox = Outbox::existing(dir.path()).unwrap();
    assert_eq!(outbox.waiting().unwrap(), ["anchor-files-000000000001", "anchor-files-000000000003"]);
    let left = outbox.job("anchor-files-000000000003").unwrap();
    assert!(left.not_before > now() + 3000 && left.not_before <= now() + 3600);
    // The next process has a later one, which says all that this one says.
    let next = Courier::start(dir.path(), config(&[&good], 1)).unwrap();
    next.offer("files", &sign(4));
    next.close().unwrap();
    assert_eq!(outbox.waiting().unwrap(), ["anchor-files-000000000001", "anchor-files-000000000004"]);
}
