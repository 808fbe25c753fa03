//! Answers of our own.

use vanguard_wire::{Body, Limits, Packet, Tape, read, reply};

fn text(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap()
}

#[test]
fn answers_are_canonical_messages() {
    let error =
        reply::error(Some("\"a\""), -31001, "no \"x\"\n\u{2028}\u{85}\u{1b}[0m", Some("{\"rule\":\n\"FS-003\"}"));
    assert_eq!(
        text(error.clone()),
        r#"{"jsonrpc":"2.0","id":"a","error":{"code":-31001,"message":"no \"x\"\n\u2028\u0085\u001b[0m","data":{"rule": "FS-003"}}}"#
    );
    let nobody = reply::error(None, -32700, "", None);
    assert_eq!(text(nobody.clone()), r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}"#);
    let tool = reply::tool_error("7", "blocked");
    assert_eq!(
        text(tool.clone()),
        r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"blocked"}],"isError":true}}"#
    );
    let batch = reply::batch(&[error, nobody, tool]);
    let mut tape = Tape::default();
    let Ok(Packet::Batch(messages)) = read(&batch, &Limits::default(), &mut tape) else { panic!("no batch") };
    assert!(matches!(messages[0].body, Body::Error { id: Some(_), .. }));
    assert!(matches!(messages[1].body, Body::Error { id: None, .. }));
    assert!(matches!(messages[2].body, Body::Response { .. }));
}

#[test]
fn an_id_cannot_end_the_line() {
    let line = reply::tool_error("\"a\u{2028}b\"", "");
    assert!(text(line).starts_with(r#"{"jsonrpc":"2.0","id":"a\u2028b","result""#));
}
