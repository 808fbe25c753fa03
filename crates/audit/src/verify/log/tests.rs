use std::path::PathBuf;

use super::*;
use crate::evidence::{Home, Journal};
use crate::verify::Fault;

/// A log of records of which `signed` are signed and 3 more are not; and its key.
fn log_of(dir: &Path, signed: u64) -> (PathBuf, VerifyingKey) {
    let home = Home::open(dir).unwrap();
    let journal = Journal::open(&home, "files", u64::MAX).unwrap().journal;
    let lines = |from: u64, to: u64| (from..to).map(|n| format!("record {n}")).collect::<Vec<_>>().join("\n");
    journal.append(lines(0, signed).as_bytes()).unwrap();
    journal.finish().unwrap();
    journal.append(lines(signed, signed + 3).as_bytes()).unwrap();
    (journal.path().to_owned(), home.key().verifying_key())
}

fn since(earlier: Checkpoint) -> Asked {
    Asked { earlier: Some(earlier), ..Asked::default() }
}

/// What is told after one byte of a file was flipped, once it was put back.
fn flipped(log: &Path, key: &VerifyingKey, file: &str, at: usize) -> Vec<Fault> {
    let path = log.join(file);
    let whole = fs::read(&path).unwrap();
    let mut changed = whole.clone();
    changed[at] ^= 1;
    fs::write(&path, changed).unwrap();
    let faults = super::log(log, key, &mut Asked::default()).faults;
    fs::write(&path, whole).unwrap();
    faults
}

fn places(faults: &[Fault]) -> Vec<(Layer, &str)> {
    faults.iter().map(|fault| (fault.layer, fault.place.as_str())).collect()
}

#[test]
fn a_log_that_nobody_changed_holds() {
    let dir = tempfile::tempdir().unwrap();
    let (log, key) = log_of(dir.path(), 66_000);
    let report = super::log(&log, &key, &mut Asked::default());
    assert!(report.signed && report.included && report.consistent, "{:?}", report.faults);
    assert_eq!((report.size, report.checked, report.unsigned, report.dropped), (66_000, 66_000, 3, 0));
}

#[test]
fn every_change_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let (log, key) = log_of(dir.path(), 66_000);
    // Of each bundle the third record's fourth byte.
    let entry = |n: u64| {
        usize::try_from((0..n % 256).map(|m| 2 + format!("record {}", n / 256 * 256 + m).len() as u64).sum::<u64>())
            .unwrap()
    };
    for (file, at, told) in [
        ("tile/entries/000", entry(2) + 5, (Layer::Included, "record 2")),
        ("tile/entries/100", entry(25_700) + 5, (Layer::Included, "record 25700")),
        ("tile/entries/257.p/208", entry(65_800) + 5, (Layer::Included, "record 65800")),
        ("tile/0/100", 32 * 7, (Layer::Consistent, "record 25607")),
        ("tile/0/257.p/208", 32 * 9, (Layer::Consistent, "record 65801")),
        ("tile/1/001.p/1", 5, (Layer::Consistent, "tile/1/001.p/1")),
        ("tile/2/000.p/1", 5, (Layer::Consistent, "tile/2/000.p/1")),
    ] {
        let faults = flipped(&log, &key, file, at);
        assert!(places(&faults).contains(&told), "{file}: {faults:?}");
        assert!(faults.len() <= 2, "{file}: {faults:?}");
    }
    // A hash of the second level is told with the tile.
    let faults = flipped(&log, &key, "tile/1/000", 32 * 100);
    assert_eq!(places(&faults), [(Layer::Consistent, "tile/1/000")]);
    // A length takes the whole bundle with it.
    let faults = flipped(&log, &key, "tile/entries/000", 0);
    assert_eq!(faults[0].layer, Layer::Included);
    assert_eq!(faults[0].place, "records 0 to 255");
    assert!(flipped(&log, &key, "wal", 3).iter().any(|fault| fault.place == "wal"));
}

#[test]
fn any_byte_of_the_checkpoint_that_is_changed_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (log, key) = log_of(dir.path(), 300);
    for at in 0..fs::read(log.join(CHECKPOINT)).unwrap().len() {
        let faults = flipped(&log, &key, CHECKPOINT, at);
        assert!(faults.iter().any(|fault| fault.layer == Layer::Signed), "{at}: {faults:?}");
    }
    let other = crate::key::generate().unwrap().verifying_key();
    let report = super::log(&log, &other, &mut Asked::default());
    assert!(!report.signed && report.included && report.consistent);
}

#[test]
fn files_that_are_gone_are_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let (log, key) = log_of(dir.path(), 1000);
    for (file, layer) in [
        ("tile/entries/001", Layer::Included),
        ("tile/entries/003.p/232", Layer::Included),
        ("tile/0/002", Layer::Consistent),
        ("tile/1/000.p/3", Layer::Consistent),
        ("wal", Layer::Consistent),
        (CHECKPOINT, Layer::Signed),
    ] {
        let (path, aside) = (log.join(file), dir.path().join("aside"));
        fs::rename(&path, &aside).unwrap();
        let report = super::log(&log, &key, &mut Asked::default());
        fs::rename(&aside, &path).unwrap();
        assert!(report.faults.iter().any(|fault| fault.layer == layer), "{file}: {:?}", report.faults);
    }
}

