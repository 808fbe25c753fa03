use std::fs;
use std::path::Path;

use super::wal::NAME;
use super::*;
use crate::tlog::{Checkpoint, Tile, Tiles, root};

fn opened(dir: &Path) -> OpenedJournal {
    Journal::open(&Home::open(dir).unwrap(), "files", u64::MAX).unwrap()
}

fn refused(dir: &Path) -> String {
    match Journal::open(&Home::open(dir).unwrap(), "files", u64::MAX) {
        Err(JournalError::Tampered(tampered)) => tampered.to_string(),
        other => panic!("{other:?}"),
    }
}

fn append(journal: &Journal, from: u64, count: u64) {
    let lines: Vec<String> = (from..from + count).map(|number| format!("record {number}")).collect();
    journal.append(lines.join("\n").as_bytes()).unwrap();
}

/// The number of records that the log signed, after each was read back and held against the root.
fn signed(dir: &Path, first: u64) -> u64 {
    let log = dir.join("files");
    let key = Home::existing(dir).unwrap().key().verifying_key();
    let checkpoint = Checkpoint::verify(&fs::read(log.join(CHECKPOINT)).unwrap(), &key).unwrap();
    assert_eq!(root(checkpoint.size, &mut Tiles::new(&log, checkpoint.size)).unwrap(), checkpoint.root);
    for index in first..checkpoint.size {
        let entries = Tile::of_tree(None, index / 256, checkpoint.size).unwrap().entries(&log).unwrap();
        assert_eq!(entries.get(index % 256).unwrap(), format!("record {index}").as_bytes());
    }
    checkpoint.size
}

#[test]
fn a_log_goes_on_where_it_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let mut count = 0;
    for more in [1, 200, 55, 1, 255, 256, 300, 70_000, 3] {
        let OpenedJournal { journal, recovered, set_aside } = opened(dir.path());
        assert_eq!((journal.count(), &recovered, &set_aside), (count, &None, &None));
        append(&journal, count, more);
        count += more;
        journal.finish().unwrap();
    }
    assert_eq!(signed(dir.path(), 0), count);
    let left = fs::metadata(dir.path().join("files").join(NAME)).unwrap().len();
    assert!(left < 32 * 1024, "little is read at the next start: {left}");
}

#[test]
fn what_was_forced_survives_an_end_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 300);
    journal.seal().unwrap();
    append(&journal, 300, 500);
    journal.force().unwrap();
    drop(journal);
    let journal = opened(dir.path()).journal;
    assert_eq!(journal.count(), 800);
    journal.seal().unwrap();
    assert_eq!(signed(dir.path(), 0), 800);
}

#[test]
fn a_torn_end_is_cut_off_kept_and_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 10);
    journal.seal().unwrap();
    append(&journal, 10, 2);
    drop(journal);
    let wal = dir.path().join("files").join(NAME);
    let length = fs::metadata(&wal).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(&wal).unwrap();
    // Every way to tear the last record.
    let last = super::wal::FRAME as u64 + "record 11".len() as u64;
    for cut in 1..last {
        file.set_len(length - cut).unwrap();
        let OpenedJournal { journal, recovered, .. } = opened(dir.path());
        assert_eq!(recovered, Some(Recovered { at: 11, bytes: last - cut }));
        append(&journal, 11, 1);
        journal.force().unwrap();
        assert_eq!(journal.count(), 12);
    }
    opened(dir.path()).journal.seal().unwrap();
    assert_eq!(signed(dir.path(), 0), 12);
    assert!(dir.path().join("files/damaged-11").exists());
}

