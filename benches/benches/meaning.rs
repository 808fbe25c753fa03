//! The embedded scorer by itself. Limits: 20 µs for 1 KB, 300 µs for 64 KB, 3 ms to have it ready.
//!
//! `cargo bench -p benches --bench meaning`

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use vanguard_engine::meaning::{Meaning, Said, Scorer, Weight};
use vanguard_engine::rules::Direction;
use vanguard_semantic::Embedded;

fn main() {
    divan::main();
}

const PROSE: &str = "The committee met on Tuesday and agreed on the budget for the next year. Please send me the minutes before Friday! \
    Breakfast is served from seven to ten, and trains leave every twenty minutes. Run `make test` before you commit: the build is slow. ";

fn sentences(bytes: usize) -> Vec<String> {
    let text = PROSE.repeat(bytes.div_ceil(PROSE.len()));
    text[..bytes].split_inclusive(['.', '!', ':']).map(str::to_owned).collect()
}

/// What the engine asks of it for a text: each sentence once, by itself and with the two behind it.
fn score(scorer: &Embedded, sentences: &[String]) -> f32 {
    let said = Said { features: 0b1011, score: 40, direction: Direction::RESPONSE };
    let weights: Vec<Weight> = sentences.iter().map(|sentence| scorer.weigh(sentence)).collect();
    let windows = weights
        .windows(3)
        .map(|three| scorer.injection(three.iter().copied().fold(Weight::default(), Weight::and), &said));
    let alone = weights.iter().map(|weight| scorer.injection(*weight, &said));
    let strongest = windows.chain(alone).fold(f32::MIN, f32::max);
    scorer.likely(strongest, 2 * sentences.len())
}

#[divan::bench(args = [1 << 10, 64 << 10])]
fn score_text(bencher: Bencher<'_, '_>, bytes: usize) {
    let scorer = Embedded::own().expect("the model that comes with the program is whole");
    let sentences = sentences(bytes);
    bencher.counter(BytesCount::new(bytes)).bench_local(|| score(&scorer, black_box(&sentences)));
}

#[divan::bench]
fn have_it_ready(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| vanguard_semantic::embedded(Meaning::WARN, Meaning::BLOCK));
}
