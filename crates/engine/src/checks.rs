//! The checks that no pack holds: the strict reading of messages, their place in the session, zones, pins, who may call what, the engine's own limits.
//!
//! Each is listed, explained and recorded like a rule.

use std::sync::Arc;

use vanguard_wire::FaultKind;

use crate::access::Lack;
use crate::authority::Objection;
use crate::finding::{Confidence, RuleInfo, Severity};
use crate::hosts::Lead;
use crate::pins::Drift;
use crate::session::SessionFault;
use crate::zone::Breach;

/// One check of the engine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// The message has no place in its session.
    Session(SessionFault),
    /// Another message of the same batch was refused.
    Batch,
    /// Inspection ran out of its budget: what was not seen is not let through.
    Budget,
    /// A part of the message was not inspected.
    Uninspected,
    /// Its sender took it back while it was held.
    Cancelled,
    /// A path does not keep to its zones.
    Zone(Breach),
    /// A host name leads inward, or nobody knows where.
    Host(Lead),
    /// Who calls a tool lacks what that takes.
    Access(Lack),
    /// A policy decision point does not let it pass.
    Authority(Objection),
    /// A tool or its server is not as it was pinned.
    Pin(Drift),
    /// What a scorer that takes its time says.
    Meaning(Said),
}

/// What a scorer that takes its time says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// The text is an attack.
    Attack,
    /// It may be one.
    Doubt,
    /// One that the session has met was an attack.
    Before,
    /// Nothing.
    Nothing,
}

impl Said {
    const ALL: [Self; 4] = [Self::Attack, Self::Doubt, Self::Before, Self::Nothing];

    fn info(self) -> RuleInfo {
        let (id, title, message, severity, tune) = match self {
            Self::Before => (
                "SEM-004",
                "A call that acts, after what a language model takes for an attack",
                "A text that this session has met is an attack, by the word of a language model. What sends or runs something waits until that is \
                 forgotten, or for a new session.",
                Severity::High,
                "See in the record what was scored; except it for tools that may act, or raise semantic.block.",
            ),
            Self::Attack => (
                "SEM-005",
                "An attack, by the word of a language model",
                "A language model takes the text for an attack.",
                Severity::High,
                "Make an exception for the tool, or raise semantic.block.",
            ),
            Self::Doubt => (
                "SEM-006",
                "What may be an attack, by the word of a language model",
                "A language model takes the text for what may be an attack.",
                Severity::Medium,
                "Override SEM-006 to off if the record fills with it; or raise semantic.warn.",
            ),
            Self::Nothing => (
                "SEM-LOST",
                "Not scored by the language model that should",
                "A language model was to be asked about this text, and gave no score. Try again in a while.",
                Severity::Medium,
                "`vanguard semantic check` shows what is wrong with the scorer; semantic.on_failure says what becomes of the message.",
            ),
        };
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "meaning".into(),
            message: message.into(),
            severity,
            confidence: Confidence::Medium,
            references: vec!["OWASP LLM01".into(), "ATLAS AML.T0051".into()],
            tune: Some(tune.into()),
        }
    }
}

impl Check {
    const GENERAL: [Self; 9] = [
        Self::Session(SessionFault::Unsolicited),
        Self::Session(SessionFault::IdInUse),
        Self::Session(SessionFault::TooManyPending),
        Self::Session(SessionFault::BatchNotSpoken),
        Self::Session(SessionFault::Poisoned),
        Self::Batch,
        Self::Budget,
        Self::Uninspected,
        Self::Cancelled,
    ];

