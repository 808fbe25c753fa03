//! The record of a session as it stands on disk afterwards: complete, and without secrets.

use e2e::{Event, Log, Proxy, Puppet};
use serde_json::json;

#[test]
fn every_message_has_its_record_and_no_secret_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logs/audit.jsonl");
    let mut puppet = Puppet::new();
    let mut client = Proxy::of(puppet.command_line()).setting("--log-file", &file).start();
    // Made for this test; none of these opens anything.
    let secrets = [
        "AKIAQ3EXAMPLE7TESTKEY",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE",
        "correct horse battery staple",
    ];
    let mut said = Vec::new();
    for (n, secret) in secrets.iter().enumerate() {
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":{n},"method":"tools/call","params":{{"name":"note","arguments":{{"text":"the password is {secret}"}}}}}}"#
        );
        client.send(&request);
        said.push(request);
        // It may be refused or pass; in both cases the record must not show it.
        if let Some(Event::Line(_)) = puppet.event_within(std::time::Duration::from_millis(300)) {
            let response = format!(
                r#"{{"jsonrpc":"2.0","id":{n},"result":{{"content":[{{"type":"text","text":"key: {secret}"}}]}}}}"#
            );
            puppet.say(&response);
            said.push(response);
        }
        client.answer(&n.to_string());
    }
    let attack = r#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"read_file","arguments":{"path":"../../../etc/passwd"}}}"#;
    client.send(attack);
    client.answer("\"x\"");
    said.push(attack.into());
    client.close();
    puppet.leave(0);
    client.wait();

    let log = Log::read(&file);
    for line in &said {
        let records = log.of(line.as_bytes());
        assert_eq!(records.len(), 1, "{line}");
    }
    assert_eq!(log.records().len(), said.len());
    let numbers: Vec<_> = log.records().iter().filter_map(|record| record.field("seq").as_u64()).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert!(sorted.windows(2).all(|pair| pair[1] == pair[0] + 1), "a number is missing: {numbers:?}");
    for secret in secrets {
        // The masked form may keep a few characters, never half of it.
        let half = &secret[secret.len() / 4..secret.len() * 3 / 4];
        assert!(!log.mentions(half), "{half} stands in the log");
    }
    let [refused] = log.of(attack.as_bytes())[..] else { panic!("{:?}", log.records()) };
    assert_eq!(refused.verdict(), "block");
    assert_eq!(refused.text("flow"), "client-to-server");
    assert_eq!((refused.text("method"), refused.text("tool")), ("tools/call", "read_file"));
    let finding = &refused.field("findings")[0];
    assert_eq!(finding["pointer"], "/params/arguments/path", "{refused:?}");
    assert!(finding["rule"].is_string() && finding["references"].is_array(), "{finding}");
}

/// The record of a refusal stands on disk before its answer goes out.
#[test]
fn a_refusal_outlives_a_kill_of_the_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.jsonl");
    let puppet = Puppet::new();
    let mut client = Proxy::of(puppet.command_line()).setting("--log-file", &file).start();
    for _ in 0..20 {
        let answer = client.call("read_file", &json!({"path": "../../../etc/passwd"}));
        assert!(answer["error"].is_object());
    }
    client.kill();
    client.wait();
    let log = Log::read(&file);
    assert_eq!(log.records().iter().filter(|record| record.verdict() == "block").count(), 20);
}
