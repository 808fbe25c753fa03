//! What is read, as what.

use vanguard_wire::{Body, FaultKind, Kind, Limits, Packet, Tape, read};

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
