//! The policy: the only place that turns findings into a verdict.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobMatcher;
use serde::{Deserialize, Serialize};

use crate::access::Requirement;
use crate::behaviour::Behaviour;
use crate::finding::{Action, Finding};
use crate::principal::Principal;
use crate::role::Correction;
use crate::verdict::Verdict;
use crate::zone::Zone;

mod profile;

pub use profile::Profile;

/// How a refused `tools/call` is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyAs {
    /// A JSON-RPC error.
    #[default]
    Error,
    /// A tool result with `isError: true`, which models recover from better.
    ToolResult,
}

/// Leave for a rule's finding to pass, where it is known to be harmless.
#[derive(Debug, Clone)]
pub struct Exception {
    /// Rule ids.
    pub rule: GlobMatcher,
    /// Tool names; any when absent.
    pub tool: Option<GlobMatcher>,
    /// JSON pointers below the arguments, e.g. `/path` or `/edits/*/newText`; any when absent.
    pub argument: Option<GlobMatcher>,
    /// The whole value of the field; any when absent.
    pub value: Option<GlobMatcher>,
    /// A role of who sends or gets the message; anybody's when absent.
    pub role: Option<Box<str>>,
    /// Why: kept in the record.
    pub reason: String,
    /// Unix time in seconds from which it no longer holds.
    pub expires: Option<i64>,
}

/// Where a finding was made, as an [`Exception`] sees it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The tool called, or the one whose result this is.
    pub tool: Option<&'a str>,
    /// JSON pointer in the message.
    pub pointer: &'a str,
    /// The field's whole value.
    pub value: &'a str,
    /// Who sends or gets the message.
    pub who: Option<&'a Principal>,
    /// Unix time in seconds.
    pub now: i64,
}

impl Exception {
    fn covers(&self, rule: &str, place: &Place<'_>) -> bool {
        let argument = place.pointer.strip_prefix("/params/arguments").unwrap_or(place.pointer);
        let fits = |glob: &Option<GlobMatcher>, value: &str| glob.as_ref().is_none_or(|g| g.is_match(value));
        self.rule.is_match(rule)
            && self.expires.is_none_or(|at| place.now < at)
            && self.role.as_ref().is_none_or(|role| place.who.is_some_and(|who| who.roles.contains(role)))
            && self.tool.as_ref().is_none_or(|g| place.tool.is_some_and(|tool| g.is_match(tool)))
            && fits(&self.argument, argument)
            && fits(&self.value, place.value)
    }
}

/// What is refused, and how that is said.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The starting point.
    pub profile: Profile,
    /// Actions by rule id, in place of the rule's own.
    pub overrides: BTreeMap<String, Action>,
    /// Known harmless findings.
    pub exceptions: Vec<Exception>,
    /// The rules whose findings a policy decision point may let pass.
    pub liftable: BTreeSet<Box<str>>,
    /// What arguments are, where schema, name and value mislead.
    pub roles: Vec<Correction>,
    /// The directories that tools may touch; where there are none, any.
    pub zones: Vec<Zone>,
    /// What calling a tool takes.
    pub access: Vec<Requirement>,
    /// What is made of what a session has done, where that is remembered.
    pub behaviour: Option<Behaviour>,
    /// How a refused `tools/call` is answered.
    pub deny_as: DenyAs,
    /// Whether an answer tells the agent what was found and where, not only which rule.
    pub expose_block_reason: bool,
    /// Answer with the error code of mcp-vanguard 1.5.0 (-32600) instead of [`BLOCKED`].
    pub compat_codes: bool,
}

/// The JSON-RPC error code of a refusal. It lies outside -32768…-32000, which the protocol reserves.
pub const BLOCKED: i64 = -31001;

/// The JSON-RPC error code of a refusal in mcp-vanguard 1.5.0.
const BLOCKED_1_5: i64 = -32600;

impl Policy {
    /// The error code of a refusal.
    pub fn code(&self) -> i64 {
        if self.compat_codes { BLOCKED_1_5 } else { BLOCKED }
    }

    /// The action of a built-in check of the engine, which has no pack to carry overrides.
    pub fn action(&self, rule: &str, own: Action) -> Action {
        self.overrides.get(rule).copied().unwrap_or(own)
    }

    /// The reason to let a finding of `rule` at `place` pass, where an exception gives one.
    pub fn excepted(&self, rule: &str, place: &Place<'_>) -> Option<&str> {
        self.exceptions.iter().find(|e| e.covers(rule, place)).map(|e| e.reason.as_str())
    }