#[test]
fn any_byte_of_what_was_signed_that_is_changed_is_told_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 20);
    journal.seal().unwrap();
    drop(journal);
    let wal = dir.path().join("files").join(NAME);
    let whole = fs::read(&wal).unwrap();
    for at in (0..whole.len()).step_by(3) {
        let mut changed = whole.clone();
        changed[at] ^= 0x20;
        fs::write(&wal, &changed).unwrap();
        let told = refused(dir.path());
        assert!(told.contains("does not hold what it signed") && told.contains("audit verify"), "{at}: {told}");
    }
    // A record that is another, with a checksum that fits.
    let journal_of_other = tempfile::tempdir().unwrap();
    let other = opened(journal_of_other.path()).journal;
    append(&other, 1000, 20);
    drop(other);
    fs::write(&wal, &whole[..whole.len() - 15]).unwrap();
    assert!(refused(dir.path()).contains("it signed 20 records and"));
    fs::write(&wal, &whole).unwrap();
    assert_eq!(opened(dir.path()).journal.count(), 20, "as it was, it is taken");
}

#[test]
fn a_log_that_was_put_back_is_behind_its_signature() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("files");
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 300);
    journal.finish().unwrap();
    let old = fs::read(log.join(NAME)).unwrap();
    append(&journal, 300, 300);
    journal.finish().unwrap();
    drop(journal);
    let new = fs::read(log.join(NAME)).unwrap();
    fs::write(log.join(NAME), old).unwrap();
    assert!(refused(dir.path()).contains("it signed 600 records and holds 300"));
    fs::write(log.join(NAME), new).unwrap();
    fs::remove_file(log.join(CHECKPOINT)).unwrap();
    assert!(refused(dir.path()).contains("it signed 0 records"));
    fs::remove_file(log.join(NAME)).unwrap();
    assert!(refused(dir.path()).contains("is gone"));
}

#[test]
fn tiles_are_not_written_again_from_what_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 300);
    journal.seal().unwrap();
    drop(journal);
    let log = dir.path().join("files");
    let tile = fs::read(log.join("tile/entries/000")).unwrap();
    let wal = fs::read(log.join(NAME)).unwrap();
    let mut changed = wal.clone();
    let at = changed.windows(8).position(|window| window == b"record 7").unwrap();
    changed[at] = b'R';
    fs::write(log.join(NAME), changed).unwrap();
    refused(dir.path());
    assert_eq!(fs::read(log.join("tile/entries/000")).unwrap(), tile);
}

#[test]
fn the_oldest_records_are_dropped_and_the_log_stays_one() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let max = 256 * 1024;
    let mut journal = Journal::open(&home, "files", max).unwrap().journal;
    let long = "x".repeat(1000);
    for round in 0..40 {
        let lines: Vec<String> = (0..200).map(|number| format!("{round} {number} {long}")).collect();
        journal.append(lines.join("\n").as_bytes()).unwrap();
        journal.finish().unwrap();
        if round % 7 == 0 {
            drop(journal);
            journal = Journal::open(&home, "files", max).unwrap().journal;
        }
    }
    let count = journal.count();
    assert!(count > 8000, "that records were dropped is recorded: {count}");
    drop(journal);
    let files = dir.path().join("files");
    let entries = |index: u64| files.join(Tile { level: None, index, width: 256 }.path());
    assert!(!entries(0).exists() && !entries(20).exists());
    let bytes: u64 = (0..count / 256).filter_map(|index| fs::metadata(entries(index)).ok()).map(|m| m.len()).sum();
    assert!(bytes <= max + 256 * 1024 + 64 * 1024, "{bytes}");
    let key = home.key().verifying_key();
    let checkpoint = Checkpoint::verify(&fs::read(files.join(CHECKPOINT)).unwrap(), &key).unwrap();
    assert_eq!(root(checkpoint.size, &mut Tiles::new(&files, checkpoint.size)).unwrap(), checkpoint.root);
    let Some(unsealed) = unsealed(&files).unwrap() else { panic!("a log") };
    assert!(unsealed.kept_from > 5000 && entries(unsealed.kept_from / 256).exists());
}

