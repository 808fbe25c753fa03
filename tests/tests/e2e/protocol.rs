//! Transparent where nothing is wrong: order, ids, batches, cancellation, large messages; and what a broken server does.

use std::time::Duration;

use e2e::{Client, Event, Proxy, Puppet};
use serde_json::{Value, json};

use crate::blocked;

fn wrapped() -> (Puppet, Client) {
    let puppet = Puppet::new();
    let client = Proxy::of(puppet.command_line()).start();
    (puppet, client)
}

/// Sent one way, it arrives as it was.
#[track_caller]
fn arrives_at_the_server(client: &mut Client, puppet: &mut Puppet, line: &str) {
    client.send(line);
    assert_eq!(String::from_utf8_lossy(&puppet.line()), line);
}

#[track_caller]
fn arrives_at_the_client(client: &mut Client, puppet: &mut Puppet, line: &str) {
    puppet.say(line);
    assert_eq!(String::from_utf8_lossy(&client.line().unwrap()), line);
}

#[test]
fn every_token_arrives_as_it_was_written() {
    let (mut puppet, mut client) = wrapped();
    for line in [
        r#"{"id":1,"jsonrpc":"2.0","method":"ping"}"#,
        r#"{ "method" : "tools/call", "params":{"name":"x","arguments":{"n":1.50,"big":12345678901234567890123,"e":1E40,"z":-0}}, "id":"one","jsonrpc":"2.0"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"ping","params":{"_meta":{"progressToken":0,"io.example/x":{"b":null,"a":[]}}},"extra":true}"#,
        r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"note","arguments":{"text":"\u00e9 é \/ \ud83d\ude00 😀"}}}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"one","reason":"changed my mind"}}"#,
        r#"{"jsonrpc":"2.0","method":"x-vendor/anything","params":[1,"two",null]}"#,
    ] {
        arrives_at_the_server(&mut client, &mut puppet, line);
    }
    for line in [
        r#"{"result":{"content":[],"_meta":{"n":0.1000000000000000055}},"jsonrpc":"2.0","id":"one"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":0,"progress":1,"total":2.0}}"#,
        r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"Method not found","data":{"hint":"none"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":5}}"#,
    ] {
        arrives_at_the_client(&mut client, &mut puppet, line);
    }
}