    /// One verdict from all findings, and in monitor mode what it would have been.
    pub fn compose(&self, findings: &[Finding]) -> (Verdict, Option<Verdict>) {
        let hardest = findings.iter().map(Finding::effective).max().unwrap_or(Action::Off);
        let verdict = match hardest {
            Action::Off if findings.is_empty() => Verdict::Allow,
            Action::Off | Action::Warn => Verdict::Warn,
            Action::Redact => Verdict::Redact,
            Action::Review if self.profile == Profile::Strict => Verdict::Block,
            Action::Review => Verdict::Review,
            Action::Block => Verdict::Block,
        };
        if self.profile == Profile::Monitor && verdict > Verdict::Warn && !findings.iter().any(Finding::is_binding) {
            return (Verdict::Warn, Some(verdict));
        }
        (verdict, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::tests::finding;
    use crate::principal::{Entry, Identity};

    fn glob(pattern: &str) -> GlobMatcher {
        globset::Glob::new(pattern).unwrap().compile_matcher()
    }

    #[test]
    fn the_hardest_finding_decides() {
        let policy = Policy::default();
        assert_eq!(policy.compose(&[]), (Verdict::Allow, None));
        assert_eq!(policy.compose(&[finding("A", Action::Warn)]), (Verdict::Warn, None));
        let both = [finding("A", Action::Warn), finding("B", Action::Block)];
        assert_eq!(policy.compose(&both), (Verdict::Block, None));
    }

    #[test]
    fn monitor_records_what_it_would_have_done() {
        let policy = Policy { profile: Profile::Monitor, ..Policy::default() };
        assert_eq!(policy.compose(&[finding("A", Action::Block)]), (Verdict::Warn, Some(Verdict::Block)));
    }

    #[test]
    fn a_redaction_is_milder_than_a_refusal_and_harder_than_a_warning() {
        let both = [finding("A", Action::Warn), finding("B", Action::Redact)];
        assert_eq!(Policy::default().compose(&both), (Verdict::Redact, None));
        let three = [finding("B", Action::Redact), finding("C", Action::Review)];
        assert_eq!(Policy::default().compose(&three), (Verdict::Review, None));
        let monitor = Policy { profile: Profile::Monitor, ..Policy::default() };
        assert_eq!(monitor.compose(&both), (Verdict::Warn, Some(Verdict::Redact)));
        assert!(Verdict::Redact.passes() && !Verdict::Review.passes());
    }

    #[test]
    fn strict_refuses_what_deserves_a_look() {
        let look = [finding("A", Action::Review)];
        assert_eq!(Policy::default().compose(&look).0, Verdict::Review);
        let strict = Policy { profile: Profile::Strict, ..Policy::default() };
        assert_eq!(strict.compose(&look).0, Verdict::Block);
    }

    #[test]
    fn an_exception_needs_all_its_parts_and_ends() {
        let exception = Exception {
            rule: glob("FS-*"),
            tool: Some(glob("read_*")),
            argument: Some(glob("/path")),
            value: Some(glob("/etc/hosts")),
            role: None,
            reason: "the installer reads it".into(),
            expires: Some(100),
        };
        let policy = Policy { exceptions: vec![exception], ..Policy::default() };
        let (tool, pointer) = (Some("read_file"), "/params/arguments/path");
        let place = Place { tool, pointer, value: "/etc/hosts", who: None, now: 99 };
        assert_eq!(policy.excepted("FS-001", &place), Some("the installer reads it"));
        assert_eq!(policy.excepted("NET-001", &place), None);
        assert_eq!(policy.excepted("FS-001", &Place { tool: Some("write_file"), ..place }), None);
        assert_eq!(policy.excepted("FS-001", &Place { tool: None, ..place }), None);
        assert_eq!(policy.excepted("FS-001", &Place { value: "/etc/shadow", ..place }), None);
        assert_eq!(policy.excepted("FS-001", &Place { pointer: "/params/arguments/to", ..place }), None);
        assert_eq!(policy.excepted("FS-001", &Place { now: 100, ..place }), None);

        let of = |role: &str| Policy {
            exceptions: vec![Exception { role: Some(role.into()), ..policy.exceptions[0].clone() }],
            ..Policy::default()
        };
        let identity = Identity { entry: Entry::Key, name: "a".into() };
        let who = Principal { identity, roles: ["operator".into()].into(), scopes: [].into() };
        let place = Place { who: Some(&who), ..place };
        assert!(of("operator").excepted("FS-001", &place).is_some());
        assert_eq!(of("owner").excepted("FS-001", &place), None);
        assert_eq!(of("operator").excepted("FS-001", &Place { who: None, ..place }), None);
    }
}
