//! Against a witness that checks what the specification says (`tlog-witness`), on this machine.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::bundle::Bundle;
use crate::evidence::{Home, Journal};
use crate::send::tests::{Answers, Fake};
use crate::send::{Kind, Outbox, Round, SendConfig};
use crate::tlog::{Hash, check_consistency};
use crate::verify::{self, Layer};

const NAME: &str = "witness.example/1";
const TIME: u64 = 1_790_000_000;

/// What a witness remembers of the one log that it knows.
struct Memory {
    key: ed25519_dalek::VerifyingKey,
    seen: (u64, Hash),
    own: SigningKey,
}

/// A key's id and bytes, as they stand in a vkey and in a signature.
fn id(own: &SigningKey) -> [u8; 4] {
    let key = own.verifying_key();
    let digest = Sha256::new().chain_update(NAME).chain_update([b'\n', 4]).chain_update(key.as_bytes()).finalize();
    digest[..4].try_into().unwrap()
}

fn vkey(own: &SigningKey) -> String {
    let bytes = [&[4][..], own.verifying_key().as_bytes()].concat();
    format!("{NAME}+{:08x}+{}", u32::from_be_bytes(id(own)), STANDARD.encode(bytes))
}

impl Memory {
    fn answer(&mut self, line: &str, body: &[u8]) -> (u16, String) {
        assert_eq!(line, "POST /some/add-checkpoint HTTP/1.1");
        let body = std::str::from_utf8(body).unwrap();
        let (head, note) = body.split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
        let proof: Vec<Hash> = lines.map(|line| Hash::parse(line).unwrap()).collect();
        let Ok(checkpoint) = Checkpoint::verify(note.as_bytes(), &self.key) else { return (403, String::new()) };
        if old > checkpoint.size {
            return (400, String::new());
        }
        let (size, root) = self.seen;
        if old != size {
            return (409, format!("{size}\n"));
        }
        // Of nothing there is nothing to prove.
        if old > 0 && !check_consistency(size, root, checkpoint.size, checkpoint.root, &proof) {
            return (422, String::new());
        }
        self.seen = (checkpoint.size, checkpoint.root);
        let said = format!("cosignature/v1\ntime {TIME}\n{}", checkpoint.text());
        let signature = self.own.sign(said.as_bytes()).to_bytes();
        let bytes = [&id(&self.own)[..], &TIME.to_be_bytes(), &signature].concat();
        (200, format!("— other.example AAAAAAAA\n— {NAME} {}\n", STANDARD.encode(bytes)))
    }
}

fn witness(own: SigningKey, key: ed25519_dalek::VerifyingKey) -> (Arc<Mutex<Memory>>, Fake, WitnessConfig) {
    let text = vkey(&own);
    let memory = Arc::new(Mutex::new(Memory { key, seen: (0, Hash::empty()), own }));
    let shared = Arc::clone(&memory);
    let answers: Answers = Box::new(move |line, body| {
        let (status, answer) = shared.lock().unwrap().answer(line, body);
        (status, String::new(), answer.into_bytes())
    });
    let fake = Fake::start(answers);
    let asked = format!("{text} {}/some/", fake.url).parse().unwrap();
    (memory, fake, WitnessConfig { witnesses: vec![asked], interval: WitnessConfig::INTERVAL })
}

struct Logged {
    _dir: tempfile::TempDir,
    home: std::path::PathBuf,
    journal: Journal,
    outbox: Outbox,
}

impl Logged {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("audit");
        let journal = Journal::open(&Home::open(&home).unwrap(), "files", u64::MAX).unwrap().journal;
        let outbox = Outbox::open(&home).unwrap();
        Self { _dir: dir, home, journal, outbox }
    }

    fn grow(&self, records: &str) -> String {
        self.journal.append(records.as_bytes()).unwrap();
        self.journal.seal().unwrap();
        self.journal.checkpoint().unwrap().unwrap()
    }

    fn job(&self, size: u64) -> Job {
        Job::new(Kind::Witness, "files", size, self.journal.checkpoint().unwrap().unwrap())
    }

    fn round(&self, config: &WitnessConfig) -> Round {
        Round::new(&self.home, SendConfig { witness: Some(config.clone()), ..SendConfig::default() })
    }

    fn key(&self) -> ed25519_dalek::VerifyingKey {
        self.journal.key().verifying_key()
    }
}

const RECORD: &str = r#"{"time":"2026-11-23T02:13:20.007Z","session":"019a","server":"files","seq":1,"flow":"client-to-server","method":"tools/call","tool":"read_file","verdict":"block","findings":[],"coverage":{"fields":1,"views":3,"opaque":0,"truncated":0},"bytes":3}"#;

