//! One message, judged by the built-in rules.

use std::collections::BTreeMap;

use vanguard_engine::rules::{self, RuleSet, Tuning};
use vanguard_engine::{Clock, Decision, Engine, Flow, Limits, Policy, Profile, Scratch, Session, Verdict};

/// What a call gets.
pub(crate) fn call(profile: Profile, tool: &str, arguments: &str) -> Verdict {
    judged(profile, &[(Flow::ToServer, request(tool, arguments))])
}

/// The same of a call with one argument.
pub(crate) fn call_with(profile: Profile, tool: &str, argument: &str, value: &str) -> Verdict {
    call(profile, tool, &format!(r#"{{"{argument}":{}}}"#, json(value)))
}

/// What a tool's answer gets that holds `text`.
pub(crate) fn answer(profile: Profile, text: &str) -> Verdict {
    let answer =
        format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"content":[{{"type":"text","text":{}}}]}}}}"#, json(text));
    judged(profile, &[(Flow::ToServer, request("look", "{}")), (Flow::ToClient, answer)])
}

/// The lines of a file that are neither empty nor a remark.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
}

fn request(tool: &str, arguments: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#)
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

/// The gravest verdict over the messages of a session of their own.
pub(crate) fn judged(profile: Profile, messages: &[(Flow, String)]) -> Verdict {
    let (session, mut scratch) = (Session::new(), Scratch::default());
    let verdicts = messages.iter().flat_map(|(flow, line)| {
        with_engine(profile, |engine| engine.judge(&session, *flow, line.as_bytes(), &mut scratch, &Still).decisions)
    });
    verdicts.map(|decision| decision.verdict).max().expect("every message has a verdict")
}

/// All that is decided of a call in `session`.
pub(crate) fn decided(profile: Profile, session: &Session, tool: &str, arguments: &str) -> Decision {
    let (line, mut scratch) = (request(tool, arguments), Scratch::default());
    let mut judged = with_engine(profile, |engine| {
        engine.judge(session, Flow::ToServer, line.as_bytes(), &mut scratch, &Still).decisions
    });
    judged.pop().expect("every message has a verdict")
}

fn with_engine<T>(profile: Profile, ask: impl FnOnce(&Engine) -> T) -> T {
    thread_local! {
        static ENGINES: [Engine; 2] = [Profile::Balanced, Profile::Strict].map(|profile| {
            let policy = Policy { profile, ..Policy::default() };
            let tuning = Tuning { profile, overrides: &BTreeMap::new() };
            let rules = RuleSet::load(rules::builtin(), &tuning).expect("the built-in packs load");
            Engine::new(rules, policy, Limits::default())
        });
    }
    ENGINES.with(|[balanced, strict]| ask(if profile == Profile::Strict { strict } else { balanced }))
}

/// No time passes.
struct Still;

impl Clock for Still {
    fn monotonic_ns(&self) -> u64 {
        0
    }
    fn unix_seconds(&self) -> i64 {
        0
    }
}
