//! What holds for any bytes.

use proptest::prelude::*;
use vanguard_wire::{Fault, Limits, Message, Packet, Tape, canonical, read, salvage_cut_id, salvage_id};

use crate::line::{Got, lines};
use crate::oracle;

/// JSON text as peers write it: any blanks, escapes and number forms.
fn json(depth: u32) -> BoxedStrategy<String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    scalar
        .prop_recursive(depth, 40, 6, |inner| {
            let member = (string(), inner.clone()).prop_map(|(key, value)| format!("{key} :{value}"));
            prop_oneof![
                proptest::collection::vec(inner, 0..6).prop_map(|all| format!("[{}]", all.join("\t, "))),
                proptest::collection::vec(member, 0..6).prop_map(|all| format!("{{ {}}}", all.join(","))),
            ]
        })
        .boxed()
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-z/~ ]{0,3}",
        Just("\\u00e9".to_owned()),
        Just("\\ud83d\\uDE00".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("\u{85}é😀".to_owned()),
        "\\\\[\"\\\\/bfnrt]",
    ];
    proptest::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

/// A message with some members, right or wrong.
fn message() -> impl Strategy<Value = String> {
    let member = prop_oneof![
        4 => Just("\"jsonrpc\":\"2.0\"".to_owned()),
        4 => (0..99_u8).prop_map(|id| format!("\"id\":{id}")),
        4 => json(4).prop_map(|value| format!("\"params\":{value}")),
        4 => Just("\"method\":\"tools/call\"".to_owned()),
        2 => json(4).prop_map(|value| format!("\"result\":{value}")),
        1 => json(2).prop_map(|value| format!("\"error\":{value}")),
        1 => (string(), json(2)).prop_map(|(key, value)| format!("{key}:{value}")),
    ];
    proptest::collection::vec(member, 1..6).prop_map(|members| format!("{{{}}}", members.join(", ")))
}

/// Text near to a message: one byte of it replaced, put in, or cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (message(), any::<prop::sample::Index>(), any::<u8>(), 0..3_u8).prop_map(|(text, place, byte, how)| {
        let mut bytes = text.into_bytes();
        let place = place.index(bytes.len());
        match how {
            0 => bytes[place] = byte,
            1 => bytes.insert(place, byte),
            _ => bytes.truncate(place),
        }
        bytes
    })
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "[\\[\\]{}\",:\\\\0-9eE.+\\-truefalsni \t\r\n]{0,60}".prop_map(String::into_bytes),
        message().prop_map(String::into_bytes),
        damaged(),
    ]
}

fn check<T>(bytes: &[u8], then: impl FnOnce(Result<Packet<'_, '_>, Fault>) -> T) -> T {
    then(read(bytes, &Limits::default(), &mut Tape::default()))
}

