//! The canonical line.

use std::borrow::Cow;

use vanguard_wire::canonical;

#[test]
fn a_canonical_line_stays_as_it_is() {
    for line in [
        r#"{"jsonrpc":"2.0", "id":1.50e+3, "b":"\u2028\/é\n"}"#,
        "{\"a\":\"\u{7f}\u{a0}\u{84}\u{86}\u{2027}\u{202a}â\"}",
        "",
    ] {
        assert!(matches!(canonical(line.as_bytes()), Cow::Borrowed(same) if same == line.as_bytes()), "{line}");
    }
}

#[test]
fn only_what_ends_a_line_somewhere_is_rewritten() {
    for (line, expected) in [
        ("{\r\n\t\"a\" : [1,\n2]\r}\n", "{   \"a\" : [1, 2] } "),
        ("{\"a\":\"x\u{85}y\"}", r#"{"a":"x\u0085y"}"#),
        ("{\"a\u{2028}\":\"\u{2029}\"}", r#"{"a\u2028":"\u2029"}"#),
        // The backslash before the quote is itself escaped: the string ends there, and the tab is blank.
        ("{\"a\":\"\\\\\"\t,\"b\":\"\\\"\u{2028}\"}", r#"{"a":"\\" ,"b":"\"\u2028"}"#),
        ("{\"a\":\"\\\\\\\"\u{2028}\"\t}", r#"{"a":"\\\"\u2028" }"#),
    ] {
        assert_eq!(String::from_utf8_lossy(&canonical(line.as_bytes())), expected);
    }
}

#[test]
fn even_broken_text_becomes_one_line() {
    for line in [
        &b"\"a\r\n\x0b"[..],
        b"\"\\\r\"",
        b"\\\n",
        b"\"\\",
        b"\xE2\x80",
        b"\xE2\x80\xA8",
        b"\"\\\xE2\x80\xA8",
        b"\xE2\n\x80\xA8",
    ] {
        let out = canonical(line);
        assert!(out.iter().all(|byte| *byte >= 0x20), "{line:?} {out:?}");
        assert!(!out.windows(3).any(|three| three == b"\xE2\x80\xA8"), "{line:?} {out:?}");
    }
}
