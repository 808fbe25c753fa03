//! Our trees, proofs, notes and files, judged by implementations that are not ours: `tlog_tiles` and `signed_note`.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use signed_note::{Note, NoteError, StandardVerifier, VerifierList};
use tlog_tiles::{HashReader, Tile, TileHashReader, TileReader};
use vanguard_audit::evidence::{CHECKPOINT, Home, Journal};
use vanguard_audit::key;
use vanguard_audit::tlog::{
    self, Checkpoint, Growing, Hash, KeyName, Nodes, Proof, Tiles, check_consistency, check_inclusion,
};

/// A tree as the other crate stores it: all of its hashes in memory.
#[derive(Default)]
struct Theirs(Vec<tlog_tiles::Hash>, u64);

impl HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|&index| self.0[usize::try_from(index).unwrap()]).collect())
    }
}

impl Theirs {
    fn push(&mut self, entry: &[u8]) {
        let hashes = tlog_tiles::stored_hashes(self.1, entry, self).unwrap();
        self.0.extend(hashes);
        self.1 += 1;
    }
}

impl Nodes for &Theirs {
    type Error = std::convert::Infallible;

    fn node(&mut self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        let at = tlog_tiles::stored_hash_index(u8::try_from(level).unwrap(), index);
        Ok(Hash(self.0[usize::try_from(at).unwrap()].0))
    }
}

fn entry(number: u64) -> Vec<u8> {
    format!("record {number}").into_bytes()
}

#[test]
fn every_tree_and_every_proof_is_theirs() {
    let (mut ours, mut theirs) = (Growing::default(), Theirs::default());
    let mut roots = vec![Hash::empty()];
    for size in 1..=600_u64 {
        let leaf = Hash::leaf(&entry(size - 1));
        ours.push(leaf, |_, _, _| Ok::<_, ()>(())).unwrap();
        theirs.push(&entry(size - 1));
        assert_eq!(ours.root().0, tlog_tiles::tree_hash(size, &theirs).unwrap().0, "{size}");
        let Ok(root) = tlog::root(size, &mut &theirs);
        assert_eq!(root, ours.root());
        roots.push(root);
    }
    for size in [1, 2, 3, 4, 7, 8, 255, 256, 257, 511, 512, 513, 600_u64] {
        let root = roots[usize::try_from(size).unwrap()];
        for index in 0..size {
            let Ok(proof) = tlog::inclusion(index, size, &mut &theirs);
            let expected: Vec<_> =
                tlog_tiles::prove_record(size, index, &theirs).unwrap().iter().map(|h| h.0).collect();
            assert_eq!(proof.iter().map(|h| h.0).collect::<Vec<_>>(), expected, "{index} of {size}");
            assert!(check_inclusion(Hash::leaf(&entry(index)), index, size, &proof, root));
            assert!(!check_inclusion(Hash::leaf(b"another"), index, size, &proof, root));
            assert!(!check_inclusion(Hash::leaf(&entry(index)), index + 1, size, &proof, root));
        }
        for old in 1..=size {
            let Ok(proof) = tlog::consistency(old, size, &mut &theirs);
            let old_root = roots[usize::try_from(old).unwrap()];
            if old < size {
                let expected: Vec<_> =
                    tlog_tiles::prove_tree(size, old, &theirs).unwrap().iter().map(|h| h.0).collect();
                assert_eq!(proof.iter().map(|h| h.0).collect::<Vec<_>>(), expected, "{old} of {size}");
            }
            assert!(check_consistency(old, old_root, size, root, &proof), "{old} of {size}");
            assert!(!check_consistency(old, Hash::leaf(b"x"), size, root, &proof));
            if old < size {
                assert!(!check_consistency(old, old_root, size, Hash::leaf(b"x"), &proof));
            }
        }
    }
}

proptest! {
    /// What they take for a proof, we do, and the other way round: however long, short or wrong it is.
    #[test]
    fn a_proof_is_taken_by_both_or_by_neither(
        size in 1_u64..200, index in 0_u64..210, other in 0_u64..210, cut in 0_usize..9, flip in 0_usize..9, more in any::<bool>(),
    ) {
        let mut theirs = Theirs::default();
        (0..size).for_each(|number| theirs.push(&entry(number)));
        let root = tlog_tiles::tree_hash(size, &theirs).unwrap();
        let Ok(mut proof) = tlog::inclusion(index, size, &mut &theirs);
        proof.truncate(8_usize.saturating_sub(cut).max(proof.len().saturating_sub(cut)));
        if let Some(hash) = proof.get_mut(flip).filter(|_| more) { hash.0[0] ^= 1; }
        let as_theirs: Vec<_> = proof.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect();
        let leaf = tlog_tiles::record_hash(&entry(index));
        let they = tlog_tiles::check_record(&as_theirs, size, root, other, leaf).is_ok();
        prop_assert_eq!(check_inclusion(Hash(leaf.0), other, size, &proof, Hash(root.0)), they);
    }

    #[test]
    fn bytes_that_are_no_proof_and_no_note_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let key = key::generate().unwrap().verifying_key();
        prop_assert!(Checkpoint::verify(&bytes, &key).is_err());
        prop_assert!(Proof::parse(&String::from_utf8_lossy(&bytes)).is_none());
    }
}

