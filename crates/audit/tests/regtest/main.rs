//! A chain of one's own, from the stamp to the block: a node in regtest, a calendar of this test's, our stamp, upgrade and verification, and
//! the reference client as the judge.
//!
//! It needs a node (`bitcoind`, or Knots) and the client `ots` (`opentimestamps-client` in Python's registry), which are not in every machine:
//!
//!     VANGUARD_TEST_BITCOIND=bitcoind VANGUARD_TEST_OTS=ots cargo test --release -p vanguard-audit --test regtest -- --nocapture
//!
//! `VANGUARD_TEST_KEEP=DIR` keeps what it made; `tests/vectors/anchor` was made so. A regtest chain proves the mechanism, not that anybody
//! worked for a block.

mod calendar;
mod node;

use std::fs;
use std::path::Path;
use std::process::Command;

use vanguard_audit::anchor::{Anchor, State};
use vanguard_audit::bitcoin::{Chain, Header, Headers, Node};
use vanguard_audit::bundle::Bundle;
use vanguard_audit::evidence::{Home, Journal};
use vanguard_audit::key;
use vanguard_audit::send::{AnchorConfig, Job, Kind, Outbox, Round, SendConfig};
use vanguard_audit::verify::{self, Asked, Standing};

use calendar::Calendar;
use node::Regtest;

const RECORD: &str = r#"{"time":"2026-11-23T02:13:20.007Z","session":"019a","server":"files","seq":12,"flow":"client-to-server","method":"tools/call","tool":"read_file","id":"7","verdict":"block","findings":[{"rule":"FS-003","title":"Climbs out","layer":"l1","severity":"high","confidence":"high","action":"block","pointer":"/params/arguments/path","span":[0,9],"evidence":"../../etc","references":["CWE-22"]}],"coverage":{"fields":1,"views":3,"opaque":0,"truncated":0},"bytes":3}"#;

