//! Every message that two readers could take differently, and every kind of fault once.

use std::collections::HashSet;

use vanguard_wire::{Fault, FaultKind, Limits, Tape, read};

fn refuse(message: &[u8]) -> Fault {
    let mut tape = Tape::default();
    let outcome = read(message, &Limits::default(), &mut tape);
    outcome.err().unwrap_or_else(|| panic!("accepted: {}", String::from_utf8_lossy(message)))
}

fn accept(message: &str) {
    if let Err(fault) = read(message.as_bytes(), &Limits::default(), &mut Tape::default()) {
        panic!("{fault}: {message}");
    }
}

/// A request with id 7 and these further members.
fn request(members: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":7,{members}}}"#)
}

fn call(params: &str) -> String {
    request(&format!(r#""method":"tools/call","params":{params}"#))
}

/// Text by text, the fault it must be. All have the id 7.
fn with_id() -> Vec<(FaultKind, String)> {
    use FaultKind as K;
    vec![
        // A Python stdio server would run the inner call.
        (K::LineBreak, request("\"method\":\"ping\",\"params\":{\"x\":\r{\"method\":\"tools/call\"}\r}")),
        (K::LineBreak, call("{\"name\":\"a\rb\"}")),
        (K::LineBreak, call("{\"name\":\"a\nb\"}")),
        (K::LineBreak, call("{\"name\":\n\"ab\"}")),
        (K::LineBreak, call("{}") + "\r"),
        (K::LineBreak, call("{\"a\":1\r}")),
        (K::LineBreak, call("{\"a\"\r:1}")),
        (K::LineBreak, call("[1,\r2]")),
        (K::ControlCharacter, call("{\"name\":\"a\0b\"}")),
        (K::ControlCharacter, call("{\"name\":\"a\tb\"}")),
        (K::ControlCharacter, call("{\"name\":\"a\u{1f}b\"}")),
        (K::ControlCharacter, call("{\u{c}}")),
        (K::DuplicateKey, call(r#"{"name":"read","name":"write"}"#)),
        (K::DuplicateKey, call(r#"{"name":"read","n\u0061me":"write"}"#)),
        (K::DuplicateKey, call(r#"{"arguments":{"deep":[{"k":1,"l":2,"k":1}]}}"#)),
        (K::DuplicateKey, call(r#"{"\/":1,"/":2}"#)),
        (K::DuplicateKey, call(r#"{"\ud83d\ude00":1,"😀":2}"#)),
        (K::DuplicateKey, request(r#""method":"ping","method":"tools/call""#)),
        (K::KeyVariant, call(r#"{"name":"read","Name":"write"}"#)),
        (K::KeyVariant, call(r#"{"Arguments":{}}"#)),
        (K::KeyVariant, call(r#"{"name\u0000":"write"}"#)),
        (K::KeyVariant, call(r#"{"name\u0000x":"write"}"#)),
        (K::KeyVariant, call(r#"{"argument\u017f":{}}"#)),
        (K::KeyVariant, call(r#"{"ur\u0131":"x"}"#)),
        (K::KeyVariant, call(r#"{"to\u212aen":1,"progressTo\u212aen":1}"#)),
        (K::KeyVariant, request(r#""method":"ping","Method":"tools/call""#)),
        (K::KeyVariant, request(r#""method":"ping","PARAMS":{}"#)),
        (K::KeyVariant, request(r#""method":"ping","re\u017fult":{}"#)),
        (K::KeyVariant, request(r#""result":{"Content":[]}"#)),
        (K::KeyVariant, request(r#""error":{"code":1,"message":"a","Message":"b"}"#)),
        (K::LoneSurrogate, call(r#"{"name":"\ud800"}"#)),
        (K::LoneSurrogate, call(r#"{"name":"\udc00"}"#)),
        (K::LoneSurrogate, call(r#"{"name":"\ud800\u0041"}"#)),
        (K::LoneSurrogate, call(r#"{"name":"\ud800xudc00"}"#)),
        (K::LoneSurrogate, call(r#"{"\uDFFF":1}"#)),
        (K::BadEscape, call(r#"{"name":"\x41"}"#)),
        (K::BadEscape, call(r#"{"name":"\u00g0"}"#)),
        (K::BadEscape, call(r#"{"name":"\u+123"}"#)),
        (K::NotANumber, call(r#"{"n":NaN}"#)),
        (K::NotANumber, call(r#"{"n":Infinity}"#)),
        (K::NotANumber, call(r#"{"n":-Infinity}"#)),
        (K::NumberRange, call(r#"{"n":1e999}"#)),
        (K::NumberRange, call(&format!(r#"{{"n":-{}}}"#, "9".repeat(400)))),
        (K::BadNumber, call(r#"{"n":01}"#)),
        (K::BadNumber, call(r#"{"n":-}"#)),
        (K::BadNumber, call(r#"{"n":+1}"#)),
        (K::BadNumber, call(r#"{"n":.5}"#)),
        (K::BadNumber, call(r#"{"n":1.}"#)),
        (K::BadNumber, call(r#"{"n":1e}"#)),
        (K::BadNumber, call(r#"{"n":1e+}"#)),
        (K::Syntax, call(r#"{"n":0x1F}"#)),
        (K::Syntax, call(r#"{"n":tru}"#)),
        (K::Syntax, call(r#"{"n":True}"#)),
        (K::Syntax, call(r#"{"n":1,}"#)),
        (K::Syntax, call(r"[1,]")),
        (K::Syntax, call(r#"{"n" 1}"#)),
        (K::Syntax, call(r"{n:1}")),
        (K::Syntax, call(r"{'n':1}")),
        (K::Syntax, call(r#"{"n":1]"#)),
        (K::Syntax, call(r#"{"n":1/*c*/}"#)),
        (K::Syntax, call("{\u{a0}}")),
        (K::TrailingData, call("{}") + "{}"),
        (K::TrailingData, call("{}") + "}"),
        (K::TrailingData, call("{}") + "\0"),
        (K::Truncated, call(r#"{"n":"#).trim_end_matches('}').to_owned()),
        (K::Truncated, r#"{"id":7,"method":"tools/call"#.to_owned()),
        (K::ByteOrderMark, format!("\u{feff}{}", call("{}"))),
        (K::BadVersion, r#"{"id":7,"method":"ping"}"#.to_owned()),
        (K::BadVersion, r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#.to_owned()),
        (K::BadVersion, r#"{"jsonrpc":2.0,"id":7,"method":"ping"}"#.to_owned()),
        (K::BadMethod, request(r#""method":null"#)),
        (K::BadMethod, request(r#""method":["ping"]"#)),
        (K::BadParams, call("7")),
        (K::BadParams, call(r#""x""#)),
        (K::BadParams, call("false")),
        // Python executes the method.
        (K::MethodWithResult, request(r#""method":"tools/call","result":{}"#)),
        (K::MethodWithResult, request(r#""method":"tools/call","error":{"code":1,"message":""}"#)),
        (K::ResultWithError, request(r#""result":{},"error":{"code":1,"message":""}"#)),
        (K::NoPayload, request(r#""params":{}"#)),
        (K::BadError, request(r#""error":"no""#)),
        (K::BadError, request(r#""error":null"#)),
        (K::BatchMember, r#"[{"jsonrpc":"2.0","id":7,"method":"ping"},7]"#.to_owned()),
        (K::BatchMember, r#"[{"jsonrpc":"2.0","id":7,"method":"ping"},[]]"#.to_owned()),
        (K::KeyVariant, r#"[{"jsonrpc":"2.0","id":7,"method":"ping","METHOD":"x"}]"#.to_owned()),
    ]
}

/// Text by text, the fault it must be. None has an id that an answer could carry.
fn without_id() -> Vec<(FaultKind, String)> {
    use FaultKind as K;
    let with = |id: &str| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
    vec![
        (K::BadId, with("27.0")),
        (K::BadId, with("1e2")),
        (K::BadId, with("true")),
        (K::BadId, with("[7]")),
        (K::BadId, with("{\"id\":7}")),
        (K::NullId, with("null")),
        (K::NullId, r#"{"jsonrpc":"2.0","id":null,"result":{}}"#.to_owned()),
        (K::MissingId, r#"{"jsonrpc":"2.0","result":{}}"#.to_owned()),
        (K::IdTooLong, with(&format!("\"{}\"", "x".repeat(1023)))),
        (K::DuplicateKey, r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}"#.to_owned()),
        (K::DuplicateKey, r#"{"jsonrpc":"2.0","id":7,"i\u0064":7,"method":"ping"}"#.to_owned()),
        (K::KeyVariant, r#"{"jsonrpc":"2.0","id":7,"ID":8,"method":"ping"}"#.to_owned()),
        (K::NotAnObject, r#""id""#.to_owned()),
        (K::NotAnObject, "null".to_owned()),
        (K::EmptyBatch, "[]".to_owned()),
        (K::EmptyBatch, "[ ]".to_owned()),
        (K::Truncated, String::new()),
        (K::Truncated, " ".to_owned()),
        (K::Syntax, "Server running on stdio".to_owned()),
        (K::BadVersion, r#"[{"id":7},{"id":8}]"#.to_owned()),
    ]
}

#[test]
fn what_reads_two_ways_is_refused_with_its_id() {
    for (kind, message) in with_id() {
        let fault = refuse(message.as_bytes());
        assert_eq!(fault.kind, kind, "{fault}: {message:?}");
        assert_eq!(fault.id.as_deref(), Some("7"), "{message:?}");
        assert!(fault.offset <= message.len(), "{message:?}");
    }
}

#[test]
fn what_has_no_id_is_refused_without() {
    for (kind, message) in without_id() {
        let fault = refuse(message.as_bytes());
        assert_eq!(fault.kind, kind, "{fault}: {message:?}");
        assert_eq!(fault.id, None, "{message:?}");
    }
}

#[test]
fn bytes_that_are_no_utf8_are_refused() {
    for bytes in [&b"\xFF"[..], b"\xC3", b"\xC0\xAF", b"\xED\xA0\x80", b"\xF4\x90\x80\x80"] {
        let mut message = br#"{"jsonrpc":"2.0","id":7,"method":""#.to_vec();
        message.extend_from_slice(bytes);
        message.extend_from_slice(b"\"}");
        let fault = refuse(&message);
        assert_eq!((fault.kind, fault.offset), (FaultKind::InvalidUtf8, 34));
        assert_eq!(fault.id.as_deref(), Some("7"));
    }
    // UTF-16, either way round.
    assert_eq!(refuse(b"{\0\"\0i\0d\0").kind, FaultKind::ControlCharacter);
    assert_eq!(refuse(b"\xFE\xFF\0{").kind, FaultKind::InvalidUtf8);
}

#[test]
fn what_only_looks_odd_passes() {
    for message in [
        r#" {	"jsonrpc" : "2.0" , "method" : "ping" , "id" : 0 } "#,
        r#"{"jsonrpc":"2.0","id":-0,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":"","method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"ping"}"#,
        r#"{"jsonrpc":"\u0032.0","id":1,"\u006dethod":"ping","params":null}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/x","params":[1,-0.0,1E-999,1e308]}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}"#,
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null,"extra":{"Method":1}}"#,
        // A tool's own arguments may be called anything, as long as they differ.
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"Name":1,"name":2,"ID":3,"":4}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"Content":1,"TOOLS":2}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{"__proto__":{},"constructor":1}}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"a\":\"\u{2028}\u{85}\u{7f}\u{feff}\u{10ffff}\"}}",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","method":"x"}]"#,
    ] {
        accept(message);
    }
}

#[test]
fn the_tables_above_meet_every_kind_but_the_limits() {
    use FaultKind as K;
    let met: HashSet<_> = with_id().into_iter().chain(without_id()).map(|(kind, _)| kind).collect();
    let elsewhere =
        [K::MessageTooLarge, K::InvalidUtf8, K::TooDeep, K::StringTooLong, K::TooManyValues, K::BatchTooLarge];
    for kind in FaultKind::ALL {
        assert!(met.contains(kind) || elsewhere.contains(kind), "no case for {}", kind.code());
    }
}

#[test]
fn kinds_have_codes_of_their_own_and_sentences() {
    let codes: HashSet<_> = FaultKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(codes.len(), FaultKind::ALL.len());
    for kind in FaultKind::ALL {
        assert!(kind.code().starts_with("WIRE-"));
        assert!(kind.title().len() > 10 && !kind.title().ends_with('.'), "{}", kind.title());
        assert!([-32700, -32600].contains(&kind.rpc_code()));
    }
    let fault = refuse(call(r#"{"a/b":[0,"\x"]}"#).as_bytes());
    assert_eq!(fault.to_string(), "a string has an escape that JSON does not know (at byte 66, /params/a~1b/1)");
}

#[test]
fn the_pointer_of_a_fault_is_bounded() {
    let key = "é".repeat(10_000);
    let fault = refuse(call(&format!(r#"{{"{key}":{{"a":tru}}}}"#)).as_bytes());
    assert!(fault.pointer.len() < 600 && fault.pointer.ends_with('…'));
}
