//! Two gateways before the same server, of which a client without a session meets now the one and now the other: what it has done is
//! remembered by both, in one Redis.

use std::process::{Child, Command, Stdio};

use e2e::{Gateway, Upstream, response};

const TOKEN: &str = "vq7Lw2Zr9Xk4Tn8Bp1Hd6Jf3Sg5Ym0Cu";
/// The digests of the keys `correct horse battery staple` and `test`.
const KEYS: &str = "desk c4bbcb1fbec99d65bf59d85c8cb62ee2db963f0fe106f483d9afa73bd4e39a8a\n\
                    ci 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n";
const DESK: (&str, &str) = ("X-Api-Key", "correct horse battery staple");
const CI: (&str, &str) = ("X-Api-Key", "test");

/// Whether a call is refused for what came before it.
fn is_stopped(gateway: &Gateway, who: (&str, &str), tool: &str, arguments: &str) -> bool {
    let call = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments},"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
    );
    let headers = [who, ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", tool)];
    let answer = gateway.post(&headers, call);
    assert_eq!(answer.status, 200);
    let text = answer.text();
    // What passes is answered by the server.
    assert!(text.contains("FLOW-") != text.contains(TOKEN), "{text}");
    text.contains("FLOW-")
}

/// A server of our own, which ends with the test.
struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_client_reads_through_one_does_not_leave_through_the_other() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("redis.sock");
    let redis = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
        .arg(&socket)
        .current_dir(home.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is installed (Debian: redis-server)");
    let _redis = Redis(redis);
    assert!(e2e::settle(e2e::PATIENCE, || std::os::unix::net::UnixStream::connect(&socket).is_ok()));
    let upstream = Upstream::new(|_| {
        let answer = format!(
            r#"{{"jsonrpc":"2.0","id":7,"result":{{"resultType":"complete","content":[{{"type":"text","text":"reference: {TOKEN}"}}]}}}}"#
        );
        response("200 OK", "Content-Type: application/json\r\n", &answer)
    });
    let (keys, config) = (home.path().join("keys"), home.path().join("vanguard.yaml"));
    std::fs::write(&keys, KEYS).unwrap();
    let redis_at = format!("redis+unix://{}", socket.display());
    std::fs::write(&config, format!("behaviour: {{redis: {{url: '{redis_at}', deadline_ms: 2000, strict: true}}}}\n"))
        .unwrap();
    let files = ["--keys", keys.to_str().unwrap(), "--config", config.to_str().unwrap()];
    let start = |before: &[&str]| Gateway::start(files.into_iter().chain(before.iter().copied()));
    let (url, named) = (upstream.url(), [format!("a={}", upstream.url()), format!("b={}", upstream.url())]);
    let merged = ["--upstream", &named[0], "--upstream", &named[1]];

    for (before, [read, send]) in [
        (&["--upstream", url.as_str()][..], ["read_file", "send_message"]),
        (&merged, ["a__read_file", "b__send_message"]),
    ] {
        let gateways = [start(before), start(before)];
        let out = format!(r#"{{"to":"x","text":"it is {TOKEN}"}}"#);
        assert!(!is_stopped(&gateways[0], DESK, read, r#"{"path":"config/secrets.yml"}"#));
        assert!(is_stopped(&gateways[1], DESK, send, &out), "{send}: through the other");
        assert!(is_stopped(&gateways[0], DESK, send, &out), "{send}: through the same");
        assert!(!is_stopped(&gateways[1], CI, send, &out), "{send}: somebody else's");
    }
}
