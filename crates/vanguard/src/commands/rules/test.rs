//! `rules test`: every rule against its own cases.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use vanguard_engine::engine::{Engine, Scratch};
use vanguard_engine::policy::{Policy, Profile};
use vanguard_engine::rules::{self, Expect, Failure as CaseFailure, Subject, Tuning};
use vanguard_engine::session::Session;
use vanguard_engine::verdict::Flow;
use vanguard_gateway::SystemClock;
use vanguard_wire::Limits;

use crate::commands::print;
use crate::engine::{self, Pack};
use crate::exit::{Failure, Outcome};

pub(super) fn run(path: Option<&Path>) -> Outcome {
    let packs = match path {
        None => {
            rules::builtin().iter().map(|pack| Pack { name: pack.name.to_owned(), text: pack.text.into() }).collect()
        }
        Some(path) if path.is_dir() => engine::directory(path)?.0,
        Some(path) => vec![engine::file(path)?],
    };
    let (rules, cases, failures) = outcome(&packs)?;
    for failure in &failures {
        print(&format!("{failure}\n"));
    }
    print(&format!("{rules} rules, {cases} cases, {} failed\n", failures.len()));
    if failures.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::Refused) }
}

/// How many rules and cases there are, and every case that its rule decides otherwise than it says.
pub(crate) fn outcome(packs: &[Pack]) -> Result<(usize, usize, Vec<CaseFailure>), Failure> {
    // Under `strict` most rules are in effect; the action does not matter to a case.
    let tuning = Tuning { profile: Profile::Strict, overrides: &BTreeMap::new() };
    let set = engine::load(packs, &tuning)?;
    let mut failures = rules::failures(&set);
    let (rules, cases) = (set.rules().len(), set.rules().iter().map(|rule| rule.cases().len()).sum());
    failures.extend(calls(&Engine::new(set, Policy::default(), Limits::default())));
    Ok((rules, cases, failures))
}

/// The cases that are whole calls, which need the engine to find fields and roles in them.
fn calls(engine: &Engine) -> Vec<CaseFailure> {
    let (mut failures, mut scratch, clock) = (Vec::new(), Scratch::default(), SystemClock);
    for rule in engine.rules().rules() {
        for case in rule.cases() {
            let Subject::Call { tool, args } = &case.subject else { continue };
            let name = serde_json::to_string(tool).unwrap_or_default();
            let call = format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":{name},"arguments":{args}}}}}"#
            );
            let judged = engine.judge(&Session::new(), Flow::ToServer, call.as_bytes(), &mut scratch, &clock);
            let mut findings = judged.decisions.iter().flat_map(|decision| &decision.findings);
            let fired = findings.any(|finding| finding.rule.id == rule.info.id);
            if fired != (case.expect == Expect::Stop) {
                failures.push(CaseFailure {
                    rule: rule.info.id.to_string(),
                    pack: rule.pack.clone(),
                    case: case.clone(),
                });
            }
        }
    }
    failures
}
