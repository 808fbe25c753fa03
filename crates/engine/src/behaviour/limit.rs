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
    /// Whether calls beyond it are held up until no more of them pass than it lets.
    pub throttles: bool,
}

/// The longest that a call is held up.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(2);
/// As how many results one counts whose content is as good as random.
const RANDOM_RESULT: u64 = 10;
/// From how many bits a byte on it is, by the number that mcp-vanguard 1.5.0 has.
const RANDOM_BITS: f64 = 6.0;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Calls of tools that have one of these effects; any call where there are none.
    Calls(Effects),
    /// Results of tools; one of encoded content that is as good as random counts ten times.
    Results,
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
    pub(crate) results: u64,
    pub(crate) brought: u64,
    pub(crate) sent: u64,
    pub(crate) refusals: u64,
    pub(crate) suspected: u64,
}

impl Counted {
    /// By the name that configuration gives it: `calls`, an effect, `results`, `brought`, `sent`, `refusals` or `suspected`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "calls" => Self::Calls(Effects::empty()),
            "results" => Self::Results,
            "brought" => Self::Brought,
            "sent" => Self::Sent,
            "refusals" => Self::Refusals,
            "suspected" => Self::Suspected,
            effect => Self::Calls(Effects::named(effect)?),
        })
    }
}

/// As how many results one counts, by the most bits a byte of its encoded content.
pub(crate) fn results(entropy: Option<f64>) -> u64 {
    if entropy.is_some_and(|bits| bits >= RANDOM_BITS) { RANDOM_RESULT } else { 1 }
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
        Self { info: Arc::new(info), counts, per: Per::Session, window, most, action: Action::Block, throttles: false }
    }

    /// Whether a session that exceeds it is to do nothing more for as long as its window is.
    pub(crate) fn quarantines(&self) -> bool {
        self.counts == Counted::Refusals && self.action > Action::Warn
    }

    /// Whether it counts what answers bring, and nothing of calls.
    pub(crate) fn is_of_answers(&self) -> bool {
        matches!(self.counts, Counted::Results | Counted::Brought)
    }

    /// What of `amounts` it counts.
    pub(crate) fn of(&self, amounts: &Amounts) -> u64 {
        match self.counts {
            Counted::Calls(effects) if effects.is_empty() || effects.intersects(amounts.effects) => amounts.calls,
            Counted::Calls(_) => 0,
            Counted::Results => amounts.results,
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

    /// How long a call is to wait where the window holds `total`: until it would hold no more than it may, as it empties at the pace that
    /// the limit lets.
    pub(crate) fn hold(&self, total: u64) -> Duration {
        let excess = if self.throttles { total.saturating_sub(self.most) } else { 0 };
        let window = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        let wait = excess.saturating_mul(window).checked_div(self.most.max(1)).unwrap_or_default();
        Duration::from_millis(wait).min(LONGEST_HOLD)
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
            Self { info, counts, per: Per::Session, window, most, action, throttles: false }
        };
        let limits = vec![
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
        ];
        let results = limit(
            "BEH-007",
            "Results very fast",
            "Results come faster than a model can read them, or much of them is as good as random.",
            Counted::Results,
            10,
            200,
        );
        // What is too fast is slowed down, where anything is done about it.
        let results = Self { action: action.min(Action::Warn), throttles: action > Action::Warn, ..results };
        limits.into_iter().chain([results]).collect()
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Calls(effects) if *effects == Effects::READS => "reads",
            Self::Calls(effects) if *effects == Effects::LISTS => "listings",
            Self::Calls(effects) if *effects == Effects::WRITES => "changes",
            Self::Calls(_) => "calls",
            Self::Results => "results",
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

    #[test]
    fn a_limit_that_throttles_holds_for_as_long_as_the_excess_takes_to_drain() {
        let limit = Limit { most: 50, throttles: true, ..Limit::defaults(Action::Warn).remove(0) };
        let holds = [50, 51, 52, 60, 61, u64::MAX].map(|total| limit.hold(total).as_millis());
        assert_eq!(holds, [0, 200, 400, 2_000, 2_000, 2_000]);
        let unable = Limit { most: 0, ..limit.clone() };
        assert_eq!(unable.hold(1), LONGEST_HOLD);
        assert_eq!(Limit { throttles: false, ..limit }.hold(60), Duration::ZERO);
    }

    #[test]
    fn results_that_come_too_fast_are_slowed_down_in_strict_and_told_in_balanced() {
        let of =
            |action| Limit::defaults(action).pop().map(|limit| (limit.info.id.clone(), limit.action, limit.throttles));
        assert_eq!(of(Action::Warn), Some(("BEH-007".into(), Action::Warn, false)));
        assert_eq!(of(Action::Block), Some(("BEH-007".into(), Action::Warn, true)));
        assert_eq!([None, Some(5.9), Some(6.0)].map(results), [1, 1, 10]);
    }
}
