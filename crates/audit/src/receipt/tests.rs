use std::fs;

use ed25519_dalek::Signer as _;

use super::*;

/// What `vex-server` 1.7.0 answered to the report of a checkpoint that said `x`.
const ANSWER: &str = include_str!("../../tests/vectors/vex/answer.json");

fn gate() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The same answer, as if a gate with this key had signed it.
fn signed(key: &SigningKey) -> String {
    let mut answer = ANSWER.replace("chora-gate-mock", "gate.example").replace("mock-sig", "00");
    let own = Digest::hex_of(&key.sign(intent(&prompt("x")).as_bytes()).to_bytes());
    let at = answer.find("witness_receipt\":\"").unwrap() + "witness_receipt\":\"".len();
    answer.replace_range(at..at + 128, &own);
    answer
}

#[test]
fn the_mock_gates_receipt_is_made_again_bit_for_bit_and_called_what_it_is() {
    let report = Receipt::report("x");
    let mock = SigningKey::from_bytes(&[0; 32]);
    let made = Digest::hex_of(&mock.sign(intent(&prompt("x")).as_bytes()).to_bytes());
    assert!(ANSWER.contains(&format!("\"witness_receipt\":\"{made}\"")));
    assert_eq!(worth("x", &report, ANSWER, None), Ok(Worth::Mock));
    assert_eq!(worth("x", &report, ANSWER, Some(&gate().verifying_key())), Ok(Worth::Mock));
    // One that does not say that it is the mock, and is signed by its key.
    assert_eq!(worth("x", &report, &signed(&mock), Some(&gate().verifying_key())), Ok(Worth::Mock));
}

#[test]
fn a_receipt_is_worth_what_the_key_that_is_known_says() {
    let (report, answer) = (Receipt::report("x"), signed(&gate()));
    assert_eq!(worth("x", &report, &answer, Some(&gate().verifying_key())), Ok(Worth::Verified));
    assert_eq!(worth("x", &report, &answer, None), Ok(Worth::Unverified));
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
    assert_eq!(worth("x", &report, &answer, Some(&other)), Ok(Worth::Unverified));
    let none = r#"{"response":"Job queued: x"}"#;
    assert_eq!(worth("x", &report, none, None), Ok(Worth::None));
}

#[test]
fn a_receipt_of_something_else_is_none() {
    let (report, answer) = (Receipt::report("x"), signed(&gate()));
    assert_eq!(worth("y", &report, &answer, None), Err(ReceiptError::OtherCheckpoint));
    assert_eq!(worth("y", &Receipt::report("y"), &answer, None), Err(ReceiptError::OtherReport));
    assert_eq!(worth("x", "{}", &answer, None), Err(ReceiptError::OtherCheckpoint));
    assert_eq!(worth("x", &report, "{}", None), Err(ReceiptError::Malformed));
    // Whatever digit of the signature is changed, the gate has not signed it.
    let at = answer.find("witness_receipt\":\"").unwrap() + "witness_receipt\":\"".len();
    for digit in 0..128 {
        let mut changed = answer.clone();
        let other = if &answer[at + digit..=at + digit] == "0" { "1" } else { "0" };
        changed.replace_range(at + digit..=at + digit, other);
        assert_eq!(worth("x", &report, &changed, Some(&gate().verifying_key())), Ok(Worth::Unverified));
    }
}

#[test]
fn a_capsule_in_an_answer_is_made_again_and_is_worth_what_signed_it() {
    use crate::capsule::Segments;
    let report = Receipt::report("x");
    let with = |about: &str, gate: &SigningKey| {
        let parts = [
            intent(&prompt(about)),
            r#"{"capsule_id":"c","outcome":"ALLOW","reason_code":"OK","trace_root":"00","nonce":"1"}"#.to_owned(),
            r#"{"aid":"a","identity_type":"unbound"}"#.to_owned(),
            r#"{"chora_node_id":"n","receipt_hash":"00","timestamp":1710396000}"#.to_owned(),
        ];
        let segments = Segments::new(parts.map(|part| serde_json::from_str(&part).unwrap())).unwrap();
        format!(r#"{{"response":"Job queued: x","evidence_capsule":{}}}"#, segments.seal("c", gate))
    };
    let (answer, key) = (with("x", &gate()), gate().verifying_key());
    assert_eq!(worth("x", &report, &answer, Some(&key)), Ok(Worth::Verified));
    assert_eq!(worth("x", &report, &answer, None), Ok(Worth::Unverified));
    assert_eq!(worth("x", &report, &with("x", &SigningKey::from_bytes(&[0; 32])), Some(&key)), Ok(Worth::Mock));
    assert_eq!(worth("x", &report, &with("y", &gate()), Some(&key)), Err(ReceiptError::OtherReport));
    let changed = answer.replace("ALLOW", "HALT");
    assert_eq!(worth("x", &report, &changed, Some(&key)), Err(ReceiptError::Capsule(CapsuleError::Root)));
    let none = r#"{"response":"Job queued: x","evidence_capsule":7}"#;
    assert_eq!(worth("x", &report, none, Some(&key)), Err(ReceiptError::Capsule(CapsuleError::Malformed)));
}

#[test]
fn a_report_says_a_digest_and_nothing_else() {
    let note = "mcp-vanguard/files/1\n2\nAAAA\n\n— mcp-vanguard/files/1 c2ln\n";
    let report = Receipt::report(note);
    let digest = Digest::of(note.as_bytes()).hex();
    assert_eq!(report.matches(&digest).count(), 2);
    assert!(!report.contains("files") && report.len() < 300, "{report}");
}

#[test]
fn the_newest_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(DIRECTORY)).unwrap();
    for size in 0..=MAX_RECEIPTS as u64 {
        fs::write(path(dir.path(), size), "").unwrap();
    }
    fs::write(dir.path().join(DIRECTORY).join("7.json"), "").unwrap();
    Receipt::prune(dir.path()).unwrap();
    let left = Receipt::sizes(dir.path()).unwrap();
    assert_eq!((left.len(), left[0]), (MAX_RECEIPTS, 1));
}
