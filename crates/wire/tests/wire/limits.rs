//! Each limit at its edge: reached, accepted; exceeded by one, refused.

use std::time::{Duration, Instant};

use vanguard_wire::{FaultKind, Limits, Packet, Tape, read};

fn check(limits: &Limits, at_limit: &str, one_over: &str, kind: FaultKind) {
    let mut tape = Tape::default();
    if let Err(fault) = read(at_limit.as_bytes(), limits, &mut tape) {
        panic!("at the limit: {fault}");
    }
    let fault = read(one_over.as_bytes(), limits, &mut tape).map(|_| ()).expect_err("one over the limit");
    assert_eq!(fault.kind, kind);
    assert_eq!(fault.id.as_deref(), Some("1"));
}

fn message(params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#)
}

#[test]
fn depth() {
    // The message itself is the first level.
    let nested = |levels: usize| message(&("[".repeat(levels - 1) + &"]".repeat(levels - 1)));
    check(&Limits::default(), &nested(64), &nested(65), FaultKind::TooDeep);
    let limits = Limits { depth: 3, ..Limits::default() };
    check(&limits, &nested(3), &nested(4), FaultKind::TooDeep);
    check(&limits, &message(r#"[{},[],{"a":1}]"#), &message(r#"[[],{"a":{}}]"#), FaultKind::TooDeep);
}

#[test]
fn message_size() {
    let exact = |size: usize| {
        let rest = message(r#"[""]"#).len();
        let texts = (size - rest) / 1_000_000;
        let all = format!("\"{}\",", "a".repeat(1_000_000 - 3)).repeat(texts);
        message(&format!("[{all}\"{}\"]", "a".repeat((size - rest) % 1_000_000)))
    };
    let size = Limits::default().message_bytes;
    assert_eq!(exact(size).len(), size);
    check(&Limits::default(), &exact(size), &exact(size + 1), FaultKind::MessageTooLarge);
    let limits = Limits { message_bytes: 200, ..Limits::default() };
    check(&limits, &exact(200), &exact(201), FaultKind::MessageTooLarge);
}

#[test]
fn string_size_counts_the_source() {
    let value = |size: usize| message(&format!("[\"{}\"]", "a".repeat(size)));
    let key = |size: usize| message(&format!("{{\"{}\":1}}", "a".repeat(size)));
    check(&Limits::default(), &value(1 << 20), &value((1 << 20) + 1), FaultKind::StringTooLong);
    check(&Limits::default(), &key(1 << 20), &key((1 << 20) + 1), FaultKind::StringTooLong);
    let limits = Limits { string_bytes: 12, ..Limits::default() };
    check(&limits, &message(r#"["\u0041\u0042"]"#), &message(r#"["\u0041\u0042c"]"#), FaultKind::StringTooLong);
}

#[test]
fn batch_size() {
    let batch = |count: usize| {
        let rest = r#",{"jsonrpc":"2.0","method":"m"}"#.repeat(count - 1);
        format!(r#"[{{"jsonrpc":"2.0","id":1,"method":"m"}}{rest}]"#)
    };
    check(&Limits::default(), &batch(100), &batch(101), FaultKind::BatchTooLarge);
    let limits = Limits { batch: 2, ..Limits::default() };
    check(&limits, &batch(2), &batch(3), FaultKind::BatchTooLarge);
}

#[test]
fn number_of_values() {
    // The message, its version, id and method, and the array: five without the zeros.
    let values = |count: usize| message(&format!("[0{}]", ",0".repeat(count - 6)));
    check(&Limits::default(), &values(500_000), &values(500_001), FaultKind::TooManyValues);
    let limits = Limits { nodes: 10, ..Limits::default() };
    check(&limits, &values(10), &values(11), FaultKind::TooManyValues);
    check(&limits, &message(r#"{"a":1,"b":2,"c":[{}]}"#), &values(11), FaultKind::TooManyValues);
}

#[test]
fn id_size() {
    let with = |id: String| format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
    let mut tape = Tape::default();
    assert!(read(with(format!("\"{}\"", "a".repeat(1022))).as_bytes(), &Limits::default(), &mut tape).is_ok());
    let long = with(format!("\"{}\"", "a".repeat(1023)));
    let fault = read(long.as_bytes(), &Limits::default(), &mut tape).map(|_| ()).unwrap_err();
    assert_eq!((fault.kind, fault.id), (FaultKind::IdTooLong, None));
}

#[test]
fn many_keys_cost_linear_time() {
    // Equal in length and at both ends, so that only a comparison tells them apart.
    let object = |count: usize| {
        let keys: Vec<String> = (0..count).map(|number| format!("\"k{number:07}k\":0")).collect();
        message(&format!("{{{}}}", keys.join(",")))
    };
    let mut tape = Tape::default();
    let started = Instant::now();
    assert!(read(object(100_000).as_bytes(), &Limits::default(), &mut tape).is_ok());
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let twice = object(100_000).replace("k0099999k", "k0050000k");
    let fault = read(twice.as_bytes(), &Limits::default(), &mut tape).map(|_| ()).unwrap_err();
    assert_eq!((fault.kind, &*fault.pointer), (FaultKind::DuplicateKey, "/params/k0050000k"));
}

#[test]
fn duplicates_are_found_at_any_size_of_object() {
    for count in [2, 15, 16, 17, 18, 100] {
        for (first, second) in [(0, 1), (0, count - 1), (count - 2, count - 1)] {
            let mut keys: Vec<String> = (0..count).map(|number| format!("key{number}")).collect();
            keys[second] = keys[first].replace('k', "\\u006b");
            let members: Vec<String> = keys.iter().map(|key| format!("\"{key}\":{{}}")).collect();
            let line = message(&format!("{{{}}}", members.join(",")));
            let fault = read(line.as_bytes(), &Limits::default(), &mut Tape::default()).map(|_| ()).unwrap_err();
            assert_eq!(fault.kind, FaultKind::DuplicateKey, "{count} {first} {second}");
        }
    }
}

#[test]
fn no_limits_of_zero_and_no_limits_of_everything_panic() {
    let none = Limits { message_bytes: 0, string_bytes: 0, depth: 0, batch: 0, nodes: 0 };
    let all = Limits {
        message_bytes: usize::MAX,
        string_bytes: usize::MAX,
        depth: usize::MAX,
        batch: usize::MAX,
        nodes: usize::MAX,
    };
    let mut tape = Tape::default();
    for line in [message("{}"), String::new(), "[]".to_owned()] {
        assert!(read(line.as_bytes(), &none, &mut tape).is_err());
    }
    let deep = message(&("[".repeat(200_000) + &"]".repeat(200_000)));
    assert!(matches!(read(deep.as_bytes(), &all, &mut tape), Ok(Packet::Single(_))));
}
