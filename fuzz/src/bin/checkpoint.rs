//! Any bytes as a checkpoint, and as a proof that ends with one: no panic, and only what the key of the test vectors signed is by it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vanguard_audit::key::{VerifyingKey, parse_public};
use vanguard_audit::tlog::{Checkpoint, Hash, Note, Proof, check_inclusion};

static KEY: LazyLock<VerifyingKey> =
    LazyLock::new(|| parse_public(include_str!("../../../crates/audit/tests/vectors/anchor/key.txt")).expect("a key"));
/// Of how many records there is a checkpoint by the key.
const SIGNED: [u64; 2] = [300, 301];

fuzz_target!(|bytes: &[u8]| {
    if let Ok(note) = Note::parse(bytes) {
        let read = Checkpoint::parse(note.unverified());
        if let Some(read) = &read {
            assert_eq!(Checkpoint::parse(&read.text()).as_ref(), Some(read));
        }
        if let Ok(signed) = Checkpoint::verify(bytes, &KEY) {
            assert!(SIGNED.contains(&signed.size), "{} records were never signed", signed.size);
        }
    }
    let Some(proof) = std::str::from_utf8(bytes).ok().and_then(Proof::parse) else { return };
    assert_eq!(Proof::parse(&proof.text()).as_ref(), Some(&proof));
    let note = Note::parse(proof.checkpoint.as_bytes()).ok();
    if let Some(read) = note.and_then(|note| Checkpoint::parse(note.unverified())) {
        let _ = check_inclusion(Hash::leaf(bytes), proof.index, read.size, &proof.hashes, read.root);
    }
});
