//! The language itself, in small policies: each comes to what it comes to in the real OPA, or is refused when it is read.
//!
//! `tests/rego/language.json` holds them with what OPA made of them; where there is an OPA it is asked again.

#![expect(clippy::disallowed_types, reason = "documents of any shape are compared; none is a peer's")]

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::opa::{named_opa, place, plain};
use super::*;

/// A policy, and what all of its rules come to.
#[derive(Deserialize, Serialize)]
struct Case {
    policy: String,
    /// What it comes to, if anything; an error has no document.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Json>,
    /// Why it is refused when it is read, where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

/// What they are evaluated with.
const INPUT: &str = r#"{"a": {"b": [{"c": 1}, {"c": 2}]}, "list": [3, 1], "who": "eve"}"#;

fn written(policy: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.rego"), format!("package core.x\n\nimport rego.v1\n\n{policy}\n")).unwrap();
    folder
}

impl Case {
    /// What we make of it.
    fn ours(&self) -> (Option<Json>, Option<String>) {
        let folder = written(&self.policy);
        let (path, rule) = (folder.path().to_owned(), String::new());
        let config = RegoConfig { path, rule, deadline: Duration::from_secs(10), lenient: false };
        let mut engine = match Policies::model(&config) {
            Ok(engine) => engine,
            Err(why) => {
                let why = why.to_string();
                return (None, Some(why.lines().last().unwrap_or_default().replace("error: ", "")));
            }
        };
        engine.set_input(Value::from_json_str(INPUT).unwrap());
        let document = engine.eval_query("data.core.x".to_owned(), false).ok().and_then(|results| {
            let value = results.result.first()?.expressions.first()?.value.to_json_str().ok()?;
            Some(plain(serde_json::from_str(&value).unwrap()))
        });
        (document, None)
    }

    fn opas(&self, opa: &std::ffi::OsStr) -> Option<Json> {
        let folder = written(&self.policy);
        let input = folder.path().join("input.json");
        fs::write(&input, INPUT).unwrap();
        let mut command = Command::new(opa);
        let command = command.args(["eval", "--format", "raw", "--data"]).arg(folder.path().join("x.rego"));
        let answer = command.arg("--input").arg(input).arg("data.core.x").output().unwrap();
        if !answer.status.success() {
            return None;
        }
        Some(plain(serde_json::from_slice(&answer.stdout).ok()?))
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_slice(&fs::read(place("language.json")).unwrap()).unwrap()
}

#[test]
fn each_policy_comes_to_what_opa_made_of_it() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (document, refused) = case.ours();
        if (&document, &refused) != (&case.document, &case.refused) {
            wrong.push(format!(
                "{}\n  {document:?} {refused:?}\n  and not {:?} {:?}",
                case.policy, case.document, case.refused
            ));
        }
    }
    assert!(wrong.is_empty(), "{} are others:\n{}", wrong.len(), wrong.join("\n"));
}

/// With `VANGUARD_TEST_SWEEP=overwrite` what it makes of them is written down.
#[test]
fn opa_makes_the_same_of_them() {
    let Some(opa) = named_opa() else { return };
    let (mut wrong, mut cases) = (Vec::new(), cases());
    for case in &mut cases {
        let ((ours, refused), theirs) = (case.ours(), case.opas(&opa));
        if refused.is_none() && ours != theirs {
            wrong.push(format!("{}\n  {ours:?}, and OPA says\n  {theirs:?}", case.policy));
        }
        (case.document, case.refused) = (theirs.filter(|_| refused.is_none()), refused);
    }
    assert!(wrong.is_empty(), "of {} {} are others:\n{}", cases.len(), wrong.len(), wrong.join("\n"));
    if std::env::var_os("VANGUARD_TEST_SWEEP").is_some_and(|what| what == "overwrite") {
        fs::write(place("language.json"), serde_json::to_string_pretty(&cases).unwrap() + "\n").unwrap();
    }
    let refused = cases.iter().filter(|case| case.refused.is_some()).count();
    println!("{} policies: the same documents, but for {refused} that are refused", cases.len());
}