#[test]
fn a_log_of_another_key_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 3);
    journal.finish().unwrap();
    drop(journal);
    fs::rename(dir.path().join("key"), dir.path().join("old-key")).unwrap();
    let OpenedJournal { journal, set_aside, .. } = opened(dir.path());
    let aside = set_aside.unwrap();
    assert!(aside.join(CHECKPOINT).exists() && journal.count() == 0, "{}", aside.display());
    append(&journal, 0, 5);
    journal.seal().unwrap();
    assert_eq!(signed(dir.path(), 0), 5);
}

#[test]
fn many_who_wait_for_the_disk_wait_together() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    append(&journal, 0, 1);
                    journal.force().unwrap();
                }
            });
        }
        scope.spawn(|| (0..5).for_each(|_| journal.seal().unwrap()));
    });
    assert_eq!(journal.count(), 400);
    journal.seal().unwrap();
}

#[test]
fn a_full_disk_leaves_no_piece_of_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 3);
    let long = "x".repeat(70_000);
    assert!(
        journal.append(format!("record 3\n{long}\n").as_bytes()).is_err(),
        "one that does not fit takes none with it"
    );
    append(&journal, 3, 1);
    journal.seal().unwrap();
    assert_eq!(signed(dir.path(), 0), 4);
}

#[test]
fn what_a_killed_proxy_left_is_signed_by_the_next_one_before_whichever_server() {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::open(dir.path()).unwrap();
    let killed = opened(dir.path()).journal;
    append(&killed, 0, 300);
    drop(killed);
    let busy = Journal::open(&home, "busy", u64::MAX).unwrap().journal;
    append(&busy, 0, 3);
    let next = Journal::open(&home, "git", u64::MAX).unwrap().journal;
    let mut told = Vec::new();
    next.tend_others(|name, checkpoint| told.push((name.to_owned(), checkpoint.lines().nth(1).unwrap().to_owned())))
        .unwrap();
    assert_eq!(signed(dir.path(), 0), 300);
    assert_eq!(told, [("files".to_owned(), "300".to_owned())]);
    assert!(!busy.path().join(CHECKPOINT).exists(), "one that is written to is left to its writer");
}

#[test]
fn what_was_signed_and_is_changed_after_the_start_does_not_get_a_new_signature() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    // More than a reader reads ahead.
    append(&journal, 0, 70_000);
    journal.seal().unwrap();
    drop(journal);
    let journal = opened(dir.path()).journal;
    let path = dir.path().join("files").join(NAME);
    let mut bytes = fs::read(&path).unwrap();
    let (old, new) = (b"record 69000", b"record 96000");
    let at = bytes.windows(old.len()).position(|part| part == old).unwrap();
    let length = u16::try_from(new.len()).unwrap().to_be_bytes();
    let sum = crc32fast::hash(&[&length[..], new].concat());
    bytes[at - 4..at].copy_from_slice(&sum.to_be_bytes());
    bytes[at..at + new.len()].copy_from_slice(new);
    fs::write(&path, bytes).unwrap();
    append(&journal, 70_000, 1);
    let error = journal.seal().unwrap_err().to_string();
    assert!(error.contains("its first 70000 records are not those that it signed"), "{error}");
}

#[test]
fn much_that_a_killed_proxy_left_is_known_at_the_start_and_sealed_later() {
    let dir = tempfile::tempdir().unwrap();
    let journal = opened(dir.path()).journal;
    append(&journal, 0, 1_000);
    assert!(!journal.has_much_unsealed());
    append(&journal, 1_000, 2_000_000);
    assert!(journal.has_much_unsealed());
    drop(journal);
    let OpenedJournal { journal, recovered, .. } = opened(dir.path());
    assert_eq!((journal.count(), recovered, journal.has_much_unsealed()), (2_001_000, None, true));
    assert!(!dir.path().join("files/tile").exists(), "a start writes no tiles");
    append(&journal, 2_001_000, 1);
    journal.seal().unwrap();
    assert!(!journal.has_much_unsealed());
    assert_eq!(signed(dir.path(), 2_000_900), 2_001_001);
}
