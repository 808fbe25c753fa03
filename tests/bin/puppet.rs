//! An MCP server on strings: every line that reaches its stdin is reported over a socket to the test that holds it,
//! and what the test sends back goes to its stdout, to its stderr, or ends it.
//!
//! `puppet SOCKET` is led by a test; `puppet echo` answers every request at once, for tests of many sessions.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::exit;
use std::thread;

fn main() -> std::io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("echo") => echo(),
        Some(socket) => led(UnixStream::connect(socket)?),
        None => exit(64),
    }
}

/// Frames: one letter, four bytes of length, the payload. To the test: `L`ine, `E`nd of input. From it: bytes for the
/// `O`utput or e`R`ror stream, and `X` with the exit code to leave with.
fn led(mut test: UnixStream) -> std::io::Result<()> {
    let mut orders = test.try_clone()?;
    thread::spawn(move || {
        let mut line = Vec::new();
        let mut stdin = BufReader::new(std::io::stdin());
        while stdin.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let _ = frame(&mut test, b'L', line.strip_suffix(b"\n").unwrap_or(&line));
            line.clear();
        }
        let _ = frame(&mut test, b'E', &[]);
    });
    let mut head = [0; 5];
    while orders.read_exact(&mut head).is_ok() {
        let [kind, length @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes(length) as usize];
        orders.read_exact(&mut payload)?;
        match kind {
            b'O' => std::io::stdout().write_all(&payload).and_then(|()| std::io::stdout().flush())?,
            b'R' => std::io::stderr().write_all(&payload)?,
            _ => exit(payload.first().copied().unwrap_or(0).into()),
        }
    }
    // The test is gone, and so are we.
    exit(1)
}

fn frame(to: &mut UnixStream, kind: u8, payload: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    to.write_all(&[&[kind], &length.to_be_bytes()[..], payload].concat())
}

fn echo() -> std::io::Result<()> {
    for line in std::io::stdin().lines() {
        let line = line?;
        let id = line.split("\"id\":").nth(1).and_then(|rest| rest.split([',', '}']).next());
        if let Some(id) = id {
            let text = r#"{"content":[{"type":"text","text":"ok"}]}"#;
            writeln!(std::io::stdout().lock(), r#"{{"jsonrpc":"2.0","id":{id},"result":{text}}}"#)?;
        }
    }
    Ok(())
}
