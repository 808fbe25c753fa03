//! Any bytes as the evidence of a record, and as a capsule of VEX: no panic, and nothing verifies by the key of the test vectors but the record that it signed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vanguard_audit::bitcoin::{Header, Headers};
use vanguard_audit::bundle::Bundle;
use vanguard_audit::capsule::Capsule;
use vanguard_audit::key::{VerifyingKey, parse_public};
use vanguard_audit::verify::{self, Asked};

/// What was signed.
static GENUINE: LazyLock<Bundle> = LazyLock::new(|| {
    Bundle::parse(include_bytes!("../../../crates/audit/tests/vectors/anchor/bundle.json")).expect("the vector")
});
static KEY: LazyLock<VerifyingKey> =
    LazyLock::new(|| parse_public(include_str!("../../../crates/audit/tests/vectors/anchor/key.txt")).expect("a key"));
static HEADER: LazyLock<(u64, Header)> = LazyLock::new(|| {
    let text = include_str!("../../../crates/audit/tests/vectors/anchor/header.txt");
    let (height, hex) = text.split_once(':').expect("a height");
    (height.parse().expect("a number"), Header::parse(hex).expect("a header"))
});

fuzz_target!(|bytes: &[u8]| {
    // A capsule of VEX is JSON as well: whatever it is of, no hash that it gives is believed.
    if let Ok(capsule) = Capsule::parse(bytes) {
        assert!(!capsule.signed_by(&KEY), "nobody signed a capsule");
        let _ = capsule.check();
    }
    let Some(bundle) = Bundle::parse(bytes) else { return };
    let headers = Some(Headers::Given([*HEADER].into()));
    let report = verify::bundle(&bundle, &KEY, &mut Asked { headers, ..Asked::default() });
    if report.faults.is_empty() {
        assert!(report.signed && report.included && report.consistent);
        assert_eq!(bundle.record, GENUINE.record, "another record verifies");
        assert_eq!(report.index, 7);
    }
    if report.faults.is_empty() && report.anchored.holds() {
        let part = bundle.anchor.as_ref().expect("what holds is there");
        assert_eq!(part.proof, GENUINE.anchor.as_ref().expect("it has one").proof, "another checkpoint is anchored");
    }
    assert!(!report.receipted.holds(), "no gate's key is known");
});