fn messages<'p, 't, 'a>(packet: &'p Packet<'t, 'a>) -> &'p [Message<'t, 'a>] {
    match packet {
        Packet::Single(message) => std::slice::from_ref(message),
        Packet::Batch(messages) => messages,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_everybody_reads_alike(bytes in any_bytes()) {
        let accepted = check(&bytes, |outcome| match outcome {
            Ok(packet) => Ok(messages(&packet).iter().map(|message| {
                (message.value.span(), oracle::tree(message.value))
            }).collect::<Vec<_>>()),
            Err(fault) => Err(fault),
        });
        match accepted {
            Ok(found) => for (span, tree) in found {
                prop_assert_eq!(Some(tree), oracle::parse(&bytes[span]));
            },
            Err(fault) => {
                prop_assert!(fault.offset <= bytes.len());
                prop_assert_eq!(fault.id, salvage_id(&bytes));
            }
        }
    }

    #[test]
    fn json_is_refused_only_for_a_reason_that_json_allows(value in json(5)) {
        // Valid JSON, wrapped into a message: only duplicates, variants and huge numbers may be refused.
        let text = format!(r#"{{"jsonrpc":"2.0","method":"m","params":[{value}]}}"#);
        let code = check(text.as_bytes(), |outcome| outcome.map_or_else(|fault| fault.kind.code(), |_| ""));
        prop_assert!(["", "WIRE-DUPLICATE-KEY", "WIRE-NUMBER-RANGE"].contains(&code), "{}", code);
    }

    #[test]
    fn pointers_lead_to_their_values(value in json(5)) {
        let text = format!(r#"{{"jsonrpc":"2.0","method":"m","params":[{value}]}}"#);
        check(text.as_bytes(), |outcome| if let Ok(Packet::Single(message)) = outcome {
            oracle::check_pointers(message.value, &oracle::tree(message.value));
        });
    }

    #[test]
    fn the_canonical_line_says_the_same(bytes in any_bytes()) {
        let line = canonical(&bytes);
        prop_assert!(line.iter().all(|byte| *byte >= 0x20));
        prop_assert_eq!(&canonical(&line), &line);
        if check(&bytes, |outcome| outcome.is_ok()) {
            prop_assert_eq!(oracle::parse(&line), oracle::parse(&bytes));
            prop_assert!(check(&line, |outcome| outcome.is_ok()));
            let text = std::str::from_utf8(&line).unwrap();
            let ends_no_line = !text.contains(['\u{85}', '\u{2028}', '\u{2029}']);
            prop_assert!(ends_no_line);
        }
    }

    #[test]
    fn blanks_and_order_do_not_change_what_is_refused(value in json(4)) {
        let plain = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":[{value}]}}"#);
        let spaced = format!("\t{{ \"params\" : [ {value} ] , \"method\" : \"m\" , \"id\" : 1 , \"jsonrpc\" : \"2.0\" }} ");
        let kind = |text: &str| check(text.as_bytes(), |outcome| outcome.map(|_| ()).map_err(|fault| fault.kind));
        prop_assert_eq!(kind(&plain), kind(&spaced));
    }

    #[test]
    fn salvage_finds_the_id_of_every_message_that_has_one(text in message()) {
        let id = check(text.as_bytes(), |outcome| match outcome {
            Ok(Packet::Single(message)) => message.value.get("id").map(|id| id.lexeme().to_owned()),
            _ => None,
        });
        if id.is_some() {
            prop_assert_eq!(salvage_id(text.as_bytes()), id);
        }
    }

    #[test]
    fn salvage_gives_no_id_where_there_are_two(value in json(3), first in 0..9_u8, second in 0..9_u8) {
        for key in ["id", "ID", "\\u0069d", "i\\u0000d"] {
            let text = format!("{{\"id\":{first},\"x\":{value},\"{key}\":{second}}}");
            prop_assert_eq!(salvage_id(text.as_bytes()), None);
            prop_assert_eq!(salvage_cut_id(b"{\"x\":[", format!("],{}", &text[1..]).as_bytes()), None);
        }
    }

    #[test]
    fn a_cut_message_gives_its_id_or_none(text in message(), cut in any::<prop::sample::Index>()) {
        let bytes = text.as_bytes();
        if let Some(id) = check(bytes, |outcome| outcome.ok().and_then(|_| salvage_id(bytes))) {
            let (head, tail) = bytes.split_at(cut.index(bytes.len()));
            let salvaged = salvage_cut_id(head, tail);
            prop_assert!(salvaged.is_none() || salvaged == Some(id));
        }
    }

    #[test]
    fn salvage_takes_any_bytes(bytes in any_bytes(), other in any_bytes()) {
        if let Some(id) = salvage_id(&bytes) {
            let answer = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}");
            prop_assert!(check(answer.as_bytes(), |outcome| outcome.is_ok()), "{}", answer);
        }
        salvage_cut_id(&bytes, &other);
    }

    #[test]
    fn a_stream_has_the_same_lines_however_it_comes(
        stream in "(x{0,30}[ \r\n]{0,3}){0,20}",
        pieces in proptest::collection::vec(1..40_usize, 1..8),
        max in 0..30_usize,
    ) {
        let whole = lines(max, stream.as_bytes(), &[usize::MAX]);
        prop_assert_eq!(&lines(max, stream.as_bytes(), &pieces), &whole);
        let naive: Vec<_> = stream.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line))
            .filter(|line| line.len() > max || !line.trim_matches([' ', '\r']).is_empty()).collect();
        let texts: Vec<_> = whole.into_iter().map(|line| match line {
            Got::Message(text) => { assert!(text.len() <= max); text }
            Got::Oversize { head, tail, length } => {
                let all = [head, tail].concat();
                assert!(all.len() > max && all.len() as u64 == length);
                all
            }
        }).collect();
        prop_assert_eq!(texts, naive.into_iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn long_lines_too(
        lengths in proptest::collection::vec(0..90_000_usize, 1..6),
        pieces in proptest::collection::vec(1..70_000_usize, 1..8),
        max in prop_oneof![0..100_usize, 20_000..90_000_usize],
    ) {
        let mut stream = Vec::new();
        for (number, length) in lengths.iter().enumerate() {
            stream.extend((0..*length).map(|at| b'a' + u8::try_from((at / 7 + number) % 26).unwrap()));
            stream.extend_from_slice(if length % 2 == 0 { b"\r\n" } else { b"\n" });
        }
        prop_assert_eq!(lines(max, &stream, &pieces), lines(max, &stream, &[usize::MAX]));
    }
}
