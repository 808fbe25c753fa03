//! The log that proves the record: after any end, and after any change.

use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use e2e::{Proxy, Puppet, vanguard};
use serde_json::Value;

/// How often the proxy is killed; `E2E_KILLS` for more, or fewer.
const KILLS: u64 = 25;

fn verify(dir: &Path) -> (Output, Value) {
    let output = vanguard().args(["audit", "verify", "--json"]).arg(dir).output().unwrap();
    let reports = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, reports)
}

fn records(dir: &Path) -> Vec<Value> {
    let output = vanguard().args(["audit", "tail", "--json", "-n", "100000", "--audit-dir"]).arg(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Numbers that are different each time, and the same in each run.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn no_refusal_that_was_answered_is_lost_whenever_the_proxy_is_killed() {
    let kills = std::env::var("E2E_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let dir = tempfile::tempdir().unwrap();
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let mut answered = Vec::new();
    for round in 0..kills {
        let proxy = Proxy::of(Puppet::echo()).setting("--audit-dir", dir.path()).option("--name").option("echo");
        let mut client = proxy.option("--log-file").option("none").start();
        let until = Instant::now() + Duration::from_millis(10 + random(&mut seed) % 90);
        let mut number = 0;
        while Instant::now() < until {
            for _ in 0..8 {
                number += 1;
                let path = if number % 3 == 0 { "../../../etc/shadow" } else { "notes.txt" };
                client.send(format!(
                    r#"{{"jsonrpc":"2.0","id":"{round}-{number}","method":"tools/call","params":{{"name":"read_file","arguments":{{"path":"{path}"}}}}}}"#
                ));
            }
            while let Some(line) = client.line_within(Duration::from_micros(random(&mut seed) % 500)) {
                let answer: Value = serde_json::from_slice(&line).unwrap();
                if answer.get("error").is_some() {
                    answered.push(answer["id"].to_string());
                }
            }
        }
        client.kill();
        client.wait();
        let (output, reports) = verify(dir.path());
        // Killed before the first checkpoint of a log there is nothing to verify by; what is there then must be taken up by the next.
        let signed = reports.as_array().is_some_and(|logs| logs.iter().all(|log| log["size"].as_u64() > Some(0)));
        assert!(output.status.success() || !signed, "after {round}: {reports:#}");
    }
    // A last one that ends well.
    let proxy = Proxy::of(Puppet::echo()).setting("--audit-dir", dir.path()).option("--name").option("echo");
    proxy.start().finish();
    let (output, reports) = verify(dir.path());
    assert!(output.status.success(), "{reports:#}");
    let ids: std::collections::HashSet<String> =
        records(dir.path()).iter().filter_map(|record| Some(record.get("id")?.as_str()?.to_owned())).collect();
    let lost: Vec<_> = answered.iter().filter(|id| !ids.contains(*id)).collect();
    assert!(lost.is_empty(), "{} of {} lost: {lost:?}", lost.len(), answered.len());
    assert!(answered.len() as u64 > kills, "{}", answered.len());
}

#[test]
fn five_servers_at_once_have_a_log_each_and_all_verify() {
    let dir = tempfile::tempdir().unwrap();
    let mut clients: Vec<_> = (0..5)
        .map(|_| Proxy::of(Puppet::echo()).setting("--audit-dir", dir.path()).option("--name").option("echo").start())
        .collect();
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(format!(r#"{{"jsonrpc":"2.0","id":{n},"method":"tools/call","params":{{"name":"a","arguments":{{"path":"../../../etc/shadow"}}}}}}"#));
        client.answer(&n.to_string());
    }
    for client in clients {
        client.finish();
    }
    let (output, reports) = verify(dir.path());
    assert!(output.status.success(), "{reports:#}");
    assert_eq!(reports.as_array().unwrap().len(), 5);
    assert_eq!(records(dir.path()).iter().filter(|record| record["verdict"] == "block").count(), 5);
}

#[test]
fn a_changed_record_is_named_and_the_proxy_does_not_go_on_over_it() {
    let dir = tempfile::tempdir().unwrap();
    let proxy = || Proxy::of(Puppet::echo()).setting("--audit-dir", dir.path()).option("--name").option("echo");
    let mut client = proxy().start();
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"path":"../../../etc/shadow"}}}"#);
    client.answer("1");
    client.finish();
    let wal = dir.path().join("echo/wal");
    let whole = std::fs::read(&wal).unwrap();
    let mut changed = whole.clone();
    let at = changed.windows(6).position(|window| window == b"shadow").unwrap();
    changed[at] = b'S';
    std::fs::write(&wal, changed).unwrap();
    let (status, stderr) = proxy().start().finish();
    assert_eq!(status.code(), Some(3), "{stderr}");
    assert!(stderr.contains("does not hold what it signed") && stderr.contains("audit verify"), "{stderr}");
    assert_eq!(verify(dir.path()).0.status.code(), Some(12));
    std::fs::write(&wal, whole).unwrap();
    assert_eq!(proxy().start().finish().0.code(), Some(0));
    let bundle = std::fs::read_dir(dir.path().join("echo/tile/entries/000.p")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&bundle).unwrap();
    let at = bytes.windows(6).position(|window| window == b"shadow").unwrap();
    bytes[at..at + 6].copy_from_slice(b"passwd");
    std::fs::write(&bundle, bytes).unwrap();
    let (output, reports) = verify(dir.path());
    assert_eq!(output.status.code(), Some(11), "{reports:#}");
    assert_eq!(reports[0]["faults"][0]["place"], "record 1");
}

#[test]
fn the_evidence_of_a_refusal_verifies_by_the_public_key_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut client =
        Proxy::of(Puppet::echo()).setting("--audit-dir", dir.path()).option("--name").option("echo").start();
    client.send(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"open","arguments":{"path":"../../../etc/shadow","pin":"4711"}}}"#,
    );
    client.answer("1");
    client.finish();
    let run = |arguments: &[&str]| {
        let output = vanguard().arg("audit").args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let logs = dir.path().to_str().unwrap();
    let (_, key, _) = run(&["key", "--audit-dir", logs]);
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("refusal.json");
    let file = file.to_str().unwrap();
    let (code, _, stderr) = run(&["export", "echo:1", "--audit-dir", logs, "--out", file]);
    assert_eq!(code, Some(0), "{stderr}");
    let salts = run(&["show", "echo:1", "--salts", "--audit-dir", logs]).1;
    drop(dir);
    let (code, report, stderr) = run(&["verify", file, "--key", key.trim(), "--json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let report: Value = serde_json::from_str(&report).unwrap();
    let manifest = &report["statement"]["predicate"];
    assert_eq!(manifest["resource"]["id"], "echo/open");
    assert_eq!(manifest["context"]["verdict"], "block");
    assert_eq!(manifest["context"]["arguments"][1]["pointer"], "/pin");
    assert_eq!(manifest["context"]["environment"]["binary_sha256"].as_str().unwrap().len(), 64);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("4711"), "no argument is in the evidence");
    // Who is told the salt can see that it was this argument.
    let salt = salts.lines().find_map(|line| line.strip_prefix("/pin ")).unwrap();
    let salt: Vec<u8> = (0..32).map(|at| u8::from_str_radix(&salt[2 * at..2 * at + 2], 16).unwrap()).collect();
    let digest = <sha2::Sha256 as sha2::Digest>::digest([&salt[..], br#""4711""#].concat());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    assert_eq!(manifest["context"]["arguments"][1]["sha256"], digest.as_str());
    // Any lie in it is told, by its layer.
    std::fs::write(file, text.replace("etc/shadow", "etc/motd!!")).unwrap();
    assert_eq!(run(&["verify", file, "--key", key.trim()]).0, Some(11));
    std::fs::write(file, &text).unwrap();
    let (_, other, _) = run(&["key", "--audit-dir", elsewhere.path().to_str().unwrap()]);
    assert_eq!(run(&["verify", file, "--key", other.trim()]).0, Some(10));
}
