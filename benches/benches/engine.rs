//! The engine alone, with every built-in rule. Limits: a 300-byte call in at most 10 µs, 64 KB of text at 150 MB/s or more in a
//! request, and at 100 MB/s in a result.
//!
//! `cargo bench -p benches --bench engine`

use benches::{Still, call, engine};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use vanguard_engine::{Effect, Flow, Scratch, Session};

fn main() {
    divan::main();
}

/// Judges `line` towards the server again and again; a notification, so that no id is in flight twice.
fn judge(bencher: Bencher<'_, '_>, line: &str) {
    judge_towards(bencher, Flow::ToServer, line);
}

/// Judges `text` as what a model reads.
fn judge_result(bencher: Bencher<'_, '_>, text: &str) {
    let text = serde_json::to_string(text).expect("a string is JSON");
    let line =
        format!(r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":{text}}}}}"#);
    judge_towards(bencher, Flow::ToClient, &line);
}

fn judge_towards(bencher: Bencher<'_, '_>, flow: Flow, line: &str) {
    let engine = engine();
    let session = Session::new();
    let mut scratch = Scratch::default();
    // A value that was clean a moment ago is not looked at again, so each line has some of its own.
    let lines: Vec<String> = (0..LINES).map(|n| line.replace(OWN, &format!("{n:04}"))).collect();
    for line in &lines {
        assert!(
            matches!(engine.judge(&session, flow, line.as_bytes(), &mut scratch, &Still).effect, Effect::Forward(_)),
            "a benchmark of refusals measures something else"
        );
    }
    let mut lines = lines.iter().cycle();
    bencher.counter(BytesCount::of_str(line)).bench_local(|| {
        let line = lines.next().expect("the lines come round again");
        engine.judge(&session, flow, black_box(line.as_bytes()), &mut scratch, &Still).decisions
    });
}

/// What stands in a text for a number that each line has for itself.
const OWN: &str = "@@@@";

/// How many lines go round: many times what a thread remembers of them.
const LINES: usize = 2_048;

const CODE: &str = "fn parse(input: &str) -> Result<Config, Error> {\n    let table = input.parse::<Table>()?; // as it was written\n    Ok(Config::from(&table))\n}\n\n";

const PROSE: &str = "The relay reads a chunk, cuts it into lines and judges each; what is allowed leaves as it came. ";

#[divan::bench]
fn read_file_120_bytes(bencher: Bencher<'_, '_>) {
    judge(bencher, &call("read_file", r#"{"path":"/home/project/src/main@@@@.rs"}"#));
}

/// The same call again and again: what a session mostly sends.
#[divan::bench]
fn read_file_120_bytes_again(bencher: Bencher<'_, '_>) {
    judge(bencher, &call("read_file", r#"{"path":"/home/project/src/main.rs"}"#));
}

#[divan::bench]
fn edit_file_300_bytes(bencher: Bencher<'_, '_>) {
    judge(
        bencher,
        &call(
            "edit_file",
            r#"{"path":"/home/project/src/config@@@@.rs","edits":[{"oldText":"fn parse@@@@(input: &str) -> Result<Config, Error> {","newText":"pub fn parse@@@@(input: &str) -> Result<Config, ParseError> {"}],"dryRun":false}"#,
        ),
    );
}

#[divan::bench]
fn shell_command_300_bytes(bencher: Bencher<'_, '_>) {
    let command = "git log --oneline --since='2 weeks ago' -- crates/c@@@@ | grep -E 'fix|mend' | head -n 20 && cargo test -p engine --quiet 2>&1 | tail -n 5; echo done";
    judge(
        bencher,
        &call("run_command", &format!(r#"{{"command":"{command}","cwd":"/home/@@@@","timeout_ms":30000}}"#)),
    );
}

/// The grammar at work: quotes, pipes, variables, a loop, a here-document. At most 40 µs.
#[divan::bench]
fn shell_command_1_kb(bencher: Bencher<'_, '_>) {
    let command = "set -euo pipefail; BUILD_DIR=build/@@@@; mkdir -p \"$BUILD_DIR\" && cd \"$BUILD_DIR\"\ncmake ../.. -DCMAKE_BUILD_TYPE=Release -DWITH_TESTS=ON 2>&1 | tee configure.log\nmake -j8 2>&1 | tee build.log | grep -E 'warning|error' | sort | uniq -c | sort -rn | head -n 20 || true\nfor f in tests/unit tests/end_to_end; do ctest --test-dir \"$f\" --output-on-failure --timeout 120; done\nif [ -f coverage.info ]; then lcov --summary coverage.info | tail -n 4; fi\ngit log --oneline --since='2 weeks ago' -- src include | awk '{print $1}' | xargs -n1 git show --stat | grep -c 'files changed'\ncat > notes.txt <<EOF\nbuilt $(date -u +%F) from $(git rev-parse --short HEAD)\nEOF\nfind . -name '*.o' -newer notes.txt -print0 | xargs -0 ls -l | sort -k5 -n | tail -n 5\ntar czf ../app.tgz bin lib share && sha256sum ../app.tgz > ../app.tgz.sha256\nls -la ..; du -sh . ; df -h . | tail -n 1; echo \"done in ${SECONDS}s\"";
    let command = serde_json::to_string(command).expect("a string is JSON");
    judge(bencher, &call("run_command", &format!(r#"{{"command":{command}}}"#)));
}

#[divan::bench]
fn write_file_64_kb_of_text(bencher: Bencher<'_, '_>) {
    let content = PROSE.repeat(65_536 / PROSE.len());
    judge(bencher, &call("write_file", &format!(r#"{{"path":"notes.md","content":"{content}"}}"#)));
}

#[divan::bench]
fn write_file_64_kb_of_base64(bencher: Bencher<'_, '_>) {
    let content = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk".repeat(1024);
    judge(bencher, &call("write_file", &format!(r#"{{"path":"image.b64","content":"{content}"}}"#)));
}

#[divan::bench]
fn result_64_kb_of_text(bencher: Bencher<'_, '_>) {
    judge_result(bencher, &PROSE.repeat(65_536 / PROSE.len()));
}

#[divan::bench]
fn result_64_kb_of_source_code(bencher: Bencher<'_, '_>) {
    judge_result(bencher, &CODE.repeat(65_536 / CODE.len()));
}

#[divan::bench]
fn load_all_rules(bencher: Bencher<'_, '_>) {
    bencher.bench_local(engine);
}
