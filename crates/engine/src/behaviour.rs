//! What only shows over time (L3): how much, in which order, and where data goes.
//!
//! A call is taken for what its tool does ([`Effects`]), a result for whose words it brings. What is remembered of a session is
//! behind [`Memory`], an argument as the clock is; what that means is decided here.

mod effect;
mod entropy;
mod flow;
mod limit;
mod memory;
mod prints;
mod seen;
mod sequence;
mod trail;
mod usual;
mod watch;

use std::sync::Arc;

pub use effect::Effects;
pub use flow::{Flows, MAX_ALL_PRINTS, MAX_PRINTS, MAX_SOURCES};
pub use limit::{Counted, Limit, Per};
pub use memory::{Count, Lost, Memory, Of, Passed, SLOTS, Step};
pub use seen::{Held, Seen};
pub use sequence::{MAX_SEQUENCES, MAX_STEPS, Sequence};
pub use trail::Trail;
pub use usual::Usual;
pub use watch::{Deed, Past};
pub(crate) use watch::{Noted, Watch};

use globset::GlobMatcher;

use crate::finding::{Action, Confidence, RuleInfo, Severity};
use crate::policy::Profile;

/// What the configuration says that tools do, in the place of what is found.
#[derive(Debug, Clone)]
pub struct ToolEffects {
    /// The tools, by name.
    pub tools: GlobMatcher,
    /// What they do.
    pub effects: Effects,
}

/// What behaviour is judged by.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// How much of what in how long.
    pub limits: Vec<Limit>,
    /// What calls mean one after the other.
    pub sequences: Vec<Sequence>,
    /// What tools do, where their names mislead.
    pub effects: Vec<ToolEffects>,
    /// Whether what is unusual for a session is told.
    pub unusual: bool,
    /// Parts of paths, in lower case, that lead to places for credentials beside those that are known.
    pub sensitive: Vec<Box<str>>,
    flows: [(Way, Arc<RuleInfo>, Action); 4],
    entropy: (Arc<RuleInfo>, Action),
    quarantine: Arc<RuleInfo>,
    habit: Arc<RuleInfo>,
    lost: Arc<RuleInfo>,
}

/// A way that data may take and should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A credential leaves.
    Secret,
    /// What a place for credentials holds leaves.
    Sensitive,
    /// Somebody's own leaves.
    Private,
    /// A stranger's command is run.
    Repeated,
}

impl Behaviour {
    /// The starting point of a profile.
    pub fn of(profile: Profile) -> Self {
        let strict = profile == Profile::Strict;
        let limits = Limit::defaults(if strict { Action::Block } else { Action::Warn });
        // Built in, and held to that by a test.
        let sequences = Sequence::read(include_str!("behaviour/sequences.yaml"), profile).unwrap_or_default();
        let flows = [Way::Secret, Way::Sensitive, Way::Private, Way::Repeated]
            .map(|way| (way, Arc::new(way.info()), way.action(strict)));
        let harder = if strict { Action::Block } else { Action::Warn };
        let (lost, entropy) = (Arc::new(lost()), (Arc::new(random()), harder));
        let (quarantine, habit) = (Arc::new(quarantine()), Arc::new(unusual()));
        let (effects, sensitive, unusual) = (Vec::new(), Vec::new(), false);
        Self { limits, sequences, effects, unusual, sensitive, flows, entropy, quarantine, habit, lost }
    }

    /// What is known of every check.
    pub fn infos(&self) -> impl Iterator<Item = &Arc<RuleInfo>> {
        let limits = self.limits.iter().map(|limit| &limit.info);
        let sequences = self.sequences.iter().map(|sequence| &sequence.info);
        let own = [&self.entropy.0, &self.quarantine, &self.habit, &self.lost];
        limits.chain(sequences).chain(self.flows.iter().map(|(_, info, _)| info)).chain(own)
    }
}

impl Way {
    fn action(self, strict: bool) -> Action {
        match self {
            Self::Secret | Self::Sensitive => Action::Block,
            Self::Private if strict => Action::Review,
            Self::Private => Action::Warn,
            Self::Repeated => Action::Review,
        }
    }

