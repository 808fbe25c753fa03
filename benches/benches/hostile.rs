//! Texts made to be slow, 1 MiB each. Limit: 50 ms, wherever they stand.
//!
//! `cargo bench -p benches --bench hostile`

use benches::hostile::{PLACES, SIZE, TEXTS};
use benches::{Still, call, engine};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use vanguard_engine::{Flow, Scratch, Session};

fn main() {
    divan::main();
}

#[divan::bench(args = TEXTS.map(|(name, _)| name), consts = [0, 1, 6, 7], sample_count = 3, sample_size = 1)]
fn argument<const PLACE: usize>(bencher: Bencher<'_, '_>, name: &str) {
    let text = TEXTS.iter().find(|(known, _)| *known == name).map(|(_, text)| text(SIZE)).unwrap_or_default();
    let text = serde_json::to_string(&text).expect("a string is JSON");
    let line = call("acme", &format!(r#"{{"{}":{text}}}"#, PLACES[PLACE]));
    let (engine, session, mut scratch) = (engine(), Session::new(), Scratch::default());
    bencher.counter(BytesCount::of_str(&line)).bench_local(|| {
        engine.judge(&session, Flow::ToServer, black_box(line.as_bytes()), &mut scratch, &Still).decisions
    });
}
