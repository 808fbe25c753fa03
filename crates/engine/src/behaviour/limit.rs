//! Limits: how much of something in how long.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::effect::Effects;
use crate::finding::{Action, Confidence, RuleInfo, Severity};

/// How much of something a session, a principal or a tool may do in how long.
#[derive(Debug, Clone)]
pub struct Limit {
    /// What is said when it is exceeded.
    pub info: Arc<RuleInfo>,
    /// What it counts.
    pub counts: Counted,
    /// For whom it is counted.
    pub per: Per,
    /// How far back it is counted.
    pub window: Duration,
    /// What may be.
    pub most: u64,
    /// What more asks for.
    pub action: Action,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls of tools that have one of these effects; any call where there are none.
    Calls(Effects),
    /// Bytes of the results of tools.
    Brought,
    /// Bytes of the arguments of tools that send.
    Sent,
    /// Calls that were refused.
    Refusals,
    /// Calls in which something was found, whether they passed or not.
    Suspected,
}

/// For whom it is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// Each session.
    #[default]
    Session,
    /// Each principal, over all of its sessions.
    Principal,
    /// Each tool, over all sessions.
    Tool,
}

/// What a message adds to windows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Amounts {
    pub(crate) effects: Effects,
    pub(crate) calls: u64,
    pub(crate) brought: u64,
    pub(crate) sent: u64,
    pub(crate) refusals: u64,
    pub(crate) suspected: u64,
}

impl Counted {
    /// By the name that configuration gives it: `calls`, an effect, `brought`, `sent`, `refusals` or `suspected`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "calls" => Self::Calls(Effects::empty()),
            "brought" => Self::Brought,
            "sent" => Self::Sent,
            "refusals" => Self::Refusals,
            "suspected" => Self::Suspected,
            effect => Self::Calls(Effects::named(effect)?),
        })
    }
}

impl Limit {
    /// A limit of the user's own.
    pub fn own(id: String, counts: Counted, window: Duration, most: u64) -> Self {
        let info = RuleInfo {
            id: id.into(),
            title: "Limit of the configuration".into(),
            family: "behaviour".into(),
            message: "More is done in the time of this limit than the configuration lets pass.".into(),
            severity: Severity::Medium,
            confidence: Confidence::High,
            references: vec!["CWE-770".into()],
            tune: Some("It is set in `behaviour.limits`.".into()),
        };
        Self { info: Arc::new(info), counts, per: Per::Session, window, most, action: Action::Block }
    }

    /// Whether a session that exceeds it is to do nothing more for as long as its window is.
    pub(crate) fn quarantines(&self) -> bool {
        self.counts == Counted::Refusals && self.action > Action::Warn
    }

    /// What of `amounts` it counts.
    pub(crate) fn of(&self, amounts: &Amounts) -> u64 {
        match self.counts {
            Counted::Calls(effects) if effects.is_empty() || effects.intersects(amounts.effects) => amounts.calls,
            Counted::Calls(_) => 0,
            Counted::Brought => amounts.brought,
            Counted::Sent => amounts.sent,
            Counted::Refusals => amounts.refusals,
            Counted::Suspected => amounts.suspected,
        }
    }

    /// Whether `total`, the last `added` of it new, is worth a word: a warning once, when the limit is passed, anything harder each time.
    pub(crate) fn is_exceeded(&self, total: u64, added: u64) -> bool {
        added > 0 && total > self.most && (self.action > Action::Warn || total.saturating_sub(added) <= self.most)
    }

    /// What was counted, as a person reads it.
    pub(crate) fn evidence(&self, total: u64) -> String {
        format!("{total} {} in {}, limit {}", self.counts, Span(self.window), self.most)
    }

    /// The limits that there are without any configuration, harder in `strict`.
    pub fn defaults(action: Action) -> Vec<Self> {
        let limit = |id: &'static str, title: &'static str, message: &'static str, counts, seconds, most| {
            let info = RuleInfo {
                id: id.into(),
                title: title.into(),
                family: "behaviour".into(),
                message: message.into(),
                severity: Severity::Medium,
                confidence: Confidence::Low,
                references: vec!["CWE-770".into(), "CWE-799".into()],
                tune: Some("Set the limit's `most`, `seconds` or `action` in `behaviour.limits`.".into()),
            };
            let (info, window) = (Arc::new(info), Duration::from_secs(seconds));
            Self { info, counts, per: Per::Session, window, most, action }
        };
        vec![
            limit(
                "BEH-001",
                "Reading very much at once",
                "More is read in a short time than an agent needs for a task. Read less at once, or raise the limit.",
                Counted::Calls(Effects::READS),
                10,
                50,
            ),
            limit(
                "BEH-002",
                "Listing very much at once",
                "More is listed in a short time than an agent needs for a task. List less at once, or raise the limit.",
                Counted::Calls(Effects::LISTS),
                5,
                20,
            ),
            limit(
                "BEH-004",
                "Very large results",
                "The results of a short time are larger than what a model can read. Ask for less, or raise the limit.",
                Counted::Brought,
                60,
                64 << 20,
            ),
            limit(
                "BEH-005",
                "Flood of calls",
                "More calls are made in a short time than an agent needs for a task. Wait a little, or raise the limit.",
                Counted::Calls(Effects::empty()),
                60,
                200,
            ),
            limit(
                "BEH-008",
                "Sending very much",
                "More is sent out in a short time than an agent needs for a task. Send less at once, or raise the limit.",
                Counted::Sent,
                60,
                16 << 20,
            ),
            limit(
                "BEH-009",
                "Many refused calls",
                "Many calls of this session were refused in a short time. Find out why before it goes on.",
                Counted::Refusals,
                60,
                20,
            ),
        ]
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calls(effects) if *effects == Effects::READS => "reads",
            Self::Calls(effects) if *effects == Effects::LISTS => "listings",
            Self::Calls(effects) if *effects == Effects::WRITES => "changes",
            Self::Calls(_) => "calls",
            Self::Brought => "bytes of results",
            Self::Sent => "bytes sent",
            Self::Refusals => "refused calls",
            Self::Suspected => "calls with findings",
        })
    }
}

/// A time as a person reads it.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            seconds if seconds >= 120 && seconds.is_multiple_of(60) => write!(f, "{} min", seconds / 60),
            seconds => write!(f, "{seconds} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_said_once_and_a_refusal_each_time() {
        let limit = |action| Limit { most: 50, ..Limit::defaults(action).remove(0) };
        let said = |action| (1..=53).filter(|total| limit(action).is_exceeded(*total, 1)).collect::<Vec<_>>();
        assert_eq!(said(Action::Warn), [51]);
        assert_eq!(said(Action::Block), [51, 52, 53]);
        assert_eq!(limit(Action::Warn).evidence(63), "63 reads in 10 s, limit 50");
    }
}
