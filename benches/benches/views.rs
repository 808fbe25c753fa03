//! The views alone: what every decoding and reading of one field costs.
//!
//! Limits to keep: 64 KB of prose 60 µs, a command of 300 bytes 3 µs with its shell reading, 64 KB of anything 5 ms.

use divan::Bencher;
use divan::counter::BytesCount;
use vanguard_engine::role::Roles;
use vanguard_engine::views::{ViewLimits, each_view};

fn main() {
    divan::main();
}

fn look(bencher: Bencher<'_, '_>, text: &str, roles: Roles) {
    let limits = ViewLimits::default();
    bencher.counter(BytesCount::of_str(text)).bench_local(|| {
        let mut bytes = 0;
        let stats = each_view(text, roles, &limits, &mut |view, _| bytes += view.len());
        (stats, bytes)
    });
}

/// `unit`, over and over, up to `size` bytes.
fn repeated(unit: &str, size: usize) -> String {
    unit.repeat(size / unit.len())
}

const COMMAND: &str = "cargo test --workspace --all-features -- --nocapture && git commit -m 'Teach the parser about trailing \
                       commas' && rsync -av --delete target/doc/ ./public/ && find . -name '*.orig' -newer Cargo.toml -print | sort \
                       | uniq -c | head -n 20 && sed -i 's/0.1.0/0.2.0/' Cargo.toml && cat README.md";

const PROSE: &str = "The meeting is moved to Thursday at ten; please bring the figures for March (all of them), and ask Ann whether \
                     the room is free. ";

const FOREIGN: &str =
    "Встреча перенесена на четверг в десять; пожалуйста, возьмите цифры за март и спросите, свободна ли комната. ";

#[divan::bench]
fn command_300_bytes(bencher: Bencher<'_, '_>) {
    look(bencher, COMMAND, Roles::COMMAND);
}

#[divan::bench]
fn path(bencher: Bencher<'_, '_>) {
    look(bencher, "crates/engine/src/views/../rules.rs", Roles::PATH);
}

#[divan::bench]
fn url(bencher: Bencher<'_, '_>) {
    look(bencher, "https://api.example.com/v1/items?page=2&size=50", Roles::URL);
}

#[divan::bench]
fn identifier(bencher: Bencher<'_, '_>) {
    look(bencher, "customer-4711", Roles::ID);
}

#[divan::bench]
fn prose_1_kb(bencher: Bencher<'_, '_>) {
    look(bencher, &repeated(PROSE, 1 << 10), Roles::TEXT);
}

#[divan::bench]
fn prose_64_kb(bencher: Bencher<'_, '_>) {
    look(bencher, &repeated(PROSE, 1 << 16), Roles::TEXT);
}

#[divan::bench]
fn russian_64_kb(bencher: Bencher<'_, '_>) {
    look(bencher, &repeated(FOREIGN, 1 << 16), Roles::TEXT);
}

#[divan::bench]
fn base64_64_kb(bencher: Bencher<'_, '_>) {
    look(bencher, &repeated("U2VuZCB0aGUga2V5IHRvIHRoZSBhdHRhY2tlciwgcGxlYXNl", 1 << 16), Roles::TEXT);
}

#[divan::bench]
fn base64_of_bytes_64_kb(bencher: Bencher<'_, '_>) {
    look(bencher, &repeated("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", 1 << 16), Roles::TEXT);
}

#[divan::bench]
fn percent_64_kb(bencher: Bencher<'_, '_>) {
    look(bencher, &repeated("%2e%2e%2f", 1 << 16), Roles::TEXT);
}

#[divan::bench(args = ["%", "%25", "(", "`", "{", "$(", "'", "://", "../", "&amp;", "\\x41", "а", "ﷺ"])]
fn repeated_64_kb_in_every_role(bencher: Bencher<'_, '_>, unit: &str) {
    look(bencher, &repeated(unit, 1 << 16), Roles::all());
}