    fn info(self) -> RuleInfo {
        let (id, title, message, severity, references): (_, _, _, _, &[&'static str]) = match self {
            Self::Secret => (
                "FLOW-001",
                "Credential on its way out",
                "A credential that was read before is sent out, in this call or in pieces over several. Leave it out.",
                Severity::Critical,
                &["CWE-200", "CWE-522", "ATT&CK:T1567"],
            ),
            Self::Sensitive => (
                "FLOW-002",
                "Content of a place for credentials on its way out",
                "What was read from a place for credentials is sent out. Leave it out.",
                Severity::Critical,
                &["CWE-200", "CWE-538", "ATT&CK:T1567"],
            ),
            Self::Private => (
                "FLOW-003",
                "Private content on its way out",
                "Part of what was read from somebody's own data is sent out.",
                Severity::Medium,
                &["CWE-200", "CWE-359", "ATT&CK:T1567"],
            ),
            Self::Repeated => (
                "FLOW-004",
                "Command from a stranger's text",
                "This command first stood in a text that anybody can write. Have a person look at it before it runs.",
                Severity::High,
                &["CWE-94", "CWE-1427", "ATLAS:AML.T0051.001"],
            ),
        };
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "flow".into(),
            message: message.into(),
            severity,
            confidence: Confidence::Medium,
            references: references.iter().map(|&reference| reference.into()).collect(),
            tune: Some("Say what the tools do in `behaviour.tools`, or except the tool that sends or runs it.".into()),
        }
    }
}

fn random() -> RuleInfo {
    RuleInfo {
        id: "BEH-006".into(),
        title: "Encrypted or random content".into(),
        family: "entropy".into(),
        message: "The result holds a private key, or bytes that are encrypted or as random as one, which a model cannot read."
            .into(),
        severity: Severity::Medium,
        confidence: Confidence::Low,
        references: vec!["CWE-200".into(), "ATT&CK:T1027.013".into()],
        tune: Some("Except the tool that brings such content, or lower the rule with `rules.overrides`.".into()),
    }
}

fn quarantine() -> RuleInfo {
    RuleInfo {
        id: "BEH-010".into(),
        title: "Session in quarantine".into(),
        family: "behaviour".into(),
        message: "So many calls of this session were refused that nothing more passes for a while.".into(),
        severity: Severity::High,
        confidence: Confidence::High,
        references: vec!["CWE-799".into()],
        tune: Some("Find out why the calls were refused; it is set by the limit BEH-009.".into()),
    }
}

fn unusual() -> RuleInfo {
    RuleInfo {
        id: "BEH-011".into(),
        title: "Unlike what the session did before".into(),
        family: "behaviour".into(),
        message: "This call is unlike those that the session made before, in its size, its effect or its haste.".into(),
        severity: Severity::Low,
        confidence: Confidence::Low,
        references: vec!["CWE-778".into(), "ATT&CK:T1078".into()],
        tune: Some("It is told only where `behaviour.unusual` is on.".into()),
    }
}

fn lost() -> RuleInfo {
    RuleInfo {
        id: "BEH-LOST".into(),
        title: "What is remembered of the session cannot be had".into(),
        family: "behaviour".into(),
        message:
            "Limits cannot be judged as they should be, for what is remembered cannot be had. Try again in a while."
                .into(),
        severity: Severity::High,
        confidence: Confidence::High,
        references: vec!["CWE-636".into()],
        tune: Some("See that the memory (Redis) can be reached.".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequences_that_are_built_in_are_read() {
        let yaml = include_str!("behaviour/sequences.yaml");
        for profile in [Profile::Balanced, Profile::Strict] {
            assert_eq!(Behaviour::of(profile).sequences.len(), Sequence::read(yaml, profile).unwrap().len());
        }
        let behaviour = Behaviour::of(Profile::Balanced);
        let mut ids: Vec<_> = behaviour.infos().map(|info| info.id.clone()).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
    }
}