#[test]
fn a_log_that_was_cut_off_or_written_anew_does_not_go_on_from_what_it_signed() {
    let dir = tempfile::tempdir().unwrap();
    let (log, key) = log_of(dir.path(), 300);
    let then = Checkpoint::verify(&fs::read(log.join(CHECKPOINT)).unwrap(), &key).unwrap();
    let home = Home::open(dir.path()).unwrap();
    let journal = Journal::open(&home, "files", u64::MAX).unwrap().journal;
    journal.append(b"more\n").unwrap();
    journal.seal().unwrap();
    let report = super::log(&log, &key, &mut since(then.clone()));
    assert!(report.consistent && report.size == 304, "{:?}", report.faults);
    for (wrong, what) in [
        (Checkpoint { size: 9999, ..then.clone() }, "cut off or put back"),
        (Checkpoint { root: Hash::leaf(b"x"), ..then.clone() }, "does not begin with"),
        (Checkpoint { origin: crate::tlog::KeyName::new("other").unwrap(), ..then }, "another log"),
    ] {
        let report = super::log(&log, &key, &mut since(wrong));
        assert!(!report.consistent && report.faults[0].what.contains(what), "{:?}", report.faults);
    }
}

#[test]
fn records_that_were_dropped_are_not_missed_but_records_that_are_gone_are() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let journal = Journal::open(&home, "files", 128 * 1024).unwrap().journal;
    let long = "x".repeat(500);
    for round in 0..20 {
        let lines: Vec<String> = (0..200).map(|n| format!("{round} {n} {long}")).collect();
        journal.append(lines.join("\n").as_bytes()).unwrap();
        journal.finish().unwrap();
    }
    let (files, key) = (journal.path().to_owned(), home.key().verifying_key());
    let report = super::log(&files, &key, &mut Asked::default());
    assert!(report.included && report.consistent && report.dropped > 2000, "{:?}", report.faults);
    let first = Tile { level: None, index: report.dropped / 256, width: 256 }.full_path();
    fs::remove_file(files.join(first)).unwrap();
    assert!(!super::log(&files, &key, &mut Asked::default()).included);
}

#[test]
fn a_witness_that_signed_is_told_and_one_that_did_not_or_lies_is_a_fault_where_it_must_have() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use ed25519_dalek::{Signer as _, SigningKey};
    use sha2::Digest as _;
    let dir = tempfile::tempdir().unwrap();
    let (log, key) = log_of(dir.path(), 3);
    // As the specification says it, by hand.
    let signs = SigningKey::from_bytes(&[5; 32]);
    let public = [&[4], &signs.verifying_key().to_bytes()[..]].concat();
    let id = &sha2::Sha256::digest([b"witness.example/w\n", &public[..]].concat())[..4];
    let vkey = format!("witness.example/w+{}+{}", crate::digest::Digest::hex_of(id), STANDARD.encode(&public));
    let note = fs::read_to_string(log.join(CHECKPOINT)).unwrap();
    let text = &note[..=note.find("\n\n").unwrap()];
    let line = |time: u64, text: &str| {
        let signature = signs.sign(format!("cosignature/v1\ntime {time}\n{text}").as_bytes()).to_bytes();
        let bytes = [id, &time.to_be_bytes(), &signature].concat();
        format!("— witness.example/w {}\n", STANDARD.encode(bytes))
    };
    let asked = |required: bool| Asked {
        witnesses: vec![vkey.parse().unwrap()],
        required: required.then_some(Layer::Witnessed).into_iter().collect(),
        ..Asked::default()
    };
    let told = |required| super::log(&log, &key, &mut asked(required));
    assert!(told(false).faults.is_empty() && told(false).witnessed.is_empty());
    assert_eq!(told(true).faults[0].layer.exit_code(), 13);
    fs::write(log.join(CHECKPOINT), format!("{note}{}", line(1_795_400_000, text))).unwrap();
    let report = told(true);
    assert_eq!((report.faults, report.witnessed[0].time.as_str()), (vec![], "2026-11-23T02:13:20Z"));
    fs::write(log.join(CHECKPOINT), format!("{note}{}", line(1, "another text\n"))).unwrap();
    assert_eq!(told(false).faults[0].layer, Layer::Witnessed);
    // The log's own key is no witness's, and neither is one whose id is of another name.
    assert!(vkey.replace("/w+", "/v+").parse::<crate::tlog::Witness>().is_err());
    let own = Checkpoint::verify(note.as_bytes(), &key).unwrap().origin.verifier(&key);
    assert!(own.parse::<crate::tlog::Witness>().is_err() && "a+b".parse::<crate::tlog::Witness>().is_err());
}
