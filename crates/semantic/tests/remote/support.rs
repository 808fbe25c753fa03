//! Questions as the engine asks them, and whoever waits for answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use e2e::{Protocol, SCORER_KEY, SCORER_MODEL, Scorer};
use vanguard_engine::engine::Scratch;
use vanguard_engine::meaning::{Advice, Asking, Counsel, Figures, Question, Scored, Told, Unscored};
use vanguard_engine::rules::{PackSource, RuleSet, Tuning, builtin};
use vanguard_engine::{Clock, Engine, Flow, Limits as Messages, Policy, Profile, Session};
use vanguard_semantic::remote::{Backend, Client, Format, Kind, Limits, Remote, Score};

/// Longer than anything takes, on a machine that does other things too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
struct Nobody;

impl Counsel for Nobody {
    fn ask(&self, _: Question, _: Told) -> Option<Advice> {
        None
    }

    fn figures(&self) -> Figures {
        Figures::default()
    }
}

struct Still;

impl Clock for Still {
    fn monotonic_ns(&self) -> u64 {
        0
    }

    fn unix_seconds(&self) -> i64 {
        0
    }
}

/// An engine with all built-in rules, and one session.
pub(crate) struct Edge {
    engine: Engine,
    session: Session,
    scratch: Scratch,
    next: u32,
}

impl Edge {
    pub(crate) fn new() -> Self {
        let packs: Vec<_> = builtin().iter().map(|pack| PackSource::new(pack.name, pack.text)).collect();
        let tuning = Tuning { profile: Profile::Balanced, overrides: &BTreeMap::new() };
        let rules = RuleSet::load(&packs, &tuning).expect("the built-in rules are whole");
        let engine =
            Engine::new(rules, Policy::default(), Messages::default()).advised(Arc::new(Nobody), Asking::default());
        Self { engine, session: Session::new(), scratch: Scratch::default(), next: 0 }
    }

    /// What is asked about a call that sends `text`, which passes.
    pub(crate) fn about(&mut self, text: &str) -> Question {
        self.next += 1;
        let (id, text) = (self.next, serde_json::to_string(text).expect("a text"));
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"send_message","arguments":{{"body":{text}}}}}}}"#
        );
        let judged = self.engine.judge(&self.session, Flow::ToServer, call.as_bytes(), &mut self.scratch, &Still);
        let mut questions = judged.questions;
        assert_eq!(questions.len(), 1, "{:?}", judged.decisions);
        questions.remove(0)
    }

    /// Whether a call that sends `text` passes, and so is asked about.
    pub(crate) fn asks(&mut self, text: &str) -> bool {
        self.next += 1;
        let (id, text) = (self.next, serde_json::to_string(text).expect("a text"));
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"send_message","arguments":{{"body":{text}}}}}}}"#
        );
        let judged = self.engine.judge(&self.session, Flow::ToServer, call.as_bytes(), &mut self.scratch, &Still);
        !judged.questions.is_empty()
    }
}

pub(crate) fn kind(protocol: Protocol) -> Kind {
    match protocol {
        Protocol::Ollama => Kind::Ollama,
        Protocol::OpenAi => Kind::OpenAi,
        Protocol::Anthropic => Kind::Anthropic,
    }
}

/// A client of a fake.
pub(crate) fn client(protocol: Protocol, url: &str, timeout: Duration) -> Client {
    let key = (protocol != Protocol::Ollama).then_some(SCORER_KEY);
    let backend = Backend::new(kind(protocol), url, SCORER_MODEL, key, Format::Schema).expect("it can be asked");
    Client::new(backend, timeout, None).expect("no roots are given")
}

/// Generous limits.
pub(crate) fn limits() -> Limits {
    Limits { timeout: PATIENCE, calls_a_minute: 1_000_000, tokens_a_minute: 1_000_000_000, ..Limits::default() }
}

/// Who is asked at the edge, of a fake.
pub(crate) fn remote(scorer: &Scorer, protocol: Protocol, limits: Limits) -> Remote {
    let client = client(protocol, &scorer.url(), limits.timeout);
    Remote::new(Box::new(client), limits)
}

/// Answers as they come, each with its time.
pub(crate) struct Waiting(Receiver<(Instant, Advice)>);

impl Waiting {
    pub(crate) fn next(&self) -> (Instant, Advice) {
        self.0.recv_timeout(PATIENCE).expect("an answer")
    }

    pub(crate) fn advice(&self) -> Advice {
        self.next().1
    }

    /// Whether nothing more comes for a while.
    pub(crate) fn is_over(&self) -> bool {
        self.0.recv_timeout(Duration::from_millis(100)).is_err()
    }
}

/// Asks, and says what is known at once, or where the answer will come.
pub(crate) fn ask(remote: &Remote, question: Question) -> Result<Waiting, Advice> {
    let (told, answers) = channel();
    let told = move |advice| {
        // Whoever asked may be done.
        let _ = told.send((Instant::now(), advice));
    };
    match remote.ask(question, Box::new(told)) {
        Some(advice) => Err(advice),
        None => Ok(Waiting(answers)),
    }
}

/// Asks, and waits.
pub(crate) fn answer(remote: &Remote, question: Question) -> Advice {
    match ask(remote, question) {
        Ok(waiting) => waiting.advice(),
        Err(advice) => advice,
    }
}

/// A scorer of no server.
#[derive(Debug)]
pub(crate) struct Own(pub(crate) Duration, pub(crate) Result<f32, Unscored>);

impl Score for Own {
    fn score(&self, _: &Question) -> Result<(Scored, Option<u64>), Unscored> {
        std::thread::sleep(self.0);
        let scored = |score| Scored { score, reason: "x".into(), by: "own".into(), took: self.0 };
        self.1.map(|score| (scored(score), Some(7)))
    }
}
