use std::path::Path;

use super::*;
use crate::evidence::{Home, Journal};

const RECORD: &str = r#"{"time":"2026-11-23T02:13:20.007Z","session":"019a","server":"files","seq":12,"flow":"client-to-server","method":"tools/call","tool":"read_file","id":"7","verdict":"block","findings":[{"rule":"FS-003","title":"Climbs out","layer":"l1","severity":"high","confidence":"high","action":"block","pointer":"/params/arguments/path","span":[0,9],"evidence":"../../etc","references":["CWE-22"]}],"coverage":{"fields":1,"views":3,"opaque":0,"truncated":0},"bytes":3}"#;

/// The bundle of a record in a log of `count`, and the key.
fn made(dir: &Path, index: u64, count: u64) -> (Bundle, VerifyingKey) {
    let home = Home::open(dir).unwrap();
    let journal = Journal::open(&home, "files", u64::MAX).unwrap().journal;
    let lines: Vec<String> =
        (0..count).map(|n| if n == index { RECORD.to_owned() } else { format!("record {n}") }).collect();
    journal.append(lines.join("\n").as_bytes()).unwrap();
    journal.finish().unwrap();
    (Bundle::make(journal.path(), index, home.key()).unwrap(), home.key().verifying_key())
}

fn layers(report: &BundleReport) -> Vec<Layer> {
    report.faults.iter().map(|fault| fault.layer).collect()
}

#[test]
fn a_bundle_verifies_by_the_key_alone_wherever_its_record_stands() {
    for (index, count) in [(0, 1), (0, 300), (255, 256), (256, 257), (299, 300), (1000, 70_000)] {
        let dir = tempfile::tempdir().unwrap();
        let (made, key) = made(dir.path(), index, count);
        drop(dir);
        let read = Bundle::parse(&serde_json::to_vec(&made).unwrap()).unwrap();
        let report = bundle(&read, &key, &mut Asked::default());
        assert!(report.signed && report.included && report.consistent, "{:?}", report.faults);
        assert_eq!((report.index, report.size), (index, count));
        assert_eq!(report.statement.unwrap().predicate.resource.id, "files/read_file");
    }
}

#[test]
fn each_change_breaks_the_proof_that_it_is_about() {
    let dir = tempfile::tempdir().unwrap();
    let (made, key) = made(dir.path(), 5, 300);
    let other = bundle(&made, &crate::key::generate().unwrap().verifying_key(), &mut Asked::default());
    assert_eq!(layers(&other), [Layer::Signed, Layer::Signed]);
    assert!(other.included && other.statement.is_none());
    let record = Bundle { record: made.record.replace("../../etc", "notes.txt"), ..made.clone() };
    assert_eq!(layers(&bundle(&record, &key, &mut Asked::default())), [Layer::Included, Layer::Consistent]);
    let index = Bundle { proof: made.proof.replace("index 5", "index 6"), ..made.clone() };
    assert_eq!(layers(&bundle(&index, &key, &mut Asked::default())), [Layer::Included]);
    let cut = Bundle { proof: "c2sp.org/tlog-proof@v1\n".to_owned(), ..made.clone() };
    assert!(layers(&bundle(&cut, &key, &mut Asked::default())).contains(&Layer::Included));
    // A manifest that is signed by the key, but of another record.
    let home = Home::existing(dir.path()).unwrap();
    let lie = Statement::of(RECORD.replace("\"block\"", "\"allow\"").as_bytes()).unwrap();
    let manifest = crate::manifest::Envelope::sign(&lie.canonical(), home.key());
    assert_eq!(layers(&bundle(&Bundle { manifest, ..made }, &key, &mut Asked::default())), [Layer::Consistent]);
}

#[test]
fn no_byte_of_a_bundle_can_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let (made, key) = made(dir.path(), 5, 300);
    let text = serde_json::to_vec(&made).unwrap();
    let own_key = crate::key::public_text(&key);
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] ^= 1;
        // What the bundle says of its own key is not what it is verified by.
        let taken = Bundle::parse(&changed).filter(|bundle| bundle.key == own_key);
        if let Some(taken) = taken {
            assert!(!bundle(&taken, &key, &mut Asked::default()).faults.is_empty(), "byte {at}");
        }
    }
}

#[test]
fn what_is_no_record_of_a_verdict_or_not_signed_has_no_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let (_, _) = made(dir.path(), 5, 300);
    let home = Home::existing(dir.path()).unwrap();
    let log = dir.path().join("files");
    let error = |index| Bundle::make(&log, index, home.key()).unwrap_err().to_string();
    assert!(error(4).contains("not the record of a verdict"));
    assert!(error(300).contains("no record 300"));
    let journal = Journal::open(&home, "files", u64::MAX).unwrap().journal;
    journal.append(RECORD.as_bytes()).unwrap();
    assert!(error(300).contains("not signed yet"));
}