#[test]
fn a_witness_is_shown_that_the_log_only_grew_and_its_signature_verifies() {
    let logged = Logged::new();
    let (memory, fake, config) = witness(SigningKey::from_bytes(&[3; 32]), logged.key());
    let asked = || verify::Asked {
        witnesses: vec![config.witnesses[0].witness.clone()],
        required: vec![Layer::Witnessed],
        ..verify::Asked::default()
    };
    let log = logged.journal.path().to_owned();
    logged.grow(RECORD);
    let report = verify::log(&log, &logged.key(), &mut asked());
    assert!(report.faults.iter().all(|fault| fault.layer == Layer::Witnessed) && report.faults.len() == 1);

    // From nothing, then from what it signed the last time; it is not asked twice for the same.
    let mut round = logged.round(&config);
    for (size, more) in [(1, None), (4, Some("a\nb\nc")), (300, Some("x")), (300, None)] {
        let lines = if size == 300 { vec!["y"; 296].join("\n") } else { more.unwrap_or_default().to_owned() };
        if more.is_some() {
            logged.grow(&lines);
        }
        logged.outbox.put(&logged.job(size)).unwrap();
        let done = round.run(&logged.outbox, true, &|| false).unwrap();
        assert_eq!((done.sent, done.failure), (1, None), "{size}");
    }
    assert_eq!((memory.lock().unwrap().seen.0, fake.asked()), (300, 3));
    let report = verify::log(&log, &logged.key(), &mut asked());
    assert!(report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!((report.witnessed[0].size, report.witnessed[0].time.as_str()), (300, "2026-09-21T14:13:20Z"));

    // The log grows on: what is witnessed is what was, and a refusal's evidence carries it.
    logged.grow("z");
    let report = verify::log(&log, &logged.key(), &mut asked());
    assert!(report.faults.is_empty() && report.size == 301 && report.witnessed[0].size == 300, "{report:?}");
    let bundle = Bundle::make(&log, 0, logged.journal.key()).unwrap();
    let report = verify::bundle(&bundle, &logged.key(), &mut asked());
    assert!(report.faults.is_empty() && report.witnessed.len() == 1 && report.size == 300, "{report:?}");

    // A checkpoint with the witness's signature that is not of this log is told.
    let file = log.join("witnessed/000000000300.checkpoint");
    let note = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, note.replacen("\n300\n", "\n299\n", 1)).unwrap();
    let report = verify::log(&log, &logged.key(), &mut asked());
    assert!(!report.faults.is_empty());
}

#[test]
fn a_witness_that_knows_more_or_less_is_believed_about_that_and_one_that_refuses_is_told() {
    let logged = Logged::new();
    let (memory, _fake, config) = witness(SigningKey::from_bytes(&[3; 32]), logged.key());
    logged.grow("a\nb\nc");
    logged.outbox.put(&logged.job(3)).unwrap();
    assert_eq!(logged.round(&config).run(&logged.outbox, true, &|| false).unwrap().sent, 1);
    // Its answer was lost here: it says what it knows, and is shown the way from there.
    std::fs::remove_dir_all(logged.journal.path().join("witnessed")).unwrap();
    logged.grow("d\ne");
    logged.outbox.put(&logged.job(5)).unwrap();
    assert_eq!(logged.round(&config).run(&logged.outbox, true, &|| false).unwrap().sent, 1);
    // It has forgotten everything.
    memory.lock().unwrap().seen = (0, Hash::empty());
    logged.grow("f");
    logged.outbox.put(&logged.job(6)).unwrap();
    assert_eq!(logged.round(&config).run(&logged.outbox, true, &|| false).unwrap().sent, 1);
    // It has seen more than there is, or something else: nobody signs that, and it is told.
    for (seen, why) in [((9, Hash::empty()), "the log was put back"), ((6, Hash::empty()), "only grew (422)")] {
        memory.lock().unwrap().seen = seen;
        logged.grow("g");
        let size = logged.outbox.dead().unwrap().len() as u64 + 7;
        logged.outbox.put(&logged.job(size)).unwrap();
        let done = logged.round(&config).run(&logged.outbox, true, &|| false).unwrap();
        assert_eq!(done.dead, 1);
        assert!(done.failure.as_ref().is_some_and(|failure| failure.contains(why)), "{done:?}");
    }
    // One that does not know the key may know it tomorrow.
    memory.lock().unwrap().key = SigningKey::from_bytes(&[5; 32]).verifying_key();
    logged.grow("h");
    logged.outbox.put(&logged.job(9)).unwrap();
    let done = logged.round(&config).run(&logged.outbox, true, &|| false).unwrap();
    assert_eq!((done.later, done.dead), (1, 0));
    assert!(done.failure.unwrap().contains("log's key (403)"));
}

#[test]
fn a_signature_of_somebody_else_is_none() {
    let logged = Logged::new();
    let (_memory, _fake, mut config) = witness(SigningKey::from_bytes(&[3; 32]), logged.key());
    config.witnesses[0].witness = vkey(&SigningKey::from_bytes(&[4; 32])).parse().unwrap();
    logged.grow("a");
    logged.outbox.put(&logged.job(1)).unwrap();
    let done = logged.round(&config).run(&logged.outbox, true, &|| false).unwrap();
    assert!(done.failure.unwrap().contains("no signature of its own"));
    assert!(cosigned::sizes(logged.journal.path()).unwrap().is_empty());
    assert!("witness.example https://a.example".parse::<Asked>().is_err());
}