#[test]
fn notes_are_theirs() {
    let key = key::generate().unwrap();
    let name = KeyName::new("mcp-vanguard/files/0011223344556677").unwrap();
    let text = "mcp-vanguard/files/0011223344556677\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    let signed = name.sign(&key, text);
    let note = Note::from_bytes(signed.as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&name.verifier(&key.verifying_key())).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier.clone())])).unwrap();
    let (_, rest) = signed.split_once('\n').unwrap();
    let other = format!("mcp-vanguard/files/0011223344556678\n{rest}");
    let note = Note::from_bytes(other.as_bytes()).unwrap();
    let refused = note.verify(&VerifierList::new(vec![Box::new(verifier)]));
    assert!(matches!(refused, Err(NoteError::InvalidSignature { .. })));
    let checkpoint = Checkpoint::verify(signed.as_bytes(), &key.verifying_key()).unwrap();
    assert_eq!((checkpoint.size, checkpoint.text().as_str()), (5, text));
    assert!(Checkpoint::verify(signed.as_bytes(), &key::generate().unwrap().verifying_key()).is_err());
    let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
    assert_eq!((theirs.size(), theirs.hash().0), (5, checkpoint.root.0));
}

/// Reads the files of a log for the other crate, which calls tiles by their height as well.
struct Files(PathBuf);

impl TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let read = |tile: &Tile| std::fs::read(self.0.join(tile.path().replacen("tile/8/", "tile/", 1))).unwrap();
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

/// A log of `count` records that was signed several times on the way.
fn log_of(dir: &Path, count: u64) -> (PathBuf, key::SigningKey) {
    let home = Home::open(dir).unwrap();
    let journal = Journal::open(&home, "files", u64::MAX).unwrap().journal;
    let mut lines = Vec::new();
    for number in 0..count {
        lines.extend(entry(number));
        lines.push(b'\n');
        if number % 97 == 0 {
            journal.append(&lines).unwrap();
            lines.clear();
        }
        if number % 5003 == 0 {
            journal.seal().unwrap();
        }
    }
    journal.append(&lines).unwrap();
    journal.finish().unwrap();
    (journal.path().to_owned(), home.key().clone())
}

#[test]
fn a_log_on_disk_is_theirs_tile_for_tile() {
    let dir = tempfile::tempdir().unwrap();
    // Three levels of tiles, each with one that is not full.
    let count = 70_000;
    let (log, key) = log_of(dir.path(), count);
    let checkpoint = Checkpoint::verify(&std::fs::read(log.join(CHECKPOINT)).unwrap(), &key.verifying_key()).unwrap();
    assert_eq!(checkpoint.size, count);
    let mut theirs = Theirs::default();
    (0..count).for_each(|number| theirs.push(&entry(number)));
    assert_eq!(checkpoint.root.0, tlog_tiles::tree_hash(count, &theirs).unwrap().0);
    let root = tlog_tiles::Hash(checkpoint.root.0);
    let files = Files(log.clone());
    let reader = TileHashReader::new(count, root, &files);
    for index in [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, count - 1] {
        let proof = tlog_tiles::prove_record(count, index, &reader).unwrap();
        let Ok(ours) = tlog::inclusion(index, count, &mut Tiles::new(&log, count)) else { panic!("{index}") };
        assert_eq!(ours.iter().map(|h| h.0).collect::<Vec<_>>(), proof.iter().map(|h| h.0).collect::<Vec<_>>());
        tlog_tiles::check_record(&proof, count, root, index, tlog_tiles::record_hash(&entry(index))).unwrap();
    }
    for old in [1, 255, 256, 40_000, 65_536, 69_999] {
        let proof = tlog_tiles::prove_tree(count, old, &reader).unwrap();
        let ours = tlog::consistency(old, count, &mut Tiles::new(&log, count)).unwrap();
        assert_eq!(ours.iter().map(|h| h.0).collect::<Vec<_>>(), proof.iter().map(|h| h.0).collect::<Vec<_>>());
    }
    // Each entry lies where its number says, and no more forms of the last tiles are there than the checkpoint needs.
    for index in [0, 255, 256, 69_999] {
        let tile = tlog::Tile::of_tree(None, index / 256, count).unwrap();
        assert_eq!(tile.entries(&log).unwrap().get(index % 256), Some(&*entry(index)));
    }
    let partials: Vec<_> = std::fs::read_dir(log.join("tile/entries/273.p")).unwrap().collect();
    assert_eq!(partials.len(), 1);
}

#[test]
fn a_proof_survives_its_text() {
    let proof = Proof {
        index: 73_894,
        hashes: vec![Hash::leaf(b"a"), Hash::leaf(b"b")],
        checkpoint: "x\n1\ny\n\n— z AAAAAAA=\n".to_owned(),
    };
    assert_eq!(Proof::parse(&proof.text()).as_ref(), Some(&proof));
    assert_eq!(Proof::parse(&proof.text().replace("\nindex", "\nextra AAAA\nindex")), Some(proof.clone()));
    assert_eq!(Proof::parse(&proof.text().replace("73894", "073894")), None);
    assert_eq!(Proof::parse(&proof.text().replace("@v1", "@v2")), None);
}
