//! The stateless era before a command: one process for all requests of a principal, each answered under its own name.

use std::time::Duration;

use e2e::{Gateway, KEYS, Puppet, Response};
use serde_json::Value;

fn gateway(puppet: &Puppet, options: &[&str]) -> Gateway {
    let options = options.iter().map(|option| (*option).to_owned());
    Gateway::start(options.chain(["--".to_owned()]).chain(puppet.command_line()))
}

fn call(id: &str, arguments: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"say","arguments":{arguments},"_meta":{{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{{}},"progressToken":{id}}}}}}}"#
    )
}

const HEADERS: [(&str, &str); 3] =
    [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "say")];

/// The number that a request has at the process.
fn number(line: &[u8]) -> u64 {
    let line: Value = serde_json::from_slice(line).unwrap();
    assert_eq!(line["params"]["_meta"]["progressToken"], line["id"]);
    line["id"].as_u64().unwrap()
}

fn result(id: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"resultType":"complete","content":[]}}}}"#)
}

#[test]
fn the_same_id_of_two_clients_is_two_requests() {
    let mut puppet = Puppet::new();
    let gateway = gateway(&puppet, &[]);
    std::thread::scope(|scope| {
        let ask = |id: &'static str| scope.spawn(|| gateway.post(&HEADERS, call(id, "{}")));
        let one = ask("7");
        let first = number(&puppet.line());
        let two = ask("7");
        let second = number(&puppet.line());
        let three = ask("\"x\"");
        let third = number(&puppet.line());
        assert!(first != second && second != third);
        // What names no request is for nobody.
        puppet.say(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"secret"}}"#);
        puppet.say(format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{second},"progress":1}}}}"#));
        puppet.say(result(&second.to_string()));
        puppet.say(result(&third.to_string()));
        puppet.say(format!(r#"{{"jsonrpc":"2.0","id":{first},"error":{{"code":-32601,"message":"no"}}}}"#));
        let one = one.join().unwrap();
        assert_eq!(
            (one.status, one.text()),
            (404, r#"{"jsonrpc":"2.0","id":7,"error":{"code":-32601,"message":"no"}}"#.to_owned())
        );
        let mut two: Response = two.join().unwrap();
        assert_eq!(
            two.data().unwrap(),
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}"#
        );
        assert_eq!((two.data(), two.data()), (Some(result("7")), None));
        let three = three.join().unwrap();
        assert_eq!(three.header("content-type"), Some("application/json"));
        assert_eq!(three.text(), result("\"x\""));
    });
}

#[test]
fn who_leaves_has_cancelled_and_nobody_else_can() {
    let mut puppet = Puppet::new();
    let gateway = gateway(&puppet, &[]);
    let mut left = std::thread::scope(|scope| {
        let left = scope.spawn(|| gateway.post(&HEADERS, call("1", "{}")));
        let number = number(&puppet.line());
        let cancelled =
            format!(r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{number}}}}}"#);
        let headers = [HEADERS[0], ("Mcp-Method", "notifications/cancelled")];
        assert_eq!(gateway.post(&headers, &cancelled).status, 202);
        assert!(puppet.event_within(Duration::from_millis(100)).is_none(), "a number of another's");
        puppet.say(format!(r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{number},"progress":1}}}}"#));
        (left.join().unwrap(), cancelled)
    });
    assert!(left.0.data().unwrap().contains("progress"));
    drop(left.0);
    assert_eq!(String::from_utf8(puppet.line()).unwrap(), left.1);
}

#[test]
fn an_attack_is_answered_under_its_own_name_and_an_end_to_all() {
    let mut puppet = Puppet::new();
    let gateway = gateway(&puppet, &[]);
    let refused = gateway.post(&HEADERS, call("\"mine\"", r#"{"path":"../../../../etc/shadow"}"#));
    assert_eq!(refused.status, 200);
    let refused: Value = serde_json::from_str(&refused.text()).unwrap();
    assert_eq!((&refused["id"], &refused["error"]["data"]["blocked_by"]), (&"mine".into(), &"McpVanguard".into()));
    std::thread::scope(|scope| {
        let pending = scope.spawn(|| gateway.post(&HEADERS, call("\"due\"", "{}")));
        puppet.line();
        puppet.leave(1);
        let answer = pending.join().unwrap().text();
        assert!(answer.contains(r#""id":"due","error""#), "{answer}");
    });
    // What would have the process take us for a client of the older era.
    let bare = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#;
    let list = [HEADERS[0], ("Mcp-Method", "tools/list")];
    assert_eq!(gateway.post(&list, bare).status, 400);
    assert_eq!(gateway.post(&[("MCP-Protocol-Version", "2027-01-01"), list[1]], bare).status, 400);
    for method in ["GET", "DELETE"] {
        assert_eq!(gateway.ask(method, "/mcp", &HEADERS[..1]).status, 405, "this era has only POST");
    }
}

#[test]
fn each_principal_has_a_process_of_its_own() {
    let gateway = Gateway::start_for_two(["--", "sh", "-c", PID]);
    let pid = |key: &str| {
        let answer = gateway.post(&[&HEADERS[..], &[("X-Api-Key", key)]].concat(), call("1", "{}"));
        assert_eq!(answer.status, 200);
        answer.text()
    };
    let (one, two) = (pid(KEYS[0]), pid(KEYS[1]));
    assert_ne!(one, two);
    assert_eq!(one, pid(KEYS[0]));
}

/// A server that says its process id, whatever it is asked.
const PID: &str = r#"while read -r line; do
  id=$(printf %s "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  printf '{"jsonrpc":"2.0","id":%s,"result":{"resultType":"complete","pid":%s}}\n' "$id" $$
done"#;
