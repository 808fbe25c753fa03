//! Every function and operator over values at its edges: each gives what the real OPA gives, or says that it does not.
//!
//! `tests/rego/sweep.json` holds the values, which of them each function is given (all with all), and a digest of what OPA gave.
//! Where there is an OPA it is asked again.

#![expect(clippy::disallowed_types, reason = "values of any shape are compared; none is a peer's")]

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use regorus::{Engine, Value};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::builtin;
use super::opa::{named_opa, place, plain};
use crate::digest::Digest;

#[derive(Deserialize, Serialize)]
struct Sweep {
    /// Lists in Rego, by name.
    values: BTreeMap<String, String>,
    functions: BTreeMap<String, Function>,
}

#[derive(Deserialize, Serialize)]
struct Function {
    /// A list for each argument.
    over: Vec<String>,
    gave: Option<Gave>,
}

/// What came of all calls of a function.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
struct Gave {
    calls: usize,
    /// Of so many of them we say that they are not held to OPA; which, is in the digest.
    refused: usize,
    sha256: String,
}

/// What one call gives.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Refused(String),
    Undefined,
    Is(Json),
}

/// The function's name; what stands behind it tells apart what it is given.
fn called(name: &str) -> &str {
    name.split_once(':').map_or(name, |(name, _)| name)
}

/// A call as a policy writes it.
fn call(name: &str, arguments: usize) -> String {
    let operator = match called(name) {
        "vanguard.add" => "+",
        "vanguard.and" => "&",
        "vanguard.div" => "/",
        "vanguard.ge" => ">=",
        "vanguard.gt" => ">",
        "vanguard.le" => "<=",
        "vanguard.lt" => "<",
        "vanguard.mul" => "*",
        "vanguard.or" => "|",
        "vanguard.rem" => "%",
        "vanguard.sub" => "-",
        function => {
            let arguments: Vec<_> = (0..arguments).map(|n| format!("a{n}")).collect();
            return format!("{function}({})", arguments.join(", "));
        }
    };
    format!("a0 {operator} a1")
}

impl Sweep {
    /// A policy that makes all calls of a function.
    fn policy(&self, name: &str) -> String {
        let over = &self.functions[name].over;
        let lists: Vec<_> = over.iter().enumerate().map(|(n, list)| format!("p{n} := {}", self.values[list])).collect();
        let some: Vec<_> = (0..over.len()).map(|n| format!("some i{n}, a{n} in p{n}")).collect();
        let at: Vec<_> = (0..over.len()).map(|n| format!("i{n}")).collect();
        let (lists, some, at, call) = (lists.join("\n\n"), some.join("; "), at.join(", "), call(name, over.len()));
        format!("package sweep\n\n{lists}\n\nall := [[{at}, v] | {some}; v := {call}]\n")
    }

    fn ours(&self, name: &str) -> Vec<Outcome> {
        let mut engine = Engine::new();
        engine.set_strict_builtin_errors(false);
        engine.add_policy("sweep.rego".to_owned(), self.policy(name)).unwrap();
        let over = &self.functions[name].over;
        let Some(function) = builtin::function(called(name)) else {
            let all = engine.eval_rule("data.sweep.all".to_owned()).unwrap().to_json_str().unwrap();
            return self.gathered(name, &serde_json::from_str(&all).unwrap());
        };
        let lists: Vec<Vec<Value>> = (0..over.len())
            .map(|n| engine.eval_rule(format!("data.sweep.p{n}")).unwrap().as_array().unwrap().clone())
            .collect();
        let calls = lists.iter().fold(vec![Vec::new()], |calls, list| {
            let one_more = |call: &Vec<Value>| {
                list.iter().map(|value| [call.as_slice(), std::slice::from_ref(value)].concat()).collect()
            };
            calls.iter().flat_map(|call| -> Vec<Vec<Value>> { one_more(call) }).collect()
        });
        let outcome = |call: &Vec<Value>| match function(call) {
            Err(why) => Outcome::Refused(why),
            Ok(None) => Outcome::Undefined,
            Ok(Some(value)) => Outcome::Is(plain(serde_json::from_str(&value.to_json_str().unwrap()).unwrap())),
        };
        calls.iter().map(outcome).collect()
    }

    /// Results with the indices of their values, as outcomes of all calls.
    fn gathered(&self, name: &str, all: &Json) -> Vec<Outcome> {
        let lengths: Vec<usize> = self.functions[name].over.iter().map(|list| self.length(list)).collect();
        let mut outcomes = vec![Outcome::Undefined; lengths.iter().product()];
        for one in all.as_array().unwrap() {
            let at = lengths
                .iter()
                .enumerate()
                .fold(0, |at, (n, length)| at * length + usize::try_from(one[n].as_u64().unwrap()).unwrap());
            outcomes[at] = Outcome::Is(plain(one[lengths.len()].clone()));
        }
        outcomes
    }

