//! Rules against their own cases, without the rest of the engine.

use std::fmt;
use std::sync::Arc;

use crate::role::Roles;
use crate::views::{ViewLimits, each_view};

use super::cases::{Case, Expect, Subject};
use super::{Direction, Rule, RuleSet, ScanScratch, Target};

/// A case in which a rule did not do what its author wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The rule.
    pub rule: String,
    /// Its pack.
    pub pack: Arc<str>,
    /// The case.
    pub case: Case,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wish = match self.case.expect {
            Expect::Stop => "must stop, and lets pass",
            Expect::Pass => "must let pass, and stops",
        };
        write!(f, "{}:{}: rule {} {wish}: {:?}", self.pack, self.case.line, self.rule, self.case.subject)
    }
}

/// Every case of `set` whose own rule decides otherwise than it says. Whole calls need the engine that finds fields
/// and roles in them, and are left to it, and rules that ask a scorer need one.
pub fn failures(set: &RuleSet) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut scratch = ScanScratch::default();
    for rule in set.rules().iter().filter(|rule| !rule.asks_scorer() || set.meaning().is_some()) {
        for case in rule.cases() {
            let (roles, direction, text) = match &case.subject {
                Subject::Value { role, text } => (Roles::from(*role), Direction::REQUEST, text),
                Subject::Result { text } => (Roles::TEXT, Direction::RESPONSE, text),
                // What a catalogue links to, or says as a whole, is a field of another role.
                Subject::Description { text } if !rule.roles.intersects(Roles::TEXT) => {
                    (rule.roles, Direction::DESCRIPTION, text)
                }
                Subject::Description { text } => (Roles::TEXT, Direction::DESCRIPTION, text),
                Subject::Call { .. } => continue,
            };
            let fired = fires(set, rule, roles, direction, text, &mut scratch);
            if fired != (case.expect == Expect::Stop) {
                failures.push(Failure {
                    rule: rule.info.id.to_string(),
                    pack: Arc::clone(&rule.pack),
                    case: case.clone(),
                });
            }
        }
    }
    failures
}

fn fires(
    set: &RuleSet,
    rule: &Rule,
    roles: Roles,
    direction: Direction,
    text: &str,
    scratch: &mut ScanScratch,
) -> bool {
    let target = Target { roles, direction, tool: None, pointer: &String::new };
    let mut fired = false;
    scratch.begin_message();
    each_view(text, roles, &ViewLimits::default(), &mut |view, chain| {
        let scanned =
            set.scan(view, chain, false, &target, scratch, &mut |found, _| fired |= std::ptr::eq(found, rule));
        fired |= scanned.is_err();
    });
    fired
}
