//! That the record is never behind what the outside knows.

use crate::support::{call, eventually, python, request};

#[test]
fn a_refusal_is_recorded_before_it_is_answered() {
    let mut proxy = python("while True: answer(read())").start();
    proxy.send(&call(1, "FORBIDDEN"));
    proxy.line();
    let log = proxy.log();
    let record = log.lines().find(|line| line.contains(r#""verdict":"block""#)).expect("on disk by now");
    assert!(record.contains(r#""rule":"TB-001""#) && record.contains(r#""id":"1""#), "{record}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_refuses_messages_until_it_takes_records_again() {
    let mut proxy = python("while True: answer(read())").start();
    proxy.send(&request(1));
    assert!(proxy.line().contains(r#""id": 1"#));
    let log = proxy.path("audit.jsonl");
    std::fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink("/dev/full", &log).unwrap();

    // The first ones may pass: their records wait for the log's own thread to fail.
    let mut id = 1;
    let refusal = eventually("a refusal", || {
        id += 1;
        proxy.send(&request(id));
        Some(proxy.line()).filter(|line| line.contains("error"))
    });
    assert!(refusal.starts_with(&format!(r#"{{"jsonrpc":"2.0","id":{id},"error":"#)), "{refusal}");
    assert!(refusal.contains("AUDIT-FAILED"), "{refusal}");

    std::fs::remove_file(&log).unwrap();
    eventually("messages pass again", || {
        id += 1;
        proxy.send(&request(id));
        Some(proxy.line()).filter(|line| !line.contains("error"))
    });
    proxy.close();
    proxy.wait();
    assert!(proxy.log().contains("AUDIT-FAILED"), "what was refused for it is recorded once that is possible");
    let (_, stderr) = proxy.end();
    assert!(stderr.contains("No space left") && stderr.contains("no record was lost"), "{stderr}");
}
