//! The log that proves the record: after any end, and after any change.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
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

/// Answers as a calendar of OpenTimestamps does, one that has a block ready (which there is not); with no reason to be believed.
fn calendar() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let Ok(read) = stream.read(&mut request) else { continue };
            let pending = b"\xf0\x01\x09\x00\x83\xdf\xe3\x0d\x2e\xf9\x0c\x8e\x12\x11https://a.example";
            let block = b"\x08\x00\x05\x88\x96\x0d\x73\xd7\x19\x01\x01\x07";
            let answer: &[u8] = if request[..read].starts_with(b"POST /digest ") { pending } else { block };
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            let _ = stream.write_all(&[head.as_bytes(), answer].concat());
        }
    });
    url
}

#[test]
fn checkpoints_go_to_the_calendars_that_are_configured_and_what_is_not_in_a_block_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (logs, url) = (dir.path().join("audit"), calendar());
    let mut proxy = Proxy::of(Puppet::echo()).setting("--audit-dir", &logs).option("--name").option("echo");
    proxy = proxy.option("--log-file").option("none").variable("VANGUARD_ANCHOR_CALENDARS", &url);
    let mut client = proxy.start();
    client.send(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"../../../etc/shadow"}}}"#);
    client.line_within(Duration::from_secs(10)).expect("refused");
    let run = |args: &[&str]| {
        let output = vanguard()
            .arg("audit")
            .args(args)
            .env("VANGUARD_ANCHOR_CALENDARS", &url)
            .arg("--audit-dir")
            .arg(&logs)
            .output();
        let output = output.unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), stderr)
    };
    // The proxy sends it by itself, without anybody's waiting for it.
    let begun = Instant::now();
    while !run(&["anchors"]).1.contains("pending    https://a.example") {
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", run(&["outbox"]));
        std::thread::sleep(Duration::from_millis(100));
    }
    client.close();
    client.wait();
    // What came last waits for the hour to be over, or for somebody who does not want to wait.
    let (code, shown, stderr) = run(&["anchors", "--now", "--json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown[0]["state"], &shown[0]["blocks"][0]), (&Value::from("confirmed"), &Value::from(7)), "{shown}");
    run(&["outbox", "--send"]);
    assert_eq!(run(&["outbox"]).1, "");

    let (code, told, _) = run(&["verify"]);
    assert!(code == Some(0) && told.contains("anchored    not checked: block 7"), "{told}");
    assert_eq!(run(&["verify", "--require", "anchored"]).0, Some(14));
    let first = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c";
    let (code, told, _) = run(&["verify", "--header", &format!("7:{first}")]);
    assert!(code == Some(14) && told.contains("is not in block 7"), "{told}");
    // Without calendars nothing is asked, and nobody has to be told that.
    let none = vanguard().args(["audit", "anchors", "--now", "--audit-dir"]).arg(&logs).output().unwrap();
    assert_eq!(none.status.code(), Some(3));
}

#[test]
fn what_opens_vex_is_not_in_the_servers_environment() {
    let server = ["sh", "-c", "echo keys: $(env | grep -c sk-very-secret) >&2; cat"];
    let proxy = Proxy::of(server).variable("VANGUARD_VEX_KEY", "sk-very-secret");
    let (_, stderr) = proxy.variable("VANGUARD_VEX_JWT", "sk-very-secret").start().finish();
    assert!(stderr.contains("keys: 0") && !stderr.contains("sk-very"), "{stderr}");
}
