//! Who somebody is, in the record and to the policy.

use e2e::{Gateway, Upstream, response};

/// The digests of the keys `correct horse battery staple` and `test`.
const DIGESTS: [&str; 2] = [
    "c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
];
const DESK: (&str, &str) = ("X-Api-Key", "correct horse battery staple");
const CI: (&str, &str) = ("X-Api-Key", "test");

/// A gateway with files beside it: `keys`, where `desk` and `ci` have these grants, and `vanguard.yaml`.
fn gateway(grants: [&str; 2], settings: &str, more: &[&str]) -> (Gateway, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let (keys, config) = (home.path().join("keys"), home.path().join("vanguard.yaml"));
    std::fs::write(&keys, format!("desk {} {}\nci {} {}\n", DIGESTS[0], grants[0], DIGESTS[1], grants[1])).unwrap();
    std::fs::write(&config, settings).unwrap();
    let files = ["--keys", keys.to_str().unwrap(), "--config", config.to_str().unwrap()];
    (Gateway::start(files.into_iter().chain(more.iter().copied())), home)
}

fn call(tool: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{{}}}}}}"#)
}

/// Records of requests, by who made them.
fn recorded(gateway: &Gateway) -> Vec<(String, String, String)> {
    let file = gateway.home().join(".local/state/vanguard/audit.jsonl");
    e2e::settle(e2e::PATIENCE, || std::fs::read_to_string(&file).is_ok_and(|text| text.contains("principal")));
    let log = e2e::Log::read(&file);
    let texts = |record: &e2e::Record| ["principal", "entered_by", "verdict"].map(|key| record.text(key).to_owned());
    log.records().iter().map(|record| texts(record).into()).collect()
}

#[test]
fn a_record_says_who_asked_and_never_by_which_key() {
    let upstream = Upstream::new(|_| response("202 Accepted", "", ""));
    let (gateway, _home) = gateway(["", "role=robot"], "", &["--upstream", &upstream.url()]);
    let attack = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"path":"../../../../etc/shadow"}}}"#;
    for who in [DESK, CI] {
        assert!(gateway.post(&[who], attack).text().contains("blocked_by"));
    }
    let who = |name: &str| (name.to_owned(), "key".to_owned(), "block".to_owned());
    assert_eq!(recorded(&gateway), [who("desk"), who("ci")]);
    let text = std::fs::read_to_string(gateway.home().join(".local/state/vanguard/audit.jsonl")).unwrap();
    assert!(!text.contains(DESK.1) && DIGESTS.iter().all(|digest| !text.contains(digest)), "{text}");
}

#[test]
fn a_tool_is_for_those_who_may_call_it() {
    let done = r#"{"jsonrpc":"2.0","id":7,"result":{"content":[]}}"#;
    let upstream = Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", done));
    let settings =
        "tools:\n  'delete_*': {require_scope: files:admin}\n  'reboot': {require_role: [operator, owner]}\n";
    let grants = ["scope=files:admin role=owner", "scope=files:read"];
    let (gateway, _home) = gateway(grants, settings, &["--upstream", &upstream.url()]);
    for (who, tool, refused) in [
        (DESK, "delete_file", None),
        (DESK, "reboot", None),
        (CI, "read_file", None),
        (CI, "delete_file", Some("ACC-SCOPE")),
        (CI, "Delete_File", Some("ACC-SCOPE")),
        (CI, "reboot", Some("ACC-ROLE")),
    ] {
        let answer = gateway.post(&[who], call(tool));
        // A key has what it has: nobody can ask for more.
        assert_eq!((answer.status, answer.header("www-authenticate")), (200, None));
        let text = answer.text();
        assert_eq!(refused.is_some(), text.contains("blocked_by"), "{who:?} {tool}: {text}");
        assert!(refused.is_none_or(|rule| text.contains(rule)), "{who:?} {tool}: {text}");
        assert_eq!(upstream.is_quiet(), refused.is_some());
        while !upstream.is_quiet() {}
    }
}

#[test]
fn over_stdio_nobody_has_a_name_and_the_start_says_so() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("vanguard.yaml");
    std::fs::write(&config, "tools: {reboot: {require_role: operator}}\n").unwrap();
    let mut client = e2e::Proxy::of(e2e::Puppet::echo()).setting("--config", &config).start();
    client.initialize();
    let refused = client.call("reboot", &serde_json::json!({}));
    assert_eq!(refused["error"]["data"]["rule"], "ACC-ROLE", "{refused}");
    assert!(client.call("read", &serde_json::json!({})).get("result").is_some());
    assert!(client.stderr().contains("nobody has scopes or roles"), "{}", client.stderr());
}
