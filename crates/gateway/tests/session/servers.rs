//! Servers that misbehave.

use std::io::{BufRead, BufReader};

use crate::support::{python, request, shell};

#[test]
fn text_on_stdout_that_is_no_message_never_reaches_the_client() {
    let mut proxy = python("m = read()\nfor n in range(1000): out(f'log line {n}')\nanswer(m)").start();
    proxy.send(&request(1));
    proxy.close();
    let rest = proxy.rest();
    assert_eq!(rest.len(), 1, "{rest:?}");
    proxy.wait();
    let records = proxy.log().matches(r#""verdict":"block""#).count();
    assert_eq!(records, 1000, "the record keeps each");
    let (_, stderr) = proxy.end();
    assert_eq!(stderr.matches("refused").count(), 20, "{stderr}");
    assert!(stderr.contains("980 more lines"), "{stderr}");
}

#[test]
fn stderr_is_shown_line_by_line_and_harmless() {
    let mut proxy = shell(r"printf 'hello\n\033[31mred\033[0m\033[2J\nunfinished' >&2; cat").start();
    proxy.close();
    let (_, stderr) = proxy.end();
    let shown: Vec<_> = stderr.lines().filter(|line| line.starts_with("[sh] ")).collect();
    assert_eq!(shown, ["[sh] hello", r"[sh] red\u{1b}[2J", "[sh] unfinished"]);
}

#[test]
fn a_line_of_stderr_is_bounded() {
    let mut proxy = shell("head -c 1000000 /dev/zero | tr '\\0' x >&2; cat").start();
    proxy.close();
    let (_, stderr) = proxy.end();
    let shown = stderr.lines().find(|line| line.starts_with("[sh] ")).unwrap();
    assert_eq!(shown.len(), "[sh] ".len() + 8 * 1024 + "…".len());
}

#[test]
fn a_flood_on_stderr_that_nobody_reads_holds_nothing_up() {
    let script = "
m = read()
for n in range(200): sys.stderr.write('x' * 100_000 + '\\n')
answer(m)
read()";
    let mut proxy = python(script).start_unread();
    proxy.send(&request(1));
    let mut answer = String::new();
    BufReader::new(proxy.take_stdout()).read_line(&mut answer).unwrap();
    assert!(answer.contains(r#""id": 1"#), "{answer}");
    proxy.close();
    assert_eq!(proxy.wait().code(), Some(0));
}

/// A server's refused requests are answered to the server. One that reads nothing while it writes must not stop the pump that reads it.
#[test]
fn a_server_that_writes_before_it_reads_does_not_deadlock() {
    let script = "
for n in range(1000): out(json.dumps({'jsonrpc': '2.0', 'id': n, 'method': 'sampling/createMessage', 'params': {'messages': [{'role': 'user', 'content': {'type': 'text', 'text': 'FORBIDDEN'}}], 'maxTokens': 1}}))
out(json.dumps({'jsonrpc': '2.0', 'method': 'notifications/written'}))
refused = 0
while refused < 1000: refused += 'error' in read()
out(json.dumps({'jsonrpc': '2.0', 'method': 'notifications/answered'}))
read()";
    let mut proxy = python(script).start();
    assert!(proxy.line().contains("notifications/written"));
    assert!(proxy.line().contains("notifications/answered"));
    proxy.close();
    assert_eq!(proxy.end().0, 0);
}

#[test]
fn a_server_that_never_reads_our_answers_ends_the_session() {
    let script = "
while True: out(json.dumps({'jsonrpc': '2.0', 'id': time.time_ns(), 'method': 'sampling/createMessage', 'params': {'messages': [{'role': 'user', 'content': {'type': 'text', 'text': 'FORBIDDEN'}}], 'maxTokens': 1}}))";
    let proxy = python(script).waits([500, 100, 100, 100]).start();
    let (code, stderr) = proxy.end();
    assert_eq!(code, 1);
    assert!(stderr.contains("does not read our answers"), "{stderr}");
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let (code, stderr) = crate::support::proxy(["no-such-server", "--flag"]).start().end();
    assert_eq!(code, 4);
    assert!(stderr.contains("there is no program no-such-server") && stderr.contains("PATH"), "{stderr}");
    let (code, stderr) = crate::support::proxy(["/etc/hostname"]).start().end();
    assert_eq!(code, 4);
    assert!(stderr.contains("executable"), "{stderr}");
}
