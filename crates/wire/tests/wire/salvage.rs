//! The id of what was refused.

use vanguard_wire::{salvage_cut_id, salvage_id};

#[test]
fn the_one_top_level_id_is_found() {
    for (text, id) in [
        (r#"{"id":7,"method":"#, "7"),
        (r#"{"method":"x","params":{"id":8,"a":[{"id":9}]},"jsonrpc":"2.0","id":"a\"b"}"#, r#""a\"b""#),
        (r#"{"method":"x","params":{"text":"\",\"id\":1"},"id":-3}"#, "-3"),
        (r#"{"\u0069d":5}"#, "5"),
        (r#"{"id" : 5 ,"#, "5"),
        ("\u{feff}{\"id\":5}", "5"),
        ("{\"bad\":\"\r\n\t\",\"id\":5}", "5"),
        (r#"{"n":NaN,'x':01,"id":5,}"#, "5"),
        (r#"[{"id":5},{"method":"notification"}]"#, "5"),
        (r#"{"id":5}}}}]"#, "5"),
    ] {
        assert_eq!(salvage_id(text.as_bytes()).as_deref(), Some(id), "{text}");
    }
    assert_eq!(salvage_id(b"{\"x\":\"\xFF\",\"id\":5}").as_deref(), Some("5"));
}

#[test]
fn none_two_or_no_proper_id_is_none() {
    for text in [
        "",
        "{",
        "rubbish \"id\":7",
        r#"{"params":{"id":7}}"#,
        r#"{"id":7,"id":7}"#,
        r#"{"id":7,"ID":8}"#,
        r#"{"id":7,"\u0069d":8}"#,
        r#"{"id":7,"id\u0000":8}"#,
        r#"{"id":7,"id":{}}"#,
        r#"{"id":null,"id":7}"#,
        r#"{"id":{},"id":7}"#,
        r#"{"id":,"id":7}"#,
        r#"{"id":7}{"id":8}"#,
        r#"[{"id":7},{"id":8}]"#,
        r#"{"id":7.5}"#,
        r#"{"id":null}"#,
        r#"{"id":true}"#,
        r#"{"id":[7]}"#,
        r#"{"id":"a\x"}"#,
        r#"{"id":"#,
        // More digits, or the rest of the string, may be cut off.
        r#"{"id":12"#,
        r#"{"id":"12"#,
        "{\"id\":\"a\nb\"}",
    ] {
        assert_eq!(salvage_id(text.as_bytes()), None, "{text}");
    }
    assert_eq!(salvage_id(format!("{{\"id\":\"{}\"}}", "x".repeat(2000)).as_bytes()), None);
}

/// What the reader refuses as an id no answer may carry either.
#[test]
fn a_number_beyond_every_double_is_no_id() {
    let largest = format!("{{\"id\":{}}}", "9".repeat(308));
    assert!(salvage_id(largest.as_bytes()).is_some());
    let beyond = format!("{{\"id\":{}}}", "9".repeat(309));
    assert_eq!(salvage_id(beyond.as_bytes()), None);
}

#[test]
fn the_end_of_a_cut_message_helps() {
    let head = br#"{"method":"tools/call","params":{"name":"x","arguments":{"text":"aaaa"#;
    for (tail, id) in [
        (r#"aaa"}},"jsonrpc":"2.0","id":7}"#, Some("7")),
        (r#"aaa"}},"id":"q\\\"r\\" , "jsonrpc" : "2.0" } "#, Some(r#""q\\\"r\\""#)),
        (r#""id":9,"x":"aaa"}},"jsonrpc":"2.0","id":7}"#, Some("7")),
        (r#"aaa","id":7}}}"#, None),
        (r#"aaa"}},"id":7,"id":8}"#, None),
        (r#"aaa"}},"id":7.5}"#, None),
        (r#"aaa"}},"id":7"#, None),
        // The quote before `id` is a character of the text.
        (r#"aaa\"id":7}"#, None),
        ("", None),
        ("}", None),
    ] {
        assert_eq!(salvage_cut_id(head, tail.as_bytes()).as_deref(), id, "{tail}");
    }
    assert_eq!(salvage_cut_id(br#"{"id":3,"params":["#, b"0]}").as_deref(), Some("3"));
    assert_eq!(salvage_cut_id(br#"{"id":3,"params":["#, br#"0],"id":4}"#), None);
    assert_eq!(salvage_cut_id(br#"[{"params":["#, br#"0],"id":4}"#), None);
}
