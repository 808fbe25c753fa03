//! One corpus of policies and inputs, held to by us, and by the real OPA where there is one: it decides the same, its documents are the same,
//! and it takes the input that we make of a call.
//!
//! OPA is the program that `VANGUARD_TEST_OPA` names, or `opa` on the path. Our own decisions are held to without it.

#![expect(clippy::disallowed_types, reason = "documents of any shape are compared; none is a peer's")]

use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{env, fs, thread};

use serde::Deserialize;
use serde_json::Value as Json;

use super::*;
use crate::pdp::{Pdp, PdpConfig, PdpKind};
use crate::send::Http;

/// One input, and what the policy says of it in a word.
#[derive(Debug, Deserialize)]
struct Case {
    says: String,
    input: Json,
}

/// A policy of the corpus.
struct Corpus {
    name: String,
    cases: Vec<Case>,
    rego: Rego,
}

impl Corpus {
    fn all() -> Vec<Self> {
        let mut all: Vec<_> = fs::read_dir(place("inputs")).unwrap().map(|entry| Self::read(&entry.unwrap())).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn read(entry: &fs::DirEntry) -> Self {
        let name = entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let cases = serde_json::from_slice(&fs::read(entry.path()).unwrap()).expect(&name);
        let rule = format!("data.corpus.{name}.allow");
        let deadline = Duration::from_secs(10);
        let rego = Rego::read(RegoConfig { path: place("policies"), rule, deadline, lenient: false }).unwrap();
        Self { name, cases, rego }
    }

    /// All that its rules come to, as JSON; `None` where that is an error.
    fn document(&self, input: &Json) -> Option<Json> {
        let mut engine = lock(&self.rego.read).model.clone();
        time::begin();
        engine.set_input(Value::from_json_str(&input.to_string()).unwrap());
        let query = format!("data.corpus.{}", self.name);
        let evaluated = catch_unwind(AssertUnwindSafe(move || engine.eval_query(query, false)));
        let results = evaluated.unwrap_or_else(|_| panic!("{}: {input}", self.name)).ok()?;
        let value = &results.result.first()?.expressions.first()?.value;
        Some(serde_json::from_str(&value.to_json_str().unwrap()).unwrap())
    }
}

pub(super) fn place(what: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/rego", what].iter().collect()
}

fn word(ruling: &Ruling) -> &'static str {
    match ruling {
        Ruling::Allows | Ruling::Excepts { .. } => "allow",
        Ruling::Denies(why) if why == UNDEFINED => "undefined",
        Ruling::Denies(_) => "deny",
        Ruling::Silent { .. } => "silent",
    }
}

