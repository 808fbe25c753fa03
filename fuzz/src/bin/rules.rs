//! No text given as a pack panics the loader or takes it long; what loads can scan any text.
#![no_main]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use vanguard_engine::role::Roles;
use vanguard_engine::rules::{Direction, PackSource, RuleSet, ScanScratch, Target, Tuning};
use vanguard_engine::{Profile, views::Chain};

/// The longest that a pack of a fuzzer's size may take to load.
const LOAD: Duration = Duration::from_secs(5);

fuzz_target!(|input: &str| {
    // The pack, a NUL, and the text to scan.
    let (pack, text) = input.split_once('\0').unwrap_or((input, input));
    let overrides = BTreeMap::new();
    let tuning = Tuning { profile: Profile::Balanced, overrides: &overrides };
    let load = || {
        let start = Instant::now();
        let loaded = RuleSet::load(&[PackSource::new("fuzz.yaml", pack)], &tuning);
        (loaded, start.elapsed())
    };
    let (mut loaded, mut took) = load();
    if took > LOAD {
        // A paused process is slow once, a slow loader twice.
        (loaded, took) = load();
        assert!(took < LOAD, "a small pack takes {took:?} to load");
    }
    let set = match loaded {
        Ok(set) => set,
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|error| !error.what.is_empty() && !error.mend.is_empty()));
            return;
        }
    };
    let mut scratch = ScanScratch::default();
    for direction in [Direction::REQUEST, Direction::RESPONSE, Direction::DESCRIPTION] {
        let pointer = || "/params/arguments/path".to_owned();
        let target = Target { roles: Roles::all(), direction, tool: Some("tool"), pointer: &pointer };
        scratch.begin_message();
        let mut last = None;
        // Running out of a budget is an answer like any other.
        let _ = set.scan(text, &Chain::default(), false, &target, &mut scratch, &mut |rule, range| {
            assert!(text.get(range).is_some(), "a finding that is no part of the text");
            let place = set.rules().iter().position(|known| std::ptr::eq(known, rule));
            assert!(last < place, "findings out of order");
            last = place;
        });
    }
});