    fn info(self) -> RuleInfo {
        let (id, title, message, severity, references): (_, _, _, _, &[&'static str]) = match self {
            Self::Session(SessionFault::Unsolicited) => (
                "SES-UNSOLICITED",
                "Response to no request in flight",
                "Nobody asked for this response, or it was answered before. It was dropped.",
                Severity::Medium,
                &["CWE-441"],
            ),
            Self::Session(SessionFault::IdInUse) => (
                "SES-ID-IN-USE",
                "Request id already in flight",
                "Two requests in flight share an id, so an answer could be taken for the other's. Number requests anew.",
                Severity::Medium,
                &["CWE-694"],
            ),
            Self::Session(SessionFault::TooManyPending) => (
                "SES-PENDING",
                "Too many requests in flight",
                "The peer has left 10,000 requests unanswered. Wait for answers before asking more.",
                Severity::Medium,
                &["CWE-770"],
            ),
            Self::Session(SessionFault::BatchNotSpoken) => (
                "SES-BATCH",
                "Batch in a revision without batches",
                "The protocol revision agreed on has no batches; some servers would run it, others not. Send one message a line.",
                Severity::Medium,
                &["CWE-436"],
            ),
            Self::Session(SessionFault::Poisoned) => (
                "ENG-STATE",
                "Session state lost",
                "The session's state was lost to an internal error. Start the session again, and report this.",
                Severity::Critical,
                &["CWE-755"],
            ),
            Self::Batch => (
                "BATCH-REFUSED",
                "Refused with its batch",
                "Another message of this batch was refused, and a batch passes whole or not at all.",
                Severity::Low,
                &[],
            ),
            Self::Budget => (
                "ENG-BUDGET",
                "Inspection budget exhausted",
                "Inspecting all of the message would take too long: it has too many values, commands or suspicious places. Send less at once.",
                Severity::High,
                &["CWE-1333"],
            ),
            Self::Cancelled => (
                "SES-CANCELLED",
                "Cancelled while it was held",
                "The request was cancelled while a scorer was asked about it, and was not sent on.",
                Severity::Low,
                &[],
            ),
            Self::Zone(breach) => return breach.info(),
            Self::Host(lead) => return lead.info(),
            Self::Access(lack) => return lack.info(),
            Self::Authority(objection) => return objection.info(),
            Self::Pin(drift) => return drift.info(),
            Self::Meaning(said) => return said.info(),
            Self::Uninspected => (
                "ENG-UNINSPECTED",
                "Not inspected in full",
                "A part of the message is nested or encoded beyond the limits of inspection.",
                Severity::Medium,
                &["CWE-770"],
            ),
        };
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "engine".into(),
            message: message.into(),
            severity,
            confidence: Confidence::High,
            references: references.iter().map(|&r| r.into()).collect(),
            tune: None,
        }
    }
}

/// What is known of every check, made once.
#[derive(Debug)]
pub(crate) struct Checks {
    own: Vec<(Check, Arc<RuleInfo>)>,
    wire: Vec<(FaultKind, Arc<RuleInfo>)>,
    unknown: Arc<RuleInfo>,
}

impl Checks {
    pub(crate) fn new() -> Self {
        let wire = |kind: FaultKind| RuleInfo {
            id: kind.code().into(),
            title: kind.title().into(),
            family: "wire".into(),
            message: "The message can be read in more than one way, or in none. Send plain JSON-RPC 2.0.".into(),
            severity: Severity::High,
            confidence: Confidence::High,
            references: vec!["CWE-436".into()],
            tune: None,
        };
        let all = Check::GENERAL.into_iter().chain(Breach::ALL.map(Check::Zone));
        let all = all.chain(Lead::ALL.map(Check::Host)).chain(Lack::ALL.map(Check::Access));
        let all = all.chain(Objection::ALL.map(Check::Authority)).chain(Drift::ALL.map(Check::Pin));
        let all = all.chain(Said::ALL.map(Check::Meaning));
        Self {
            own: all.map(|check| (check, Arc::new(check.info()))).collect(),
            wire: FaultKind::ALL.iter().map(|&kind| (kind, Arc::new(wire(kind)))).collect(),
            unknown: Arc::new(Check::Budget.info()),
        }
    }

    /// Why nobody may let pass what a check found, where that is so.
    pub(crate) fn never_lifted(&self, id: &str) -> Option<&'static str> {
        if self.wire.iter().any(|(_, info)| info.id == id) {
            return Some("an unreadable message is never forwarded");
        }
        let (check, _) = self.own.iter().find(|(_, info)| info.id == id)?;
        match check {
            Check::Authority(_) => Some("it is what the policy decision point itself says"),
            Check::Pin(_) => Some("it is no finding of a call"),
            Check::Zone(Breach::Unresolved) | Check::Host(Lead::Unknown) | Check::Meaning(Said::Nothing) => {
                Some("it says that something is not known, and so nobody can have allowed it")
            }
            Check::Zone(_) | Check::Host(_) | Check::Access(_) | Check::Meaning(_) => None,
            _ => Some("it says that not all of the message was understood or looked at"),
        }
    }

    pub(crate) fn own(&self, check: Check) -> Arc<RuleInfo> {
        self.own.iter().find(|(known, _)| *known == check).map_or(&self.unknown, |(_, info)| info).clone()
    }

    pub(crate) fn wire(&self, kind: FaultKind) -> Arc<RuleInfo> {
        self.wire.iter().find(|(known, _)| *known == kind).map_or(&self.unknown, |(_, info)| info).clone()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<RuleInfo>> {
        self.wire.iter().map(|(_, info)| info).chain(self.own.iter().map(|(_, info)| info))
    }
}
