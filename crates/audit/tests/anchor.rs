//! Proofs that were made by the test of a whole chain (`tests/regtest`), verified without one: by the header of the block alone.

use std::fs;

use vanguard_audit::bitcoin::{Chain, Header, Headers};
use vanguard_audit::bundle::Bundle;
use vanguard_audit::key::{VerifyingKey, parse_public};
use vanguard_audit::ots::Detached;
use vanguard_audit::verify::{Asked, BundleReport, Layer, Standing, bundle};

fn vector(name: &str) -> Vec<u8> {
    fs::read(format!("{}/tests/vectors/anchor/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(vector(name)).unwrap()
}

fn header() -> (u64, Header) {
    let text = text("header.txt");
    let (height, hex) = text.split_once(':').unwrap();
    (height.parse().unwrap(), Header::parse(hex).unwrap())
}

fn given() -> Asked {
    Asked { headers: Some(Headers::Given([header()].into())), required: vec![Layer::Anchored], ..Asked::default() }
}

fn verified(made: &Bundle, mut asked: Asked) -> BundleReport {
    let key: VerifyingKey = parse_public(&text("key.txt")).unwrap();
    bundle(made, &key, &mut asked)
}

fn made() -> Bundle {
    Bundle::parse(&vector("bundle.json")).unwrap()
}

#[test]
fn a_proof_leads_from_the_checkpoint_to_the_block() {
    let proof = Detached::parse(&vector("checkpoint.ots")).unwrap();
    assert_eq!(proof.bytes().unwrap(), vector("checkpoint.ots"));
    assert_eq!(proof.digest, Detached::new(&vector("checkpoint")).digest);
    let (height, header) = header();
    assert_eq!(proof.blocks(), [(height, header.merkle_root().to_vec())]);
    assert!(header.has_work() && !header.is_hard(), "a regtest block takes no work");
    let pending = Detached::parse(&vector("pending.ots")).unwrap();
    assert_eq!((pending.digest, pending.blocks().len(), pending.pending().len()), (proof.digest, 0, 1));
}

#[test]
fn a_bundle_says_when_its_record_was_there() {
    let report = verified(&made(), given());
    assert_eq!(report.faults, []);
    let block = report.anchored.block.unwrap();
    // A header that takes no work to make is called what it is, whoever gives it.
    assert_eq!((report.anchored.standing, block.chain), (Standing::Anchored, Some(Chain::Regtest)));
    assert!(block.time.unwrap().starts_with("20"));
    assert_eq!((report.anchored.size, report.size), (300, 301));
}

#[test]
fn without_a_header_it_is_not_checked_and_that_is_a_fault_only_where_it_is_asked_for() {
    let report = verified(&made(), Asked::default());
    assert_eq!((report.anchored.standing, report.faults), (Standing::Unchecked, vec![]));
    let required = Asked { required: vec![Layer::Anchored], ..Asked::default() };
    let report = verified(&made(), required);
    assert_eq!(report.faults.iter().map(|fault| fault.layer).collect::<Vec<_>>(), [Layer::Anchored]);
    assert_eq!(Layer::Anchored.exit_code(), 14);
    // Another block's header is none of this block.
    let (height, header) = header();
    let other = Headers::Given([(height + 1, header)].into());
    assert_eq!(
        verified(&made(), Asked { headers: Some(other), ..Asked::default() }).anchored.standing,
        Standing::Unchecked
    );
}

#[test]
fn no_byte_of_the_proof_can_be_changed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let whole = vector("checkpoint.ots");
    let held = |bytes: &[u8]| {
        let mut changed = made();
        changed.anchor.as_mut().unwrap().ots = STANDARD.encode(bytes);
        let report = verified(&changed, given());
        report.anchored.holds() && report.faults.is_empty()
    };
    assert!(held(&whole));
    // The calendar's address and the name of its attestation lead nowhere: all else is held.
    let address = b"\x83\xdf\xe3\x0d\x2e\xf9\x0c\x8e";
    let start = whole.windows(8).position(|window| window == address).unwrap();
    let end = start + 8 + 2 + usize::from(whole[start + 9]);
    for at in (0..whole.len()).filter(|at| !(start..end).contains(at)) {
        for bit in 0..8 {
            let mut changed = whole.clone();
            changed[at] ^= 1 << bit;
            assert!(!held(&changed), "bit {bit} of byte {at}");
        }
    }
    for length in 0..whole.len() {
        assert!(!held(&whole[..length]), "cut off after {length}");
    }
}

#[test]
fn an_anchor_of_another_checkpoint_log_or_key_proves_nothing_here() {
    let whole = made();
    let mut none = whole.clone();
    none.anchor = None;
    let report = verified(&none, given());
    assert_eq!((report.anchored.standing, report.faults.len()), (Standing::None, 1));
    // The proof of the newest checkpoint, which is not the one in the block.
    let mut other = whole.clone();
    other.anchor.as_mut().unwrap().proof.clone_from(&whole.proof);
    assert!(!verified(&other, given()).anchored.holds());
    let mut moved = whole.clone();
    let part = moved.anchor.as_mut().unwrap();
    part.proof = part.proof.replace("index 7\n", "index 8\n");
    assert!(verified(&moved, given()).faults.iter().any(|fault| fault.layer == Layer::Included));
    let mut cut = whole;
    cut.anchor.as_mut().unwrap().proof.truncate(30);
    assert!(verified(&cut, given()).faults.iter().any(|fault| fault.layer == Layer::Anchored));
}