#[test]
fn each_side_counts_its_own_requests() {
    let (mut puppet, mut client) = wrapped();
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#);
    arrives_at_the_client(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#);
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"result":{"roots":[]}}"#);
    arrives_at_the_client(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#);
}

#[test]
fn an_answer_to_nobody_never_arrives() {
    let (mut puppet, mut client) = wrapped();
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    puppet.say(r#"{"jsonrpc":"2.0","id":99,"result":{"content":[{"type":"text","text":"nobody asked"}]}}"#);
    arrives_at_the_client(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    puppet.say(r#"{"jsonrpc":"2.0","id":1,"result":{"second":true}}"#);
    client.close();
    assert_eq!(puppet.event(), Event::End);
    puppet.leave(0);
    assert_eq!(client.rest(), Vec::<Vec<u8>>::new());
}

#[test]
fn an_old_client_may_be_answered_with_its_number_as_a_string() {
    let (mut puppet, mut client) = wrapped();
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#);
    // Every SDK takes "7" for 7, so this is the answer, and is judged as one.
    arrives_at_the_client(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":"7","result":{}}"#);
}

#[test]
fn a_batch_passes_whole_and_each_member_is_judged() {
    let (mut puppet, mut client) = wrapped();
    let batch = r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/initialized"},{"jsonrpc":"2.0","id":2,"method":"tools/list"}]"#;
    arrives_at_the_server(&mut client, &mut puppet, batch);
    let answers = r#"[{"jsonrpc":"2.0","id":2,"result":{"tools":[]}},{"jsonrpc":"2.0","id":1,"result":{}}]"#;
    arrives_at_the_client(&mut client, &mut puppet, answers);

    client.send(r#"[{"jsonrpc":"2.0","id":3,"method":"ping"},{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"../../../etc/passwd"}}}]"#);
    let refusal: Value = serde_json::from_slice(&client.line().unwrap()).unwrap();
    let refusals = refusal.as_array().unwrap_or_else(|| panic!("a batch is answered by a batch: {refusal}"));
    let about = |id: u64| {
        refusals.iter().find(|answer| answer["id"] == id).unwrap_or_else(|| panic!("no answer to {id}: {refusal}"))
    };
    blocked::rule(about(4));
    // A batch goes whole or not at all: its other members are answered too.
    assert!(about(3)["error"].is_object(), "{refusal}");
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":5,"method":"ping"}"#);
}

#[test]
fn what_is_no_message_on_the_servers_output_is_reported_and_dropped() {
    let (mut puppet, mut client) = wrapped();
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    puppet.say("Server listening on stdio...");
    puppet.say("");
    puppet.say("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":1,\"a\":2}}");
    let answer = client.answer("1");
    assert_eq!(answer["error"]["data"]["blocked_by"], "McpVanguard", "an ambiguous answer becomes an error: {answer}");
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#);
    arrives_at_the_client(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    client.close();
    puppet.leave(0);
    client.wait();
    assert!(client.stderr().contains("listening on stdio"), "{}", client.stderr());
}

#[test]
fn the_last_line_may_lack_its_end_and_lines_may_end_as_on_windows() {
    let (mut puppet, mut client) = wrapped();
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#);
    puppet.say_bytes("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\r\n");
    assert_eq!(client.line().unwrap(), br#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    puppet.say_bytes(r#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
    puppet.leave(0);
    assert_eq!(client.line().unwrap(), br#"{"jsonrpc":"2.0","id":2,"result":{}}"#);
}

#[test]
fn the_servers_complaints_are_passed_on_without_terminal_escapes() {
    let (mut puppet, mut client) = wrapped();
    puppet.complain("warming up\n\x1b]0;owned\x07done\n");
    puppet.complain(vec![b'x'; 300_000]);
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    arrives_at_the_client(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    client.close();
    puppet.leave(0);
    client.wait();
    let stderr = client.stderr();
    assert!(stderr.contains("warming up") && stderr.contains("done"), "{stderr}");
    assert!(!stderr.contains("\x1b]0;"), "{stderr:?}");
}

#[test]
fn large_messages_pass_and_too_large_ones_are_refused_with_their_id() {
    let (mut puppet, mut client) = wrapped();
    let lines = "all work and no play\\n".repeat(30_000);
    arrives_at_the_server(
        &mut client,
        &mut puppet,
        &format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"note","arguments":{{"text":"{lines}"}}}}}}"#
        ),
    );
    let page = "x ".repeat(400_000);
    arrives_at_the_client(
        &mut client,
        &mut puppet,
        &format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{{"type":"text","text":"{page}"}}]}}}}"#),
    );

    // A string over 1 MiB, and a message over 16 MiB.
    for (id, length) in [(2, 1 << 21), (3, 17 << 20)] {
        let text = "y".repeat(length);
        client.send(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"note","arguments":{{"text":"{text}"}}}}}}"#));
        let answer = client.answer(&id.to_string());
        assert_eq!(answer["error"]["data"]["blocked_by"], "McpVanguard", "{answer}");
    }
    // From the server: the request that waits for it gets the error.
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":4,"method":"ping"}"#);
    puppet.say(format!(r#"{{"jsonrpc":"2.0","id":4,"result":{{"text":"{}"}}}}"#, "z".repeat(17 << 20)));
    let answer = client.answer("4");
    assert_eq!(answer["error"]["data"]["blocked_by"], "McpVanguard", "{answer}");
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":5,"method":"ping"}"#);
}

#[test]
fn requests_left_open_have_a_limit() {
    const LIMIT: usize = 10_000;
    let (mut puppet, mut client) = wrapped();
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#);
    for n in 1..LIMIT {
        client.send(format!(r#"{{"jsonrpc":"2.0","id":{n},"method":"ping"}}"#));
    }
    client.send(r#"{"jsonrpc":"2.0","id":"one too many","method":"ping"}"#);
    assert_eq!(blocked::rule(&client.answer("\"one too many\"")), "SES-PENDING");
    // An answer makes room.
    for _ in 1..LIMIT {
        puppet.line();
    }
    arrives_at_the_client(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":0,"result":{}}"#);
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":"now","method":"ping"}"#);
}

#[test]
fn line_separators_that_some_clients_split_on_are_escaped() {
    let (mut puppet, mut client) = wrapped();
    arrives_at_the_server(&mut client, &mut puppet, r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    puppet.say("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"t\":\"a\u{2028}b\u{2029}c\u{85}d\"}}");
    assert_eq!(
        String::from_utf8_lossy(&client.line().unwrap()),
        r#"{"jsonrpc":"2.0","id":1,"result":{"t":"a\u2028b\u2029c\u0085d"}}"#
    );
}

#[test]
fn a_notification_that_is_refused_is_answered_by_nobody() {
    let (mut puppet, mut client) = wrapped();
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{"x":1,"x":2}}"#);
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    assert_eq!(puppet.line(), br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    let answer =
        client.line_within(Duration::from_millis(200)).map(|line| serde_json::from_slice::<Value>(&line).unwrap());
    // A malformed line may be answered with the id null, as JSON-RPC has it; never with a result.
    assert!(answer.is_none_or(|answer| answer["id"] == json!(null) && answer["error"].is_object()));
}
