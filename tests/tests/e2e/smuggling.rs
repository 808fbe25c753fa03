//! What two parsers read differently, sent to real servers: nothing that was not judged gets executed.

use e2e::{Client, Proxy, node, python};
use serde_json::{Value, json};

/// A call that no judge has seen, if a server ever answers it.
const SMUGGLED: &str =
    r#"{"jsonrpc":"2.0","id":666,"method":"tools/call","params":{"name":"TOOL","arguments":ARGUMENTS}}"#;

/// A message that parsers disagree on.
struct Ambiguity {
    what: &'static str,
    line: Vec<u8>,
    /// The id that the refusal carries: the message's own where exactly one can be read.
    id: Value,
}

fn ambiguities(tool: &str, arguments: &str) -> Vec<Ambiguity> {
    let smuggled = SMUGGLED.replace("TOOL", tool).replace("ARGUMENTS", arguments);
    let call = |id: &str, params: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{{params}}}}}"#)
    };
    let ordinary = format!(r#""name":"{tool}","arguments":{arguments}"#);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let rows: Vec<(&'static str, Vec<u8>, Value)> = vec![
        (
            "a carriage return between tokens",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{{\"x\":\r{smuggled}\r}}}}").into(),
            json!(1),
        ),
        (
            "a carriage return inside a string",
            format!("{{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\",\"params\":{{\"x\":\"\r{smuggled}\r\"}}}}").into(),
            json!(2),
        ),
        ("a method twice", format!(r#"{{"jsonrpc":"2.0","id":3,"method":"ping","method":"tools/call","params":{{{ordinary}}}}}"#).into(), json!(3)),
        ("a name twice", call("4", &format!(r#""name":"other",{ordinary}"#)).into(), json!(4)),
        ("arguments twice", call("5", &format!(r#""arguments":{{}},{ordinary}"#)).into(), json!(5)),
        ("a name twice, once escaped", call("6", &format!(r#"{ordinary},"n\u0061me":"other""#)).into(), json!(6)),
        ("a key twice far inside", call("7", &format!(r#""name":"{tool}","arguments":{{"a":[{{"b":1,"b":2}}]}}"#)).into(), json!(7)),
        ("an id twice", format!(r#"{{"jsonrpc":"2.0","id":8,"id":666,"method":"tools/call","params":{{{ordinary}}}}}"#).into(), Value::Null),
        ("a key that differs in case", call("9", &format!(r#"{ordinary},"Name":"other""#)).into(), json!(9)),
        ("a key with a NUL behind it", call("10", &format!(r#"{ordinary},"name\u0000":"other""#)).into(), json!(10)),
        ("a key that folds to another", call("11", &format!(r#"{ordinary},"argumentſ":{{}}"#)).into(), json!(11)),
        ("a lone surrogate", call("12", &format!(r#"{ordinary},"x":"\ud800""#)).into(), json!(12)),
        ("invalid UTF-8", [call("13", &ordinary).as_bytes().strip_suffix(b"}}").unwrap(), b",\"x\":\"\xff\"}}"].concat(), json!(13)),
        ("NaN", call("14", &format!(r#"{ordinary},"x":NaN"#)).into(), json!(14)),
        ("Infinity", call("15", &format!(r#"{ordinary},"x":-Infinity"#)).into(), json!(15)),
        ("a fractional id", call("27.0", &ordinary).into(), Value::Null),
        ("an id with an exponent", call("27e0", &ordinary).into(), Value::Null),
        ("an id that is null", call("null", &ordinary).into(), Value::Null),
        ("an id that is an object", call("{}", &ordinary).into(), Value::Null),
        ("a method beside a result", format!(r#"{{"jsonrpc":"2.0","id":16,"method":"tools/call","params":{{{ordinary}}},"result":{{}}}}"#).into(), json!(16)),
        ("a method beside an error", format!(r#"{{"jsonrpc":"2.0","id":17,"method":"tools/call","params":{{{ordinary}}},"error":{{"code":1,"message":""}}}}"#).into(), json!(17)),
        ("two hundred levels", call("18", &format!(r#"{ordinary},"x":{deep}"#)).into(), json!(18)),
        ("a byte order mark", [b"\xef\xbb\xbf", call("19", &ordinary).as_bytes()].concat(), json!(19)),
        ("a second message behind the first", format!("{}{smuggled}", r#"{"jsonrpc":"2.0","id":20,"method":"ping"}"#).into(), Value::Null),
        ("a version that is no JSON-RPC", format!(r#"{{"jsonrpc":"1.0","id":21,"method":"tools/call","params":{{{ordinary}}}}}"#).into(), json!(21)),
        ("no version", format!(r#"{{"id":22,"method":"tools/call","params":{{{ordinary}}}}}"#).into(), json!(22)),
        ("an empty batch", b"[]".to_vec(), Value::Null),
        ("an ambiguity inside a batch", format!(r#"[{{"jsonrpc":"2.0","id":23,"method":"ping"}},{}]"#, call("666", &format!(r#""name":"other",{ordinary}"#))).into(), Value::Null),
        ("comments", format!("{{\"jsonrpc\":\"2.0\",\"id\":24,/*{smuggled}*/\"method\":\"ping\"}}").into(), json!(24)),
        ("a trailing comma", format!(r#"{{"jsonrpc":"2.0","id":25,"method":"tools/call","params":{{{ordinary},}}}}"#).into(), json!(25)),
        ("single quotes", format!("{{'jsonrpc':'2.0','id':666,'method':'tools/call','params':{{{ordinary}}}}}").into(), Value::Null),
    ];
    rows.into_iter().map(|(what, line, id)| Ambiguity { what, line, id }).collect()
}

#[test]
fn nothing_smuggled_reaches_a_python_server() {
    refused(Proxy::of([python("mcp-server-time")]).start(), &ambiguities("get_current_time", r#"{"timezone":"UTC"}"#));
}

#[test]
fn nothing_smuggled_reaches_a_typescript_server() {
    refused(
        Proxy::of([node("mcp-server-everything"), "stdio".into()]).start(),
        &ambiguities("echo", r#"{"message":"smuggled"}"#),
    );
}

/// Why the rows above are worth refusing: the server alone executes what a judge of whole lines never saw.
#[test]
fn a_python_server_alone_executes_a_call_hidden_behind_a_carriage_return() {
    let mut client = Client::direct([python("mcp-server-time")]);
    client.initialize();
    client.send(&ambiguities("get_current_time", r#"{"timezone":"UTC"}"#)[0].line);
    let answer = client.answer("666");
    assert!(answer["result"]["content"].is_array(), "{answer}");
}

#[test]
fn an_integer_too_large_for_a_float_keeps_its_digits() {
    let mut client = Proxy::of([python("mcp-server-time")]).start();
    client.initialize();
    client.send(r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"ping"}"#);
    let answer = String::from_utf8(client.line().unwrap()).unwrap();
    assert!(answer.contains(r#""id":123456789012345678901234567890"#), "{answer}");
}

/// Each row gets one refusal with its id, and the server says nothing; an ordinary request behind it is answered.
fn refused(mut client: Client, rows: &[Ambiguity]) {
    client.initialize();
    for (n, row) in rows.iter().enumerate() {
        let shown = String::from_utf8_lossy(&row.line);
        client.send(&row.line);
        let after = format!("\"after-{n}\"");
        client.send(format!(r#"{{"jsonrpc":"2.0","id":{after},"method":"ping"}}"#));
        client.answer(&after);
        // All that came before the answer to the ping; notifications of the server are its own business.
        let mut answers = client.passed_over();
        answers.retain(|message| message["method"].is_null());
        let [refusal] = &answers[..] else { panic!("{}: one refusal is due, not {answers:?} ({shown})", row.what) };
        assert_eq!(refusal["id"], row.id, "{}: {refusal} ({shown})", row.what);
        assert!(refusal["error"]["code"].is_i64(), "{}: {refusal} ({shown})", row.what);
        assert_eq!(refusal["error"]["data"]["blocked_by"], "McpVanguard", "{}: {refusal}", row.what);
    }
}