#[test]
fn a_checkpoint_goes_into_a_block_and_two_programs_say_so() {
    let (Ok(bitcoind), Ok(ots)) = (std::env::var("VANGUARD_TEST_BITCOIND"), std::env::var("VANGUARD_TEST_OTS")) else {
        eprintln!("SKIPPED: VANGUARD_TEST_BITCOIND and VANGUARD_TEST_OTS name no node and no client");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let node = Regtest::start(&bitcoind, &dir.path().join("node"));
    let calendar = Calendar::start();
    let home_dir = dir.path().join("audit");
    let home = Home::open(&home_dir).unwrap();
    let journal = Journal::open(&home, "files", u64::MAX).unwrap().journal;
    let lines: Vec<String> =
        (0..300).map(|number| if number == 7 { RECORD.to_owned() } else { format!("record {number}") }).collect();
    journal.append(lines.join("\n").as_bytes()).unwrap();
    journal.seal().unwrap();

    // Stamp.
    let outbox = Outbox::open(&home_dir).unwrap();
    outbox.put(&Job::new(Kind::Anchor, "files", 300, journal.checkpoint().unwrap().unwrap())).unwrap();
    let config =
        AnchorConfig { calendars: vec![calendar.url().parse().unwrap()], least: 1, interval: AnchorConfig::INTERVAL };
    let mut round = Round::new(&home_dir, SendConfig { anchor: Some(config), ..SendConfig::default() });
    let done = round.run(&outbox, true, &|| false).unwrap();
    assert_eq!((done.later, done.failure), (1, None));
    let log = journal.path();
    assert_eq!(Anchor::read(log, 300).unwrap().state(), State::Pending);
    let keep = |name: &str, bytes: &[u8]| {
        if let Ok(kept) = std::env::var("VANGUARD_TEST_KEEP") {
            fs::create_dir_all(&kept).unwrap();
            fs::write(Path::new(&kept).join(name), bytes).unwrap();
        }
    };
    let proof = log.join("anchors/000000000300.checkpoint.ots");
    keep("pending.ots", &fs::read(&proof).unwrap());
    // The calendar knows no block yet.
    round.run(&outbox, true, &|| false).unwrap();
    assert_eq!(Anchor::read(log, 300).unwrap().state(), State::Pending);

    // Mine, and upgrade.
    let height = calendar.mine(&node);
    let done = round.run(&outbox, true, &|| false).unwrap();
    assert_eq!((done.sent, done.failure), (1, None));
    assert_eq!(Anchor::read(log, 300).unwrap().state(), State::Confirmed);
    assert!(outbox.waiting().unwrap().is_empty());
    // The log goes on, and what comes after is not in the block.
    journal.append(format!("{RECORD}\n").as_bytes()).unwrap();
    journal.seal().unwrap();

    // Verify: by the node, by its header alone, and by a file of all headers.
    let key = home.key().verifying_key();
    let header = node.header(height);
    let all = dir.path().join("headers");
    let headers: Vec<u8> = (0..=height).flat_map(|height| bytes(&node.header(height))).collect();
    fs::write(&all, &headers).unwrap();
    let rpc = || Node::new(node.url().parse().unwrap(), Some(&node.cookie()));
    let given = || Headers::Given([(height, Header::parse(&header).unwrap())].into());
    for headers in [Headers::Node(Box::new(rpc())), given(), Headers::file(&all).unwrap()] {
        let report = verify::log(log, &key, &mut Asked { headers: Some(headers), ..Asked::default() });
        assert_eq!(report.faults, []);
        assert_eq!((report.anchored.standing, report.anchored.size), (Standing::Anchored, 300));
        let block = report.anchored.block.unwrap();
        assert_eq!((block.height, block.chain), (height, Some(Chain::Regtest)));
    }
    assert!(Headers::Node(Box::new(rpc())).header(height + 1).unwrap().is_none(), "a block that there is not");
    let stranger = Node::new(node.url().parse().unwrap(), Some("nobody:nothing"));
    let refused = Headers::Node(Box::new(stranger)).header(height).unwrap_err().to_string();
    assert!(refused.contains("does not let us in") && !refused.contains("nothing"), "{refused}");

    // The reference client says the same.
    let judged = ots_verify(&ots, &node, &proof);
    assert!(judged.contains(&format!("Bitcoin block {height} attests")), "{judged}");

    // A bundle says it by itself.
    let bundle = Bundle::make(log, 7, home.key()).unwrap();
    let verified = verify::bundle(&bundle, &key, &mut Asked { headers: Some(given()), ..Asked::default() });
    assert!(verified.faults.is_empty() && verified.anchored.holds(), "{:?}", verified.faults);
    keep("bundle.json", serde_json::to_string_pretty(&bundle).unwrap().as_bytes());
    keep("key.txt", key::public_text(&key).as_bytes());
    keep("header.txt", format!("{height}:{header}\n").as_bytes());
    keep("checkpoint", &fs::read(log.join("anchors/000000000300.checkpoint")).unwrap());
    keep("checkpoint.ots", &fs::read(&proof).unwrap());

    // One byte of the way into the block flipped, or of what it proves: both refuse it.
    let whole = fs::read(&proof).unwrap();
    for (file, at) in [(proof.clone(), whole.len() - 40), (proof.clone(), 60), (proof.with_extension(""), 20)] {
        let bytes = fs::read(&file).unwrap();
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        fs::write(&file, changed).unwrap();
        let report = verify::log(log, &key, &mut Asked { headers: Some(given()), ..Asked::default() });
        assert!(!report.faults.is_empty() && !report.anchored.holds(), "byte {at} of {}", file.display());
        let judged = ots_verify(&ots, &node, &proof);
        assert!(!judged.contains("attests"), "{judged}");
        fs::write(&file, bytes).unwrap();
    }
    assert!(ots_verify(&ots, &node, &proof).contains("attests"), "as it was");
}

fn ots_verify(ots: &str, node: &Regtest, proof: &Path) -> String {
    let output = Command::new(ots)
        .args([
            "--no-cache",
            "--no-default-whitelist",
            "--btc-regtest",
            "--bitcoin-node",
            &node.url_with_cookie(),
            "verify",
        ])
        .arg(proof)
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
