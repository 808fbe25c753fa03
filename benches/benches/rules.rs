//! The rules alone: what loading the built-in packs costs, and what one pass over a view costs.
//!
//! Limits to keep: loading 8 ms, a command of 300 bytes 2 µs, prose 300 MB/s.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::BytesCount;
use vanguard_engine::policy::Profile;
use vanguard_engine::role::Roles;
use vanguard_engine::rules::{Direction, RuleSet, ScanScratch, Target, Tuning, builtin};
use vanguard_engine::views::{Chain, ViewKind};

fn main() {
    divan::main();
}

fn rules() -> RuleSet {
    let overrides = BTreeMap::new();
    RuleSet::load(builtin(), &Tuning { profile: Profile::Balanced, overrides: &overrides })
        .expect("the built-in packs load")
}

#[divan::bench]
fn load() -> RuleSet {
    rules()
}

fn scan(bencher: Bencher<'_, '_>, text: &str, roles: Roles, direction: Direction, kind: ViewKind) {
    let set = rules();
    let chain = if kind == ViewKind::Raw { Chain::default() } else { Chain([kind].into_iter().collect()) };
    let target = Target { roles, direction, tool: Some("tool"), pointer: &String::new };
    let mut scratch = ScanScratch::default();
    bencher.counter(BytesCount::of_str(text)).bench_local(|| {
        scratch.begin_message();
        let mut found = 0_u32;
        let scanned = set.scan(text, &chain, false, &target, &mut scratch, &mut |_, _| found += 1);
        (scanned.is_ok(), found)
    });
}

const COMMAND: &str = "cargo test --workspace --all-features -- --nocapture && git commit -m 'Teach the parser about trailing \
                       commas' && rsync -av --delete target/doc/ ./public/ && find . -name '*.orig' -newer Cargo.toml -print | sort \
                       | uniq -c | head -n 20 && sed -i 's/0.1.0/0.2.0/' Cargo.toml && cat README.md";

#[divan::bench]
fn command_300_bytes(bencher: Bencher<'_, '_>) {
    scan(bencher, COMMAND, Roles::COMMAND, Direction::REQUEST, ViewKind::Raw);
}

#[divan::bench(args = [1 << 10, 64 << 10])]
fn prose_result(bencher: Bencher<'_, '_>, bytes: usize) {
    scan(bencher, &prose(bytes), Roles::TEXT, Direction::RESPONSE, ViewKind::Raw);
}

#[divan::bench(args = [1 << 10, 64 << 10])]
fn prose_argument(bencher: Bencher<'_, '_>, bytes: usize) {
    scan(bencher, &prose(bytes), Roles::TEXT, Direction::REQUEST, ViewKind::Raw);
}

#[divan::bench]
fn near_miss_result_64_kb(bencher: Bencher<'_, '_>) {
    scan(bencher, &near_miss(64 << 10), Roles::TEXT, Direction::RESPONSE, ViewKind::Raw);
}

#[divan::bench]
fn base64_64_kb(bencher: Bencher<'_, '_>) {
    scan(bencher, &base64(64 << 10), Roles::TEXT, Direction::RESPONSE, ViewKind::Raw);
}

#[divan::bench(args = ["prose", "command"])]
fn trigger_dense_64_kb(bencher: Bencher<'_, '_>, what: &str) {
    let text = triggers(64 << 10);
    match what {
        "prose" => scan(bencher, &text, Roles::TEXT, Direction::RESPONSE, ViewKind::Raw),
        _ => scan(bencher, &text, Roles::COMMAND, Direction::REQUEST, ViewKind::Shell),
    }
}

/// Words of this very file's kind: a README, some code, a log line.
fn prose(bytes: usize) -> String {
    repeated(PROSE, bytes)
}

/// The same with a sentence that has the words of an attack and is none.
fn near_miss(bytes: usize) -> String {
    let parts = [PROSE, &["Please remember to ignore the previous draft; the system was moved on Tuesday. "]].concat();
    repeated(&parts, bytes)
}

fn repeated(parts: &[&str], bytes: usize) -> String {
    parts.iter().flat_map(|part| part.bytes()).cycle().take(bytes).map(char::from).collect()
}

const PROSE: &[&str] = &[
    "The service reads its settings from config/app.toml and falls back to the environment where a key is missing. ",
    "See https://docs.example.org/guide/setup for how to install it, and run `make check` before you open a request. ",
    "fn parse(input: &str) -> Result<Config, Error> { let table = input.parse::<Table>()?; Ok(Config::from(table)) }\n",
    "2026-11-02T09:14:07Z INFO worker: finished job 81723 in 412 ms (queue depth 3, retries 0)\n",
    "The tests cover the usual cases; a longer note on the design, its limits and its history is in the second chapter. ",
    "| name | type | default |\n| --- | --- | --- |\n| timeout | integer | 30 |\n",
];

fn base64(bytes: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..bytes)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(ALPHABET[(state >> 58) as usize])
        })
        .collect()
}

/// What the rules themselves look for, over and over: their must-pass cases and the words of their patterns.
fn triggers(bytes: usize) -> String {
    let set = rules();
    let words: Vec<String> = set
        .rules()
        .iter()
        .flat_map(|rule| rule.patterns.iter())
        .flat_map(|pattern| pattern.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-'))))
        .filter(|word| word.len() > 2)
        .map(str::to_owned)
        .collect();
    let mut text = String::with_capacity(bytes + 64);
    for word in words.iter().cycle() {
        if text.len() >= bytes || words.is_empty() {
            break;
        }
        text.push_str(word);
        text.push(' ');
    }
    text
}

/// One literal of the rules over and over: the text that makes the pass compare most. The slowest of them all.
#[divan::bench(args = ["prose", "command"], sample_count = 1, sample_size = 1)]
fn worst_repetition_64_kb(bencher: Bencher<'_, '_>, what: &str) {
    let set = rules();
    let (roles, direction) = match what {
        "prose" => (Roles::TEXT, Direction::RESPONSE),
        _ => (Roles::COMMAND, Direction::REQUEST),
    };
    let target = Target { roles, direction, tool: Some("tool"), pointer: &String::new };
    let words: BTreeSet<String> = set
        .rules()
        .iter()
        .flat_map(|rule| rule.patterns.iter())
        .flat_map(|pattern| pattern.split(|c: char| !c.is_ascii_alphanumeric()))
        .filter(|word| word.len() > 1)
        .map(str::to_ascii_lowercase)
        .chain(["../".to_owned(), "; ".to_owned(), "()".to_owned(), "&&".to_owned(), "<!".to_owned()])
        .collect();
    let mut scratch = ScanScratch::default();
    let (mut worst, mut slowest) = (String::new(), Duration::ZERO);
    for word in words {
        let text = format!("{word} ").repeat((64 << 10) / (word.len() + 1));
        // The first pass compiles what the text sets off.
        let mut pass = || {
            scratch.begin_message();
            let start = Instant::now();
            let _ = set.scan(&text, &Chain::default(), false, &target, &mut scratch, &mut |_, _| {});
            start.elapsed()
        };
        let took = pass().min(pass()).min(pass());
        if took > slowest {
            (worst, slowest) = (word.clone(), took);
        }
    }
    eprintln!("worst repetition in {what}: {worst:?}, {slowest:?}");
    bencher.bench_local(|| slowest);
}
