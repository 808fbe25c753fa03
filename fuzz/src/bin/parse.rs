//! Any bytes as a message: no panic, and what is accepted means the same to everybody and after canonicalisation.
#![no_main]
#![allow(clippy::disallowed_types, reason = "an oracle: what is compared here has no duplicate keys left")]

use libfuzzer_sys::fuzz_target;
use serde_json::Value as Json;
use vanguard_wire::{Kind, Limits, Message, Packet, Tape, Value, canonical, read, salvage_cut_id, salvage_id};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { message_bytes: 1 << 20, string_bytes: 256, depth: 16, batch: 4, nodes: 200 };
    let line = canonical(bytes);
    assert!(line.iter().all(|byte| *byte >= 0x20), "a control character in the canonical line");
    assert_eq!(canonical(&line), line, "not a fixed point");

    let (head, tail) = bytes.split_at(bytes.len() / 2);
    let _ = salvage_cut_id(head, tail);
    let id = salvage_id(bytes);
    if let Some(id) = &id {
        let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":0}}");
        assert!(read(answer.as_bytes(), &Limits::default(), &mut Tape::default()).is_ok(), "no id: {id}");
    }

    let mut tape = Tape::default();
    match read(bytes, &limits, &mut tape) {
        Err(fault) => {
            assert!(fault.offset <= bytes.len());
            assert_eq!(fault.id, id);
        }
        Ok(packet) => {
            let messages = match &packet {
                Packet::Single(message) => std::slice::from_ref(message),
                Packet::Batch(messages) => messages,
            };
            for message in messages {
                check(message, bytes);
            }
            let longer = Limits { string_bytes: usize::MAX, ..limits };
            assert!(read(&line, &longer, &mut Tape::default()).is_ok(), "the canonical line is refused");
            assert_eq!(oracle(&line), oracle(bytes), "the canonical line says something else");
        }
    }
});

fn check(message: &Message<'_, '_>, bytes: &[u8]) {
    let theirs = oracle(&bytes[message.value.span()]);
    assert_eq!(Some(tree(message.value)), theirs);
}

fn oracle(text: &[u8]) -> Option<Json> {
    serde_json::from_slice(text).ok()
}

fn tree(value: Value<'_, '_>) -> Json {
    match value.kind() {
        Kind::Object => value.members().map(|(key, value)| (key.string().unwrap().into_owned(), tree(value))).collect(),
        Kind::Array => value.elements().map(tree).collect(),
        Kind::String => Json::String(value.string().unwrap().into_owned()),
        Kind::Number | Kind::Bool | Kind::Null => serde_json::from_str(value.lexeme()).unwrap(),
    }
}
