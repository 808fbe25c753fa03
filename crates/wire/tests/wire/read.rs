//! What is read, as what.

use vanguard_wire::{Body, FaultKind, Kind, Limits, Message, Packet, Tape, read};

fn fault(line: &str) -> FaultKind {
    read(line.as_bytes(), &Limits::default(), &mut Tape::default()).expect_err(line).kind
}

#[test]
fn a_request_is_read_with_its_tokens() {
    let line = r#"{"method":"tools/call","params":{"name":"read\u005ffile","arguments":{"a/b":[1,{"~":null}]}},"jsonrpc":"2.0","id":7}"#;
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = read(line.as_bytes(), &Limits::default(), &mut tape) else { panic!("refused") };
    let Body::Request { id, method, params: Some(params) } = message.body else { panic!("no request") };
    assert_eq!((id.lexeme(), &*method), ("7", "tools/call"));
    let name = params.get("name").unwrap();
    assert_eq!(name.string().unwrap(), "read_file");
    assert_eq!(name.lexeme(), r#""read\u005ffile""#);
    assert_eq!(&line[name.span()], name.lexeme());
    let list = params.get("arguments").unwrap().get("a/b").unwrap();
    assert_eq!(list.kind(), Kind::Array);
    let inner = list.elements().nth(1).unwrap().get("~").unwrap();
    assert_eq!(inner.pointer(), "/params/arguments/a~1b/1/~0");
    assert!(params.get("absent").is_none());
    assert!(!list.is_empty());
}

#[test]
fn faults_carry_place_and_id() {
    let line = r#"{"jsonrpc":"2.0","id":"a","method":"x","params":{"k":[0,{"n":1,"\u006e":2}]}}"#;
    let fault = read(line.as_bytes(), &Limits::default(), &mut Tape::default()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::DuplicateKey);
    assert_eq!(fault.pointer, "/params/k/1/n");
    assert_eq!(fault.id.as_deref(), Some(r#""a""#));
    assert_eq!(&line[fault.offset..fault.offset + 8], r#""\u006e""#);
}

#[test]
fn scalars_and_rubbish_are_no_messages() {
    assert_eq!(fault("7"), FaultKind::NotAnObject);
    assert_eq!(fault(""), FaultKind::Truncated);
    assert_eq!(fault("starting up"), FaultKind::Syntax);
    assert_eq!(fault("[]"), FaultKind::EmptyBatch);
}

#[test]
fn ids_that_clients_take_for_one_have_one_key() {
    let key = |id: &str| {
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":0}}"#);
        let mut tape = Tape::default();
        match read(line.as_bytes(), &Limits::default(), &mut tape) {
            Ok(Packet::Single(Message { body: Body::Response { id, .. }, .. })) => id.key(),
            other => panic!("{other:?}"),
        }
    };
    for (one, other) in [
        ("7", r#""7""#),
        ("-7", r#""-7""#),
        ("0", "-0"),
        ("0", r#""-0""#),
        (r#""a""#, r#""\u0061""#),
        ("7", r#""\u0037""#),
        ("123456789012345678901234567890", r#""123456789012345678901234567890""#),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
    for (one, other) in
        [("7", r#""07""#), ("7", r#""+7""#), ("7", r#""7.0""#), ("7", "-7"), (r#""""#, "0"), (r#""a""#, r#""A""#)]
    {
        assert_ne!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn each_sort_of_message_is_told_apart() {
    let line = r#"[{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":1,"method":"r","params":null},
{"jsonrpc":"2.0","id":2,"result":null},{"jsonrpc":"2.0","id":null,"error":{}}]"#
        .replace('\n', "");
    let mut tape = Tape::default();
    let Ok(Packet::Batch(messages)) = read(line.as_bytes(), &Limits::default(), &mut tape) else { panic!("refused") };
    let [first, second, third, fourth] = &messages[..] else { panic!("{messages:?}") };
    assert!(matches!(&first.body, Body::Notification { method, params: None } if method == "n"));
    assert!(matches!(&second.body, Body::Request { params: Some(null), .. } if null.kind() == Kind::Null));
    assert!(matches!(&third.body, Body::Response { result, .. } if result.pointer() == "/2/result"));
    assert!(matches!(&fourth.body, Body::Error { id: None, .. }));
}

#[test]
fn a_tape_serves_many_messages() {
    let mut tape = Tape::default();
    for count in [3, 200_000, 1] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":[0{}]}}"#, ",0".repeat(count - 1));
        let Ok(Packet::Single(message)) = read(line.as_bytes(), &Limits::default(), &mut tape) else {
            panic!("refused")
        };
        assert_eq!(message.value.get("result").unwrap().elements().count(), count);
    }
}
