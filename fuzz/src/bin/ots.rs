//! Any bytes as a proof of OpenTimestamps: no panic, bounded memory, and what is taken is written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vanguard_audit::ots::{Detached, MAX_BYTES, MAX_MESSAGE, Timestamp};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = Detached::parse(bytes) {
        assert!(bytes.len() <= MAX_BYTES);
        let written = read.bytes().expect("what was read can be written");
        assert_eq!(Detached::parse(&written).as_ref(), Ok(&read), "written, it says something else");
        for (message, address) in read.pending() {
            assert!(message.len() <= MAX_MESSAGE && address.is_ascii());
        }
        let _ = read.blocks();
    }
    // What a calendar answers, about the first bytes of it.
    let (message, answer) = bytes.split_at(bytes.len().min(32));
    if let Ok(found) = Timestamp::parse(answer, message) {
        let mut proof = Detached::new(b"");
        let digest = proof.digest;
        assert!(proof.timestamp.graft(&digest, &digest, &found));
        let once = proof.clone();
        assert!(proof.timestamp.graft(&digest, &digest, &found));
        let twice = |proof: &Detached| (proof.pending().len(), proof.blocks().len());
        assert_eq!(twice(&proof), twice(&once), "the same answer twice says more than once");
    }
});
