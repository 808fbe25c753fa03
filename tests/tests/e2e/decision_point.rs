//! A policy decision point has a say in what is called, and nothing passes because it is not there.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use e2e::{Gateway, Proxy, Puppet, Served, Upstream, cerbos, response};
use serde_json::json;

use crate::blocked;

/// Speaks `AuthZEN`, and lets everybody read.
fn decision_point() -> Upstream {
    Upstream::new(|arrival| {
        let asked: serde_json::Value = serde_json::from_str(&arrival.body).unwrap();
        assert!(arrival.head.starts_with("POST /access/v1/evaluation "), "{}", arrival.head);
        let allows = asked["resource"]["properties"]["tool"] == "read_file";
        let decision = json!({"decision": allows, "context": {"reason": "reading only"}}).to_string();
        response("200 OK", "Content-Type: application/json\r\n", &decision)
    })
}

fn settings(url: &str, more: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vanguard.yaml");
    std::fs::write(&file, format!("policy: {{url: '{url}'{more}}}\n")).unwrap();
    (folder, file)
}

/// The address of an upstream without its path.
fn root(upstream: &Upstream) -> String {
    upstream.url().trim_end_matches("/mcp").to_owned()
}

#[test]
fn what_it_denies_is_refused_and_the_rest_passes() {
    let point = decision_point();
    let (_folder, file) = settings(&root(&point), "");
    let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).start();
    client.initialize();
    assert_eq!(blocked::text(&client.call("read_file", &json!({"path": "notes.txt"}))), "ok");
    assert_eq!(blocked::rule(&client.call("delete_file", &json!({"path": "notes.txt"}))), "PDP-DENIED");
    assert!(client.request("ping", &json!({}))["error"].is_null(), "it is asked about calls alone");
    assert!(client.finish().0.success());
}

#[test]
fn where_it_is_not_there_calls_are_refused_unless_told_otherwise() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    for (more, passes) in [("", false), (", on_failure: warn", true)] {
        let (_folder, file) = settings(&url, more);
        let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).start();
        client.initialize();
        let answer = client.call("read_file", &json!({"path": "notes.txt"}));
        if passes {
            assert_eq!(blocked::text(&answer), "ok");
        } else {
            assert_eq!(blocked::rule(&answer), "PDP-SILENT");
        }
        assert!(client.finish().0.success());
    }
}

#[test]
fn before_a_url_it_is_told_who_calls() {
    let point = Upstream::new(|arrival| {
        let asked: serde_json::Value = serde_json::from_str(&arrival.body).unwrap();
        let decision = json!({"decision": asked["subject"]["id"] == "one"}).to_string();
        response("200 OK", "Content-Type: application/json\r\n", &decision)
    });
    let result = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
    let upstream = Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", result));
    let (_folder, file) = settings(&root(&point), "");
    let gateway = Gateway::start_for_two(["--config", file.to_str().unwrap(), "--upstream", &upstream.url()]);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{}}}"#;
    let answers = e2e::KEYS.map(|key| gateway.post(&[("X-Api-Key", key)], call).text());
    let passed: Vec<_> = answers.iter().map(|answer| answer.contains("\"content\"")).collect();
    assert_eq!(passed.iter().filter(|passed| **passed).count(), 1, "{answers:?}");
    assert!(answers.iter().any(|answer| answer.contains("PDP-DENIED")), "{answers:?}");
}

#[test]
fn policies_in_rego_decide_here_and_are_read_again_by_a_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let (policy, file) = (folder.path().join("tools.rego"), folder.path().join("vanguard.yaml"));
    let write = |tool: &str| {
        let text = format!("package mcp\n\nallow if input.resource.tool == \"{tool}\"\n");
        std::fs::write(&policy, text).unwrap();
    };
    write("read_file");
    std::fs::write(&file, "policy: {bundle: tools.rego}\n").unwrap();
    let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).start();
    client.initialize();
    assert_eq!(blocked::text(&client.call("read_file", &json!({"path": "notes.txt"}))), "ok");
    assert_eq!(blocked::rule(&client.call("delete_file", &json!({"path": "notes.txt"}))), "PDP-DENIED");
    assert!(client.finish().0.success());

    let result = r#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#;
    let upstream = Upstream::new(move |_| response("200 OK", "Content-Type: application/json\r\n", result));
    let gateway = Gateway::start(["--config", file.to_str().unwrap(), "--upstream", &upstream.url()]);
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{}}}"#;
    let passes = || gateway.post(&[], call).text().contains("\"content\"");
    assert!(passes());
    write("delete_file");
    gateway.signal(rustix::process::Signal::HUP);
    gateway.says("were read again and are in force");
    assert!(!passes());
    std::fs::write(&policy, "package mcp\n\nallow if {\n").unwrap();
    gateway.signal(rustix::process::Signal::HUP);
    let said = gateway.says("nothing was changed");
    assert!(said.contains("tools.rego"), "{said}");
    assert!(!passes(), "what held before holds");
}

/// Lets the call that climbs be made, as far as the policy says that it may.
const EXCEPTING: &str = r#"package mcp

