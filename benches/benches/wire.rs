//! Reading one message. To keep: ≤ 1 µs for a call of 300 bytes, ≥ 1 GB/s on 64 KB of plain text.

use divan::Bencher;
use divan::counter::BytesCount;
use vanguard_wire::{Limits, Tape, canonical, read};

fn main() {
    divan::main();
}

/// A `tools/call` of about `bytes` bytes: ordinary arguments, and a text that fills it up.
fn call(bytes: usize, filler: &str) -> Vec<u8> {
    let start = r#"{"method":"tools/call","params":{"name":"edit_file","arguments":{"path":"src/main.rs","dryRun":false,"edits":[{"oldText":"let x = 1;","line":12}],"text":""#;
    let end = r#""},"_meta":{"progressToken":3}},"jsonrpc":"2.0","id":17}"#;
    let room = bytes.saturating_sub(start.len() + end.len());
    let text = filler.repeat(room / filler.len() + 1);
    format!("{start}{}{end}", &text[..room / filler.len() * filler.len()]).into_bytes()
}

/// An answer to `tools/list` of about 11 KB: many small objects, short keys.
fn tools_list() -> Vec<u8> {
    let tools: Vec<String> = (0..24)
        .map(|number| {
            format!(
                r#"{{"name":"tool_{number}","title":"Tool {number}","description":"Reads the complete text of one file. Fails if the file cannot be read.","inputSchema":{{"type":"object","properties":{{"path":{{"type":"string","description":"Where it is"}},"head":{{"type":"number"}},"tail":{{"type":"number","minimum":0}}}},"required":["path"],"additionalProperties":false,"$schema":"https://json-schema.org/draft/2020-12/schema"}},"annotations":{{"readOnlyHint":true}}}}"#
            )
        })
        .collect();
    format!(r#"{{"result":{{"tools":[{}]}},"jsonrpc":"2.0","id":1}}"#, tools.join(",")).into_bytes()
}

const TEXT: &str = "The quick brown fox jumps over the lazy dog; then it rests. ";
const LINES: &str = r#"fn main() {\n\tprintln!(\"caf\u00e9 \\ ok\");\n}\n"#;

fn bench_read(bencher: Bencher<'_, '_>, message: &[u8]) {
    let mut tape = Tape::default();
    let limits = Limits::default();
    assert!(read(message, &limits, &mut tape).is_ok());
    bencher
        .counter(BytesCount::new(message.len()))
        .bench_local(|| read(divan::black_box(message), &limits, &mut tape).is_ok());
}

#[divan::bench]
fn read_300_bytes(bencher: Bencher<'_, '_>) {
    bench_read(bencher, &call(300, TEXT));
}

#[divan::bench]
fn read_1_kb(bencher: Bencher<'_, '_>) {
    bench_read(bencher, &call(1024, TEXT));
}

#[divan::bench]
fn read_64_kb_text(bencher: Bencher<'_, '_>) {
    bench_read(bencher, &call(64 << 10, TEXT));
}

#[divan::bench]
fn read_64_kb_of_escapes(bencher: Bencher<'_, '_>) {
    bench_read(bencher, &call(64 << 10, LINES));
}

#[divan::bench]
fn read_64_kb_not_ascii(bencher: Bencher<'_, '_>) {
    bench_read(bencher, &call(64 << 10, "Падает снег — 雪が降る。"));
}

#[divan::bench]
fn read_tools_list(bencher: Bencher<'_, '_>) {
    bench_read(bencher, &tools_list());
}

#[divan::bench]
fn canonical_64_kb(bencher: Bencher<'_, '_>) {
    let message = call(64 << 10, TEXT);
    bencher.counter(BytesCount::new(message.len())).bench_local(|| canonical(divan::black_box(&message)).len());
}
