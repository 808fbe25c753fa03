//! Who else has a say in whether a call may be made: a policy decision point, asked as an argument, as the clock is.
//!
//! It is asked of what would pass, and can refuse it; and of what is refused, where nothing speaks against it but rules that the policy lets it
//! lift. Decisions replay by its answers.

use std::fmt;

use crate::finding::{Confidence, RuleInfo, Severity};
use crate::principal::Principal;
use crate::verdict::Decision;

/// A policy decision point. It may have to ask somebody; how long that may take is its own affair, and bounded.
pub trait Authority: fmt::Debug + Send + Sync {
    /// What it says of a call made by `who`, which passes as far as `decision` goes, or is refused for what it may lift.
    fn rule(&self, decision: &Decision, who: Option<&Principal>) -> Ruling;
}

/// What a policy decision point says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// The call may be made.
    Allows,
    /// It may, and what these rules found does not stand in its way, as far as the policy lets it say so.
    Excepts {
        /// Their ids.
        rules: Vec<String>,
        /// Who says so, and why: kept in the record.
        by: String,
    },
    /// It may not, for this reason, if any is given.
    Denies(String),
    /// Nothing is decided, for this reason. `passes`: the call may be made all the same.
    Silent {
        /// Why.
        why: String,
        /// Whether that is no reason to refuse.
        passes: bool,
    },
}

/// What is found by asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Objection {
    /// No.
    Denied,
    /// Nothing.
    Silent,
}

impl Objection {
    pub(crate) const ALL: [Self; 2] = [Self::Denied, Self::Silent];

    pub(crate) fn info(self) -> RuleInfo {
        let (id, title, message, tune) = match self {
            Self::Denied => (
                "PDP-DENIED",
                "Denied by the policy decision point",
                "The organisation's policy does not allow this call. Do without it, or have somebody call who may.",
                "Change the policy where it is kept (`policy.bundle`, or whoever answers at `policy.url`).",
            ),
            Self::Silent => (
                "PDP-SILENT",
                "Policy decision point without a decision",
                "Whether this call may be made could not be asked, so it is not made. Try again later.",
                "See that `policy.url` or the rule of `policy.bundle` gives a decision within `policy.deadline_ms`; `policy.on_failure: warn` lets calls pass.",
            ),
        };
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "access".into(),
            message: message.into(),
            severity: Severity::High,
            confidence: Confidence::High,
            references: vec!["CWE-285".into()],
            tune: Some(tune.into()),
        }
    }
}
