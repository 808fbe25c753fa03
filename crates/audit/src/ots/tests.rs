use proptest::prelude::*;

use super::*;

/// A proof of nothing in particular, whose timestamp has these bytes.
fn proof(timestamp: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94\x01\x08".to_vec();
    bytes.extend([7; 32]);
    bytes.extend(timestamp);
    bytes
}

fn refused(timestamp: &[u8]) -> OtsError {
    Detached::parse(&proof(timestamp)).unwrap_err()
}

const PENDING: [u8; 8] = [0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e];

/// An attestation of a calendar.
fn pending(address: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend(PENDING);
    bytes.extend([u8::try_from(address.len()).unwrap() + 1, u8::try_from(address.len()).unwrap()]);
    bytes.extend(address.as_bytes());
    bytes
}

#[test]
fn what_is_read_is_written_the_same() {
    let timestamp =
        [&[0xff][..], &pending("https://a.example"), &[0xff, 0x08], &pending("b"), &[0xf0, 1, 9], &pending("c")];
    let bytes = proof(&timestamp.concat());
    let read = Detached::parse(&bytes).unwrap();
    assert_eq!(read.bytes().unwrap(), bytes);
    let addresses: Vec<_> = read.pending().into_iter().map(|(_, address)| address).collect();
    assert_eq!(addresses, ["https://a.example", "b", "c"]);
}

#[test]
fn what_calendars_do_not_use_is_refused_by_name() {
    for op in [0x02, 0x03, 0x67, 0xf2, 0xf3, 0x55] {
        assert_eq!(refused(&[&[op][..], &pending("a")].concat()), OtsError::Operation(op));
    }
    let mut sha1 = proof(&pending("a"));
    sha1[32] = 0x02;
    assert_eq!(Detached::parse(&sha1).unwrap_err(), OtsError::Digest);
    let mut later = proof(&pending("a"));
    later[31] = 2;
    assert_eq!(Detached::parse(&later).unwrap_err(), OtsError::Version(2));
    assert_eq!(Detached::parse(b"PK\x03\x04").unwrap_err(), OtsError::Magic);
}

/// The two inputs that stop programs built on the crate `opentimestamps`, and others of their kind.
#[test]
fn hostile_lengths_and_depths_are_refused_at_once() {
    let huge = [&[0][..], &[1; 8], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]].concat();
    assert_eq!(refused(&huge), OtsError::Limit("an attestation"));
    assert_eq!(refused(&[&[0xf0][..], &[0xff; 30]].concat()), OtsError::Limit("a number"));
    assert_eq!(refused(&[0xf0, 0]), OtsError::Empty);
    assert_eq!(refused(&[0xf0, 0x81, 0x20]), OtsError::Limit("an operation"));
    assert_eq!(refused(&[]), OtsError::Cut);
    assert_eq!(refused(&[&pending("a")[..], &[0]].concat()), OtsError::Trailing);
    let deep = |count: usize| proof(&[&vec![0x08; count][..], &pending("a")].concat());
    assert!(Detached::parse(&deep(MAX_DEPTH - 1)).is_ok());
    assert_eq!(Detached::parse(&deep(MAX_DEPTH)).unwrap_err(), OtsError::Limit("operations after one another"));
    let wide = |count: usize| {
        let branch = [&[0xff, 0x08][..], &pending("a")].concat();
        proof(&[&branch.repeat(count)[..], &pending("b")].concat())
    };
    assert!(Detached::parse(&wide(2000)).is_ok());
    assert_eq!(Detached::parse(&wide(2048)).unwrap_err(), OtsError::Limit("the number of operations"));
    assert_eq!(Detached::parse(&proof(&vec![0; MAX_BYTES])).unwrap_err(), OtsError::Limit("the proof's length"));
    let long = [0xf0, 0x80, 0x10].into_iter().chain([1; 2048]).collect::<Vec<u8>>();
    assert_eq!(refused(&[long.clone(), long, pending("a")].concat()), OtsError::Limit("a message"));
}

#[test]
fn an_address_that_could_mislead_a_client_is_none() {
    for address in ["http://a?x", "http://a#", "http://u@a", "a b", "a\n", "é"] {
        assert_eq!(refused(&pending(address)), OtsError::Address, "{address}");
    }
    // A payload with something behind the address is not what it seems.
    let padded = [&[0][..], &PENDING, &[3, 1, b'a', b'b']].concat();
    assert_eq!(refused(&padded), OtsError::Trailing);
}

#[test]
fn an_attestation_of_another_kind_is_kept_and_proves_nothing() {
    let other = proof(&[0, 9, 9, 9, 9, 9, 9, 9, 9, 2, 1, 2]);
    let read = Detached::parse(&other).unwrap();
    assert!(read.blocks().is_empty() && read.pending().is_empty());
    assert_eq!(read.bytes().unwrap(), other);
}

#[test]
fn what_a_calendar_knows_later_joins_what_it_promised() {
    let mut read = Detached::parse(&proof(&[&[0x08][..], &pending("a")].concat())).unwrap();
    let (commitment, _) = read.pending().remove(0);
    let found =
        Timestamp::parse(&[0x08, 0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 1, 112], &commitment).unwrap();
    let digest = read.digest;
    assert!(read.timestamp.graft(&digest, &commitment, &found));
    assert!(read.timestamp.graft(&digest, &commitment, &found), "twice is once");
    assert_eq!((read.blocks().len(), read.pending().len(), read.blocks()[0].0), (1, 1, 112));
    assert!(!read.timestamp.graft(&digest, b"another", &found));
    assert_eq!(Detached::parse(&read.bytes().unwrap()).unwrap(), read);
    assert_eq!(Detached::new(b"x").bytes().unwrap_err(), OtsError::Empty);
}

/// Found by fuzzing: an answer with the same operation twice said more the second time.
#[test]
fn the_same_answer_twice_says_no_more_than_once() {
    let bitcoin = [0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 1, 112];
    let inner = [&[0xff, 0x08][..], &pending("a"), &[0x08], &bitcoin].concat();
    let found = Timestamp::parse(&[&[0x08][..], &inner].concat(), b"x").unwrap();
    let mut timestamp = Timestamp::default();
    timestamp.merge(found.clone());
    let once = timestamp.clone();
    timestamp.merge(found);
    assert_eq!(timestamp, once);
    assert_eq!(timestamp.kept(), 1);
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_taken_is_written_again(timestamp in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = Detached::parse(&proof(&timestamp)) {
            prop_assert_eq!(Detached::parse(&read.bytes().unwrap()).unwrap(), read);
        }
    }
}
