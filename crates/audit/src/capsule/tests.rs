use super::*;

/// That of `tests/chora_parity.rs` in vex-core 1.7.0, with what the program printed: the hashes and the root.
const PARITY: &str = r#"{"capsule_id":"test-capsule-1",
"intent":{"request_sha256":"8ee6010d905547c377c67e63559e989b8073b168f11a1ffefd092c7ca962076e","confidence":0.95,"capabilities":["TPM_VERIFY"]},
"authority":{"capsule_id":"chora-v1-test","outcome":"ALLOW","reason_code":"WITHIN_POLICY","trace_root":"5555555555555555555555555555555555555555555555555555555555555555","nonce":"12345","authority_class":"ALLOW_PATH","escalation_id":null},
"identity":{"aid":"test-agent-aid","identity_type":"VEX_TPM_v1"},
"witness":{"chora_node_id":"test-chora-node","receipt_hash":"deadbeef","timestamp":1710396000}}"#;
const ROOT: &str = "c939678621de276790e49bb5572916265290941d29d2ec1edfe9a8530d23806b";

fn segments() -> Segments {
    let mut members = serde_json::from_str::<Json>(PARITY).unwrap().members().unwrap();
    Segments::new(SEGMENTS.map(|name| members.remove(name).unwrap())).unwrap()
}

fn gate() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

#[test]
fn the_servers_own_vector_is_made_again_bit_for_bit() {
    let segments = segments();
    assert_eq!(segments.root().hex(), ROOT);
    let [intent, authority, ..] = segments.hashes();
    assert!(intent.starts_with("bbad104d") && intent.ends_with("2201"), "{intent}");
    assert!(authority.starts_with("e13f7e26") && authority.ends_with("32fe"), "{authority}");
    // The leaf of a witness, by an independent program.
    let witness = r#"{"chora_node_id":"chora-gate-v1","timestamp":1710396000}"#;
    assert_eq!(
        Hash::leaf(witness.as_bytes()).hex(),
        "87657d67389ca1a0e3e9bd4bccb5ab60a1cdcc59902d4cd67826d285dd98bff5"
    );
}

#[test]
fn what_is_sealed_verifies_and_no_change_of_it_does() {
    let sealed = segments().seal("test-capsule-1", &gate());
    let capsule = Capsule::parse(sealed.as_bytes()).unwrap();
    assert_eq!(capsule.check(), Ok(&segments()));
    assert!(capsule.signed_by(&gate().verifying_key()));
    assert!(!capsule.signed_by(&SigningKey::from_bytes(&[8; 32]).verifying_key()));
    for (from, to, error) in [
        ("ALLOW_PATH", "ALLOW_PATHS", CapsuleError::Root),
        ("1710396000", "1710396001", CapsuleError::Root),
        ("\"ed25519\"", "\"rsa\"", CapsuleError::Scope),
        ("\"capsule_root\"}", "\"intent\"}", CapsuleError::Scope),
        ("0.95", "0.951", CapsuleError::Root),
        ("\"bbad104d", "\"0bad104d", CapsuleError::Segment("intent")),
        ("\"timestamp\"", "\"time\"", CapsuleError::Malformed),
        ("\"nonce\":\"12345\"", "\"nonce\":9007199254740993", CapsuleError::Malformed),
        ("\"nonce\":\"12345\"", "\"nonce\":\"12345\",\"nonce\":\"1\"", CapsuleError::Malformed),
    ] {
        assert!(sealed.contains(from), "{from}");
        let changed = Capsule::parse(sealed.replace(from, to).as_bytes());
        assert_eq!(changed.and_then(|changed| changed.check().cloned()), Err(error), "{from}");
    }
    // What the witness says beside node and time is not part of what is signed, as the server has it.
    let other = Capsule::parse(sealed.replace("deadbeef", "feedbeef").as_bytes()).unwrap();
    assert!(other.check().is_ok() && other.signed_by(&gate().verifying_key()));
    let long = format!("{sealed}{}", " ".repeat(Capsule::MAX_BYTES));
    assert_eq!(Capsule::parse(long.as_bytes()), Err(CapsuleError::Malformed));
}

#[test]
fn other_constructions_are_refused_by_their_names() {
    let (segments, sealed) = (segments(), segments().seal("x", &gate()));
    let (committed, whole) = (segments.committed(), segments.whole());
    let sha = |bytes: &[u8]| Hash(Sha256::digest(bytes).into());
    let flat = |parts: &[Vec<u8>; 4]| {
        let [intent, authority, identity, witness] = parts.each_ref().map(|bytes| sha(bytes).hex());
        let object = format!(
            r#"{{"authority_hash":"{authority}","identity_hash":"{identity}","intent_hash":"{intent}","witness_hash":"{witness}"}}"#
        );
        sha(object.as_bytes())
    };
    let mut explorer = committed.each_ref().map(|bytes| Hash::leaf(bytes));
    explorer[3] = sha(&committed[3]);
    let sdk = committed.each_ref().map(|bytes| Hash::leaf(&sha(bytes).0));
    for (root, name) in [
        (flat(&whole), "0.2 (one"),
        (flat(&committed), "witness of 0.3"),
        (tree(sdk), "vex-sdk"),
        (tree(explorer), "vex-explorer"),
        (sha(&whole.each_ref().map(|bytes| sha(bytes).0).concat()), "compliance"),
    ] {
        let other = Capsule::parse(sealed.replace(ROOT, &root.hex()).as_bytes()).unwrap();
        let error = other.check().unwrap_err();
        assert!(matches!(error, CapsuleError::Construction(said) if said.contains(name)), "{name}: {error}");
    }
}
