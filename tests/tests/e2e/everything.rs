//! The reference server with one of everything: ordinary messages are answered byte for byte as without the proxy.

use std::collections::BTreeMap;

use e2e::{Client, Proxy, node};
use serde_json::{Value, json};

use crate::blocked;

fn server() -> [String; 2] {
    [node("mcp-server-everything"), "stdio".into()]
}

#[test]
fn four_hundred_ordinary_messages_are_answered_byte_for_byte_as_without_the_proxy() {
    let messages = ordinary_messages(400);
    let alone = answers(Client::direct(server()), &messages);
    let proxied = answers(Proxy::of(server()).start(), &messages);
    for (id, bytes) in &alone {
        let through = proxied.get(id).unwrap_or_else(|| panic!("no answer to {id}"));
        assert_eq!(String::from_utf8_lossy(bytes), String::from_utf8_lossy(through), "the answer to {id}");
    }
    assert_eq!(alone.len(), 400);
    assert_eq!(proxied.len(), 400);
}

#[test]
fn requests_of_the_server_reach_the_client_and_their_answers_come_back() {
    let mut client = Proxy::of(server()).start();
    client.initialize();
    // The server counts its requests from 0, the client from 1: the two spaces overlap.
    let asked = client.ask(
        "tools/call",
        &json!({"name": "trigger-sampling-request", "arguments": {"prompt": "Hello", "maxTokens": 9}}),
    );
    let answer = loop {
        let message: Value = serde_json::from_slice(&client.line().unwrap()).unwrap();
        match message["method"].as_str() {
            Some("sampling/createMessage") => client.send(
                json!({"jsonrpc": "2.0", "id": message["id"], "result":
                    {"model": "m", "role": "assistant", "content": {"type": "text", "text": "from the client"}}})
                .to_string(),
            ),
            Some("roots/list") => client.send(
                json!({"jsonrpc": "2.0", "id": message["id"], "result": {"roots": [{"uri": "file:///srv/project"}]}})
                    .to_string(),
            ),
            Some(_) => {}
            None => break message,
        }
    };
    assert_eq!(answer["id"].to_string(), asked);
    assert!(blocked::text(&answer).contains("from the client"), "{answer}");
}

#[test]
fn progress_arrives_with_the_token_that_was_sent() {
    let mut client = Proxy::of(server()).start();
    client.initialize();
    client.send(
        r#"{"jsonrpc":"2.0","id":"long","method":"tools/call","params":{"name":"trigger-long-running-operation","arguments":{"duration":1,"steps":4},"_meta":{"progressToken":"token-7"}}}"#,
    );
    let mut progress = Vec::new();
    loop {
        let message: Value = serde_json::from_slice(&client.line().unwrap()).unwrap();
        if message["method"] == "notifications/progress" {
            assert_eq!(message["params"]["progressToken"], "token-7");
            progress.push(message["params"]["progress"].as_u64().unwrap());
        }
        if message["id"] == "long" {
            assert!(blocked::text(&message).contains("completed"), "{message}");
            break;
        }
    }
    assert!(progress.is_sorted() && progress.len() >= 3, "{progress:?}");
}

/// Sends all messages at once and returns the bytes of each answer by its id.
fn answers(mut client: Client, messages: &[(String, String)]) -> BTreeMap<String, Vec<u8>> {
    client.send(
        r#"{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"e2e","version":"1"}}}"#,
    );
    let hello = client.answer("\"hello\"");
    assert!(hello["result"]["serverInfo"].is_object(), "{hello}");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    for (_, message) in messages {
        client.send(message);
    }
    messages.iter().map(|(id, _)| (id.clone(), client.answer_bytes(id))).collect()
}

/// Messages of an ordinary day, each with its id as written: no two alike, every kind of request that the server knows,
/// text in many scripts, and a few honest mistakes. None whose answer depends on the clock.
fn ordinary_messages(count: usize) -> Vec<(String, String)> {
    let texts = [
        "Good morning! Please summarise yesterday's notes.",
        "Größe, naïve, piñata, Ærø, ½ cup",
        "日本語のテキストと、句読点。",
        "Добрый день, как дела?",
        "صباح الخير",
        "tabs\tand\nnew lines\r\nand \"quotes\" and back\\slashes",
        "emoji 👩‍👩‍👧 and flags 🇩🇪",
        "fn main() { println!(\"{}\", 1 + 1); }",
        "Meet at 10:30; bring the Q3 report & the budget.",
        "C:\\Users\\anna\\Documents\\plan.docx",
    ];
    let mut messages = Vec::with_capacity(count);
    for n in 0..count {
        let id = if n % 3 == 0 { format!("\"call-{n}\"") } else { n.to_string() };
        let text = json!(format!("{} ({n})", texts[n % texts.len()]));
        let request = match n % 16 {
            0..=3 => format!(r#""method":"tools/call","params":{{"name":"echo","arguments":{{"message":{text}}}}}"#),
            4 => format!(r#""method":"tools/call","params":{{"name":"get-sum","arguments":{{"a":{n},"b":0.5e1}}}}"#),
            5 => r#""method":"tools/list","params":{}"#.into(),
            6 => r#""method":"tools/call","params":{"name":"get-structured-content","arguments":{"location":"Chicago"}}"#.into(),
            7 => r#""method":"tools/call","params":{"name":"get-annotated-message","arguments":{"messageType":"debug","includeImage":true}}"#.into(),
            8 => r#""method":"prompts/list""#.into(),
            9 => r#""method":"prompts/get","params":{"name":"args-prompt","arguments":{"city":"Oslo","state":"Østlandet"}}"#.into(),
            10 => r#""method":"resources/list","params":{}"#.into(),
            11 => r#""method":"resources/read","params":{"uri":"demo://resource/static/document/features.md"}"#.into(),
            12 => r#""method":"resources/templates/list""#.into(),
            13 => r#""method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"completable-prompt"},"argument":{"name":"department","value":"E"}}"#.into(),
            14 => r#""method":"tools/call","params":{"name":"get-tiny-image"}"#.into(),
            // Unknown tools and methods are the server's to refuse.
            _ if n % 2 == 0 => r#""method":"ping""#.into(),
            _ => r#""method":"tools/call","params":{"name":"no-such-tool","arguments":{}}"#.into(),
        };
        // Whitespace and the order of keys are the sender's own.
        let message = match n % 4 {
            0 => format!(r#"{{"jsonrpc":"2.0","id":{id},{request}}}"#),
            1 => format!(r#"{{ "id" : {id} , {request} , "jsonrpc" : "2.0" }}"#),
            2 => format!(r#"{{{request},"jsonrpc":"2.0","id":{id}}}"#),
            _ => format!(r#"{{"jsonrpc":"2.0",{request},"id":{id}}}"#),
        };
        messages.push((id, message));
    }
    messages
}
