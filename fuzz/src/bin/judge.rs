//! No line panics the engine, whichever way it travels and whatever was said before; what it permits is one line that
//! reads as before.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vanguard_engine::rules::{RuleSet, Tuning, builtin};
use vanguard_engine::{Clock, Effect, Engine, Flow, Limits, Policy, Profile, Scratch, Session};

struct Still;

impl Clock for Still {
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn unix_seconds(&self) -> i64 {
        0
    }
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let tuning = Tuning { profile: Profile::Balanced, overrides: &BTreeMap::new() };
    let rules = RuleSet::load(builtin(), &tuning).expect("the built-in packs load");
    Engine::new(rules, Policy::default(), Limits::default())
});

// Lines alternate between the client's (`>` or none) and the server's (`<`), so that responses find their requests.
fuzz_target!(|bytes: &[u8]| {
    let session = Session::new();
    let mut scratch = Scratch::default();
    for line in bytes.split(|&b| b == b'\n').take(16) {
        let (flow, line) = match line {
            [b'<', rest @ ..] => (Flow::ToClient, rest),
            [b'>', rest @ ..] => (Flow::ToServer, rest),
            _ => (Flow::ToServer, line),
        };
        let judged = ENGINE.judge(&session, flow, line, &mut scratch, &Still);
        match judged.effect {
            Effect::Forward(permit) => {
                let out = permit.line();
                assert!(!out.iter().any(|b| *b < 0x20 && *b != b'\t'), "a control character leaves");
                assert!(judged.decisions.iter().all(|d| d.verdict.passes()));
            }
            Effect::Refuse(answers) => {
                assert!(judged.decisions.iter().any(|d| !d.findings.is_empty()), "refused without a reason");
                for answer in answers {
                    assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&answer.line).is_ok(), "our answer is no JSON");
                }
            }
        }
    }
});