/// A number is a number, however it is written, to eleven digits: OPA adds in decimals.
pub(super) fn plain(json: Json) -> Json {
    match json {
        Json::Number(number) => format!("{:.10e}", number.as_f64().unwrap() + 0.0).parse::<f64>().unwrap().into(),
        Json::Array(items) => items.into_iter().map(plain).collect(),
        Json::Object(members) => members.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

/// The program that is named, if one is.
pub(super) fn named_opa() -> Option<std::ffi::OsString> {
    env::var_os("VANGUARD_TEST_OPA")
}

/// OPA as a server, with the policies of the corpus.
struct Opa {
    server: Child,
    url: String,
    http: Http,
}

impl Opa {
    /// `None`, and loudly so, where there is none.
    fn start() -> Option<Self> {
        let named = env::var_os("VANGUARD_TEST_OPA");
        let program = named.clone().unwrap_or_else(|| "opa".into());
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let started = Command::new(program)
            .args(["run", "--server", "--disable-telemetry", "--log-level", "error", "--addr", &address])
            .arg(place("policies"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let server = match started {
            Ok(server) => server,
            Err(error) if named.is_some() => panic!("VANGUARD_TEST_OPA: {error}"),
            Err(_) => {
                // Past what the test's runner keeps to itself.
                let what = "SKIPPED: there is no `opa` on the path, and VANGUARD_TEST_OPA names none";
                writeln!(std::io::stderr(), "{what}").unwrap();
                return None;
            }
        };
        let opa = Self { server, url: format!("http://{address}"), http: Http::within(Duration::from_secs(10)) };
        let begun = Instant::now();
        while opa.http.get(&format!("{}/health", opa.url), &[], 1000).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(30), "OPA does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        Some(opa)
    }

    fn ask(&self, path: &str, body: &str) -> (u16, Json) {
        let headers = [("content-type", "application/json")];
        let answer = self.http.post(&format!("{}/v1/data/{path}", self.url), &headers, body.as_bytes(), 1_000_000);
        let answer = answer.unwrap();
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    fn decision_point(&self, path: &str) -> Pdp {
        let url = format!("{}/v1/data/{path}", self.url).parse().unwrap();
        let deadline = Duration::from_secs(10);
        Pdp::new(PdpConfig { kind: PdpKind::Opa, url, token: None, deadline, lenient: false }, "files")
    }
}

impl Drop for Opa {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

#[test]
fn each_policy_of_the_corpus_decides_as_it_is_written_down() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for corpus in Corpus::all() {
        for case in &corpus.cases {
            count += 1;
            let ruling = corpus.rego.decide(&case.input.to_string());
            if word(&ruling) != case.says {
                wrong.push(format!("{}: {ruling:?} is not {}: {}", corpus.name, case.says, case.input));
            }
        }
    }
    assert!(count >= 180 && wrong.is_empty(), "{count} decisions, these are others:\n{}", wrong.join("\n"));
}

#[test]
fn opa_decides_the_same_and_its_documents_are_the_same() {
    let Some(opa) = Opa::start() else { return };
    let (mut wrong, mut count) = (Vec::new(), 0);
    for corpus in Corpus::all() {
        let path = format!("corpus/{}/allow", corpus.name);
        let point = opa.decision_point(&path);
        for case in &corpus.cases {
            count += 1;
            let body = format!("{{\"input\":{}}}", case.input);
            let (status, answer) = opa.ask(&path, &body);
            let body_again = answer.to_string().into_bytes();
            let answer = crate::send::Answer { status, retry_after: None, body: body_again };
            let theirs = point.decided(&crate::log::tests::decision(), &answer);
            let ours = corpus.rego.decide(&case.input.to_string());
            let same = match (&ours, &theirs) {
                (Ruling::Silent { .. }, Err(_)) => true,
                (ours, Ok(theirs)) => ours == theirs,
                _ => false,
            };
            if !same {
                wrong.push(format!("{}: {ours:?}, and OPA says {theirs:?}: {}", corpus.name, case.input));
            }
            let (status, answer) = opa.ask(&format!("corpus/{}", corpus.name), &body);
            let theirs = (status == 200).then(|| plain(answer["result"].clone()));
            let ours = corpus.document(&case.input).map(plain);
            if ours != theirs {
                wrong.push(format!("{}: {ours:?}\n  and OPA says {theirs:?}\n  of {}", corpus.name, case.input));
            }
        }
    }
    assert!(wrong.is_empty(), "of {count} inputs {} differ:\n{}", wrong.len(), wrong.join("\n"));
    println!("{count} inputs: the same decisions and documents");
}

#[test]
fn opa_takes_the_input_that_is_made_of_a_call() {
    let Some(opa) = Opa::start() else { return };
    let rego = Arc::new(Corpus::all().into_iter().find(|corpus| corpus.name == "roles").unwrap().rego);
    for (tool, expected) in
        [("read_file", Ruling::Allows), ("delete_file", Ruling::Denies("this tool is on no list".to_owned()))]
    {
        let decision = Decision { tool: Some(tool.to_owned()), ..crate::log::tests::decision() };
        assert_eq!(opa.decision_point("corpus/roles/allow").rule(&decision, None), expected);
        assert_eq!(rego.about("files").rule(&decision, None), expected);
    }
    // What the policy leaves undefined, and what is no rule at all, has no result: that is no.
    let undefined = Decision { tool: Some("move_file".to_owned()), ..crate::log::tests::decision() };
    for path in ["corpus/undefined/allow", "corpus/nothing/allow"] {
        assert_eq!(opa.decision_point(path).rule(&undefined, None), Ruling::Denies(UNDEFINED.to_owned()));
    }
}