default allow := false

allow := {"allow": true, "except": ["FS-003"], "reason": "the build reads it"} if input.resource.tool == "read_file"

allow if input.resource.tool == "list_files"
"#;

#[test]
fn what_may_be_lifted_passes_where_policies_except_it_and_is_recorded_with_who_did() {
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = (folder.path().join("vanguard.yaml"), folder.path().join("audit.jsonl"));
    std::fs::write(folder.path().join("tools.rego"), EXCEPTING).unwrap();
    let climbs = json!({"path": "../../../outside.txt"});
    for (may_lift, lifted) in [(", may_lift: [FS-003]", true), (", may_lift: [FS-001]", false), ("", false)] {
        let settings = format!("policy: {{bundle: tools.rego{may_lift}}}\naudit: {{path: '{}'}}\n", log.display());
        std::fs::write(&file, settings).unwrap();
        let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).start();
        client.initialize();
        let answer = client.call("read_file", &climbs);
        if lifted {
            assert_eq!(blocked::text(&answer), "ok");
        } else {
            assert_eq!(blocked::rule(&answer), "FS-003");
        }
        assert_eq!(blocked::rule(&client.call("list_files", &climbs)), "FS-003", "nobody excepts it there");
        let more = json!({"path": "../../../outside.txt", "other": "/etc/shadow"});
        let rule = client.call("read_file", &more);
        assert_ne!(blocked::rule(&rule), "PDP-DENIED", "another rule speaks against it");
        assert!(client.finish().0.success());
    }
    let log = std::fs::read_to_string(log).unwrap();
    let lifted: Vec<_> = log.lines().filter(|line| line.contains("lifted by")).collect();
    assert_eq!(lifted.len(), 1, "{log}");
    let by = r#""excepted":"lifted by policies in Rego (data.mcp.allow): the build reads it""#;
    assert!(lifted[0].contains(by) && lifted[0].contains(r#""verdict":"warn""#), "{}", lifted[0]);
}

#[test]
fn a_decision_point_that_says_nothing_lifts_nothing_and_what_is_not_understood_is_never_lifted() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", gone.local_addr().unwrap());
    drop(gone);
    let (_folder, file) = settings(&url, ", may_lift: [FS-003], on_failure: warn");
    let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).start();
    client.initialize();
    assert_eq!(blocked::rule(&client.call("read_file", &json!({"path": "../../../outside.txt"}))), "FS-003");
    assert!(client.finish().0.success());

    for (rule, why) in [
        ("ENG-BUDGET", "it says that not all of the message was understood or looked at"),
        ("SES-ID-IN-USE", "it says that not all of the message was understood or looked at"),
        ("PDP-DENIED", "it is what the policy decision point itself says"),
        ("BEH-001", "it counts what was done"),
        ("FS-03", "there is no such rule; did you mean FS-003?"),
    ] {
        let (_folder, file) = settings(&url, &format!(", may_lift: [{rule}]"));
        let mut vanguard = e2e::vanguard();
        let said = vanguard.args(["check", "--tool", "read_file", "--config"]).arg(file).output().unwrap();
        let error = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(said.status.code() == Some(3) && error.contains(why) && error.contains(rule), "{rule}: {error}");
    }
}

#[test]
fn the_real_cerbos_decides() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    let policy = r#"
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: "mcp:tool"
  version: default
  rules:
  - actions: ["tools/call"]
    effect: EFFECT_ALLOW
    roles: ["agent"]
    condition: {match: {expr: request.resource.attr.tool == "read_file"}}
    output: {when: {ruleActivated: '{"except": ["FS-003"]}'}}
"#;
    std::fs::write(policies.join("tools.yaml"), policy).unwrap();
    let point = Served::start(|port| {
        let config = folder.path().join("cerbos.yaml");
        let listen =
            format!("httpListenAddr: '127.0.0.1:{port}', grpcListenAddr: 'unix:{}/grpc'", folder.path().display());
        let text = format!(
            "server: {{{listen}}}\ntelemetry: {{disabled: true}}\nstorage: {{driver: disk, disk: {{directory: '{}'}}}}\n",
            policies.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(cerbos());
        command.arg("server").arg("--config").arg(config).stdout(Stdio::null());
        command
    });
    let (_folder, file) =
        settings(point.url().trim_end_matches("/mcp"), ", kind: cerbos, deadline_ms: 5000, may_lift: [FS-003]");
    let mut client = Proxy::of(Puppet::echo()).setting("--config", &file).start();
    client.initialize();
    assert_eq!(blocked::text(&client.call("read_file", &json!({"path": "notes.txt"}))), "ok");
    assert_eq!(blocked::rule(&client.call("delete_file", &json!({"path": "notes.txt"}))), "PDP-DENIED");
    let climbs = json!({"path": "../../../outside.txt"});
    assert_eq!(blocked::text(&client.call("read_file", &climbs)), "ok", "its output excepts that");
    assert_eq!(blocked::rule(&client.call("delete_file", &climbs)), "FS-003");
    assert!(client.finish().0.success());
}
