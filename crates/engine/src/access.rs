//! Who may call which tool: what the policy asks of the one who calls, beside everything that it asks of the call.

use std::borrow::Cow;
use std::collections::BTreeSet;

use globset::GlobMatcher;
use vanguard_wire::{Body, Message};

use crate::finding::{Confidence, RuleInfo, Severity};
use crate::policy::Policy;
use crate::principal::Principal;
use crate::verdict::Flow;

/// The id of the finding that a call lacks a scope: the one that its client may mend, by asking for more.
pub const NO_SCOPE: &str = "ACC-SCOPE";

/// What calling some tools takes. Every requirement for a tool holds.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The tools, by name.
    pub tools: GlobMatcher,
    /// Scopes: all of them.
    pub scopes: Vec<Box<str>>,
    /// Roles: one of them, where there are any.
    pub roles: Vec<Box<str>>,
}

/// What somebody who calls a tool does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lack {
    /// A scope.
    Scope,
    /// Every role that would do.
    Role,
}

impl Lack {
    pub(crate) const ALL: [Self; 2] = [Self::Scope, Self::Role];

    pub(crate) fn info(self) -> RuleInfo {
        let (id, title, message, tune) = match self {
            Self::Scope => (
                NO_SCOPE,
                "Call without a scope that the tool takes",
                "Who calls was not granted a scope that this tool takes. Ask for it, or do without the tool.",
                "Grant the scope where tokens are made or keys are listed, or ask for less in `tools`.",
            ),
            Self::Role => (
                "ACC-ROLE",
                "Call without a role that may use the tool",
                "Who calls has none of the roles that may use this tool. Do without it, or have somebody call who may.",
                "Give the role where tokens are made or keys are listed, or name another in `tools`.",
            ),
        };
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "access".into(),
            message: message.into(),
            severity: Severity::High,
            confidence: Confidence::High,
            references: vec!["CWE-862".into()],
            tune: Some(tune.into()),
        }
    }
}

impl Policy {
    /// The tool that `message` calls, where any takes something.
    pub(crate) fn limited<'m>(&self, message: &'m Message<'_, '_>, flow: Flow) -> Option<Cow<'m, str>> {
        if self.access.is_empty() || flow != Flow::ToServer {
            return None;
        }
        match &message.body {
            Body::Request { method, params, .. } | Body::Notification { method, params } if method == "tools/call" => {
                // A call that names no tool is one of a tool without a name.
                Some(params.as_ref().and_then(|params| params.get("name")?.string()).unwrap_or_default())
            }
            _ => None,
        }
    }

    /// What `who` lacks to call `tool`, each with what would do. Nobody known has nothing.
    pub(crate) fn lacking(&self, who: Option<&Principal>, tool: &str) -> Vec<(Lack, String)> {
        let mut lacking = Vec::new();
        let has = |scope: &str| who.is_some_and(|who| who.scopes.contains(scope));
        let scopes: Vec<&str> = self.scopes_of(tool).into_iter().filter(|scope| !has(scope)).collect();
        if !scopes.is_empty() {
            lacking.push((Lack::Scope, scopes.join(" ")));
        }
        for Requirement { roles, .. } in self.required(tool).filter(|required| !required.roles.is_empty()) {
            if !who.is_some_and(|who| roles.iter().any(|role| who.roles.contains(role))) {
                lacking.push((Lack::Role, roles.join(" or ")));
            }
        }
        lacking
    }

    /// Every scope that calling `tool` takes.
    pub fn scopes_of<'p>(&'p self, tool: &str) -> BTreeSet<&'p str> {
        self.required(tool).flat_map(|required| &required.scopes).map(AsRef::as_ref).collect()
    }

    /// Every scope that calling any tool takes.
    pub fn scopes(&self) -> BTreeSet<&str> {
        self.access.iter().flat_map(|required| &required.scopes).map(AsRef::as_ref).collect()
    }

    fn required<'p>(&'p self, tool: &str) -> impl Iterator<Item = &'p Requirement> {
        // A server may take a name with blanks around it for the name.
        self.access.iter().filter(move |required| required.tools.is_match(tool.trim()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::principal::{Entry, Identity};

    fn requirement(tools: &str, scopes: &[&str], roles: &[&str]) -> Requirement {
        let all = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        let tools = globset::GlobBuilder::new(tools).case_insensitive(true).build().unwrap().compile_matcher();
        Requirement { tools, scopes: all(scopes), roles: all(roles) }
    }

    fn policy() -> Policy {
        let access = vec![
            requirement("delete_*", &["files:admin"], &[]),
            requirement("*_all", &["files:all"], &["operator", "owner"]),
        ];
        Policy { access, ..Policy::default() }
    }

    fn lacks(scopes: &[&str], roles: &[&str], tool: &str) -> Vec<String> {
        let all = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        let identity = Identity { entry: Entry::Key, name: Arc::from("a") };
        let who = Principal { identity, roles: all(roles), scopes: all(scopes) };
        policy().lacking(Some(&who), tool).into_iter().map(|(lack, what)| format!("{lack:?} {what}")).collect()
    }

    #[test]
    fn every_requirement_for_a_tool_holds() {
        assert!(lacks(&[], &[], "read_file").is_empty());
        assert_eq!(lacks(&[], &[], "delete_file"), ["Scope files:admin"]);
        assert!(lacks(&["files:admin"], &[], "delete_file").is_empty());
        assert_eq!(lacks(&["files:admin"], &["owner"], "delete_all"), ["Scope files:all"]);
        assert_eq!(lacks(&["files:admin", "files:all"], &[], "delete_all"), ["Role operator or owner"]);
        assert!(lacks(&["files:admin", "files:all"], &["operator"], "delete_all").is_empty());
    }

    #[test]
    fn a_scope_is_meant_to_the_letter_and_a_tool_is_not() {
        assert_eq!(lacks(&["files:admin:x", "files"], &[], "delete_file"), ["Scope files:admin"]);
        assert_eq!(lacks(&["FILES:ADMIN"], &[], " Delete_File\n"), ["Scope files:admin"]);
    }

    #[test]
    fn nobody_known_has_nothing() {
        assert_eq!(policy().lacking(None, "delete_all").len(), 2);
        assert!(policy().lacking(None, "read").is_empty());
    }
}
