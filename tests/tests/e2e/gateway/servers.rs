//! Several servers behind one gateway, each at a path of its own.

use e2e::{Gateway, Puppet, Response, Upstream, request, response};

const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#;

fn post(gateway: &Gateway, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    gateway.send(request("POST", path, headers, body.as_bytes()))
}

#[test]
fn commands_and_urls_stand_side_by_side_and_each_has_its_own_sessions() {
    let (mut one, mut two) = (Puppet::new(), Puppet::new());
    let upstream = Upstream::new(|_| response("202 Accepted", "", ""));
    let named = |name: &str, puppet: &Puppet| format!("{name}={}", puppet.command_line().join(" "));
    let there = format!("there={}", upstream.url());
    let gateway =
        Gateway::start(["--command", &named("one", &one), "--upstream", &there, "--command", &named("two", &two)]);
    let mut sessions = Vec::new();
    for (path, puppet) in [("/mcp/one", &mut one), ("/mcp/two", &mut two)] {
        let begun = post(&gateway, path, &[], INITIALIZE);
        sessions.push(begun.header("mcp-session-id").unwrap().to_owned());
        assert_eq!(puppet.line(), INITIALIZE.as_bytes());
    }
    let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(post(&gateway, "/mcp/two", &[("Mcp-Session-Id", &sessions[0])], ready).status, 404, "another server's");
    assert_eq!(post(&gateway, "/mcp/two", &[("Mcp-Session-Id", &sessions[1])], ready).status, 202);
    assert_eq!(two.line(), ready.as_bytes());
    assert_eq!(post(&gateway, "/mcp/there", &[], ready).status, 202);
    assert_eq!(upstream.arrival().body, ready);
    assert_eq!(post(&gateway, "/mcp/other", &[], INITIALIZE).status, 404);
    drop(gateway);
}

#[test]
fn each_command_is_walled_in_by_the_zones_that_name_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (folder.path().join("mine"), folder.path().join("other"));
    for directory in [&mine, &other] {
        std::fs::create_dir(directory).unwrap();
    }
    let file = folder.path().join("servers.yaml");
    let [program, mode] = &Puppet::echo()[..] else { panic!("two words") };
    let written = format!(
        "servers:\n  one: {{command: '{program}', args: [{mode}]}}\n  two: {{command: ['{program}', {mode}]}}\n\
         zones:\n- {{path: {}, server: one}}\n- {{path: {}, server: two}}\nsandbox: {{mode: off}}\n",
        mine.display(),
        other.display()
    );
    std::fs::write(&file, written).unwrap();
    let gateway = Gateway::start(["--config", file.to_str().unwrap()]);
    let read = |path: &str, session: &str, file: &std::path::Path| {
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"read_file","arguments":{{"path":"{}"}}}}}}"#,
            file.join("x").display()
        );
        post(&gateway, path, &[("Mcp-Session-Id", session)], &call).text()
    };
    for (path, inside, outside) in [("/mcp/one", &mine, &other), ("/mcp/two", &other, &mine)] {
        let begun = post(&gateway, path, &[], INITIALIZE);
        let session = begun.header("mcp-session-id").unwrap().to_owned();
        assert!(read(path, &session, inside).contains("result"), "{path}");
        assert!(read(path, &session, outside).contains("blocked_by"), "{path}");
    }
}
