//! What passes, and how.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{call, notification, proxy, python, request};

#[test]
fn bytes_pass_unchanged_and_in_order() {
    // Tokens that a reader and writer of JSON would spell in another way.
    let lines = [
        notification(r#"{"b":1.0e+2,"a":12345678901234567890.10,"":-0}"#),
        r#" {"jsonrpc" : "2.0" ,  "method":"notifications/message","params":{ "data":"\u00e9\/é\ud83d\ude00" } , "x":[ ] } "#.to_owned(),
        r#"{"jsonrpc":"2.0","method":"notifications/unknown","params":{"_meta":{"a/b":null}},"extension":true}"#.to_owned(),
    ];
    let mut proxy = proxy(["cat"]).start();
    for line in &lines {
        proxy.send(line);
    }
    proxy.close();
    assert_eq!(proxy.rest(), lines);
    assert_eq!(proxy.end().0, 0);
}

#[test]
fn a_last_line_without_its_end_is_a_message() {
    let mut proxy = proxy(["cat"]).start();
    let line = notification("1");
    proxy.take_stdin().write_all(line.as_bytes()).unwrap();
    assert_eq!(proxy.rest(), [line]);
}

#[test]
fn a_flood_loses_nothing() {
    const LINES: usize = 100_000;
    let mut proxy = proxy(["cat"]).start();
    let mut stdin = proxy.take_stdin();
    let writer = thread::spawn(move || {
        for n in 0..LINES {
            writeln!(stdin, "{}", notification(&n.to_string())).unwrap();
        }
    });
    for n in 0..LINES {
        assert_eq!(proxy.line(), notification(&n.to_string()));
    }
    writer.join().unwrap();
    assert_eq!(proxy.rest(), [""; 0]);
    assert_eq!(proxy.wait().code(), Some(0));
    let records = proxy.log().matches(r#""verdict":"allow""#).count();
    assert_eq!(records, 2 * LINES, "each message is recorded once on its way there and once back");
}

/// A line of about `size` bytes, in strings below the limit of one.
fn long_line(size: usize) -> String {
    let string = format!("\"{}\"", "lorem ipsum ".repeat(8_000));
    let strings = vec![string.as_str(); size / string.len()];
    notification(&format!("[{}]", strings.join(",")))
}

#[test]
fn a_huge_line_takes_time_in_proportion() {
    let mut proxy = proxy(["cat"]).start();
    let mut stdin = proxy.take_stdin();
    let mut carry = |size| {
        let line = long_line(size);
        let begun = Instant::now();
        let sent = line.clone();
        thread::scope(|scope| {
            scope.spawn(|| writeln!(stdin, "{sent}").unwrap());
            assert!(proxy.line() == line, "{size} bytes come back as they went");
        });
        begun.elapsed()
    };
    carry(1 << 20);
    let small = carry(1 << 20);
    let large = carry(15 << 20);
    assert!(large < small * 15 * 4 + Duration::from_millis(500), "1 MiB takes {small:?}, 15 MiB take {large:?}");
}

#[test]
fn a_line_over_the_limit_is_refused_with_its_id() {
    let mut proxy = python("answer(read())").start();
    let long = call(7, &"x".repeat(17 << 20));
    proxy.send(&long);
    let answer = proxy.line();
    assert!(answer.starts_with(r#"{"jsonrpc":"2.0","id":7,"error":"#), "{answer}");
    proxy.send(&request(8));
    assert!(proxy.line().contains(r#""id": 8"#), "the session goes on");
}

#[test]
fn a_refused_request_is_answered_and_never_arrives() {
    let mut proxy = python("while True: answer(read())").start();
    proxy.send(&call(1, "FORBIDDEN"));
    let answer = proxy.line();
    assert!(answer.starts_with(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-31001,"#), "{answer}");
    assert!(answer.contains(r#""blocked_by":"McpVanguard""#), "{answer}");
    proxy.send(&request(2));
    proxy.close();
    let rest = proxy.rest();
    assert_eq!(rest.len(), 1);
    assert!(rest[0].contains(r#""id": 2"#));
    let (_, stderr) = proxy.end();
    assert!(stderr.contains("TB-001"), "{stderr}");
}

#[test]
fn a_refused_response_becomes_an_error_for_its_request() {
    let mut proxy = python("answer(read(), 'FORBIDDEN'); answer(read())").start();
    proxy.send(&request(1));
    let answer = proxy.line();
    assert!(answer.starts_with(r#"{"jsonrpc":"2.0","id":1,"error":"#) && !answer.contains("FORBIDDEN"), "{answer}");
    proxy.send(&request(2));
    assert!(proxy.line().contains(r#""id": 2"#));
}

#[test]
fn a_client_that_closes_its_end_still_gets_its_answer() {
    let mut proxy = python("m = read(); time.sleep(0.5); answer(m); read()").start();
    proxy.send(&request(1));
    proxy.close();
    let rest = proxy.rest();
    assert_eq!(rest.len(), 1);
    assert!(rest[0].contains(r#""id": 1"#));
    assert_eq!(proxy.end().0, 0);
}