    fn length(&self, list: &str) -> usize {
        let mut engine = Engine::new();
        engine.add_policy("list.rego".to_owned(), format!("package list\n\nall := {}\n", self.values[list])).unwrap();
        engine.eval_rule("data.list.all".to_owned()).unwrap().as_array().unwrap().len()
    }

    fn opas(&self, name: &str, opa: &std::ffi::OsStr) -> Vec<Outcome> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("sweep.rego"), self.policy(name)).unwrap();
        let asked = Command::new(opa)
            .args(["eval", "--format", "raw", "--data"])
            .arg(folder.path())
            .arg("data.sweep.all")
            .output();
        let answer = asked.unwrap();
        assert!(answer.status.success(), "{name}: {}", String::from_utf8_lossy(&answer.stderr));
        self.gathered(name, &serde_json::from_slice(&answer.stdout).unwrap_or_else(|error| panic!("{name}: {error}")))
    }
}

/// A digest of outcomes, of which some are ours to refuse.
fn gave(outcomes: &[Outcome], ours: &[Outcome]) -> Gave {
    let mut text = String::new();
    let mut refused = 0;
    for (outcome, our) in outcomes.iter().zip(ours) {
        match (our, outcome) {
            (Outcome::Refused(_), _) => {
                refused += 1;
                text.push('?');
            }
            (_, Outcome::Is(value)) => text.push_str(&value.to_string()),
            (_, _) => text.push('-'),
        }
        text.push('\n');
    }
    Gave { calls: ours.len(), refused, sha256: Digest::of(text.as_bytes()).hex() }
}

fn sweep() -> Sweep {
    serde_json::from_slice(&fs::read(place("sweep.json")).unwrap()).unwrap()
}

#[test]
fn each_function_gives_what_opa_gave() {
    let sweep = sweep();
    let covered = |name: &str| sweep.functions.keys().any(|swept| called(swept) == name);
    let missing: Vec<_> =
        builtin::names().filter(|name| !covered(name) && !["time.now_ns", "vanguard.members"].contains(name)).collect();
    assert!(missing.is_empty(), "not swept: {missing:?}");
    for (name, function) in &sweep.functions {
        let ours = sweep.ours(name);
        assert_eq!(Some(gave(&ours, &ours)), function.gave, "{name}: ask an OPA what differs (VANGUARD_TEST_OPA)");
    }
}

/// With `VANGUARD_TEST_SWEEP=overwrite` what it gives is written down.
#[test]
fn opa_gives_the_same() {
    let Some(opa) = named_opa() else { return };
    let mut sweep = sweep();
    let (mut wrong, mut calls, mut refused) = (Vec::new(), 0, 0);
    let names: Vec<_> = sweep.functions.keys().cloned().collect();
    for name in names {
        let (ours, theirs) = (sweep.ours(&name), sweep.opas(&name, &opa));
        let differ: Vec<_> = ours
            .iter()
            .zip(&theirs)
            .enumerate()
            .filter(|(_, (our, their))| !matches!(our, Outcome::Refused(_)) && our != their)
            .map(|(at, (our, their))| format!("  {at}: {our:?}, and OPA gives {their:?}"))
            .collect();
        if !differ.is_empty() {
            wrong.push(format!(
                "{name}: {} of {}\n{}",
                differ.len(),
                ours.len(),
                differ[..differ.len().min(8)].join("\n")
            ));
        }
        let gave = gave(&theirs, &ours);
        (calls, refused) = (calls + gave.calls, refused + gave.refused);
        if std::env::var_os("VANGUARD_TEST_SWEEP").is_some() {
            for at in ours
                .iter()
                .filter_map(|our| match our {
                    Outcome::Refused(why) => Some(why),
                    _ => None,
                })
                .collect::<std::collections::BTreeSet<_>>()
            {
                println!("{name}: refused: {at}");
            }
        }
        sweep.functions.get_mut(&name).unwrap().gave = Some(gave);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    if std::env::var_os("VANGUARD_TEST_SWEEP").is_some_and(|what| what == "overwrite") {
        let text = serde_json::to_string_pretty(&sweep).unwrap() + "\n";
        fs::write(place("sweep.json"), text).unwrap();
    }
    println!("{calls} calls: the same as OPA, but for {refused} that are refused");
}
