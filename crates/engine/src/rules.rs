//! Rules: detections written as data.
//!
//! A pack is a YAML list of rules. Loading one reads it into a tree ([`yaml`]), the tree into rules as written
//! ([`form`]), and those into compiled rules ([`compile`]); whatever is wrong is reported with its line, all at once.
//! The built-in packs come as rules as written, their literals numbered and sorted ([`prepared`], [`places`], [`table`]):
//! the build does that with these very modules (`build.rs`).
//!
//! Scanning makes one pass for the literals that patterns require ([`literal`], [`needles`], [`scan`]) and runs a pattern
//! only where one of its literals stands.

use std::collections::BTreeMap;
use std::fmt;

use crate::finding::Action;
use crate::meaning::Meaning;
use crate::policy::Profile;
use crate::role::Roles;

mod builtin;
mod cases;
mod check;
mod checks;
mod compile;
mod direction;
mod edges;
mod error;
mod form;
mod frequency;
mod hint;
mod index;
mod literal;
mod load;
mod needles;
mod pattern;
mod places;
mod prepared;
mod scan;
mod selftest;
mod syntax;
mod table;
mod words;
mod yaml;

#[cfg(test)]
mod tests;

pub use builtin::builtin;
pub use cases::{Case, Expect, Subject};
pub use compile::Rule;
pub use direction::Direction;
pub use error::{PackError, PackWarning};
pub use form::{MAX_PATTERN_BYTES, MAX_RULES};
pub use scan::ScanScratch;
pub use selftest::{Failure, failures};
pub use yaml::MAX_PACK_BYTES;

/// One pack to load.
#[derive(Debug, Clone, Copy)]
pub struct PackSource<'a> {
    /// What to call it in errors, usually the file name.
    pub name: &'a str,
    /// The YAML.
    pub text: &'a str,
}

impl<'a> PackSource<'a> {
    /// A pack read from somewhere.
    pub fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text }
    }
}

/// What the policy says of rules before any message comes.
#[derive(Debug, Clone, Copy)]
pub struct Tuning<'a> {
    /// The active profile.
    pub profile: Profile,
    /// Actions by rule id, which win over the rule's own and over the profile.
    pub overrides: &'a BTreeMap<String, Action>,
}

/// The field that a view was made of.
pub struct Target<'a> {
    /// What the field is to its consumer.
    pub roles: Roles,
    /// Which way it travels. One flag, usually.
    pub direction: Direction,
    /// The tool that is called or that answered, where there is one.
    pub tool: Option<&'a str>,
    /// The field's RFC 6901 pointer in its message. Called only where an old-form rule must know.
    pub pointer: &'a dyn Fn() -> String,
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("roles", &self.roles)
            .field("direction", &self.direction)
            .field("tool", &self.tool)
            .finish_non_exhaustive()
    }
}

/// A message whose patterns would cost more than their budget. It must not pass: what was not looked at may hide
/// anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("rule {rule} ran out of its budget: {what}")]
pub struct BudgetExceeded {
    /// Id of the rule that was running.
    pub rule: String,
    /// Which budget.
    pub what: &'static str,
}

/// All rules of a session, compiled.
#[derive(Debug)]
pub struct RuleSet {
    rules: Vec<Rule>,
    index: index::Index,
    /// How many patterns there are, and so how much room a scan needs.
    slots: usize,
    /// Tells this set from any other, so that no scratch carries over from one to the next.
    serial: u64,
    warnings: Vec<PackWarning>,
    /// Who says what texts mean, for the rules that ask.
    meaning: Option<Meaning>,
}

impl RuleSet {
    /// Loads `packs`, all or nothing: every error of every pack is returned.
    pub fn load(packs: &[PackSource<'_>], tuning: &Tuning<'_>) -> Result<Self, Vec<PackError>> {
        load::load(packs, tuning)
    }

    /// All rules, those that are off too, in the order of their packs.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The first rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.info.id == id)
    }

    /// The same rules, which may ask what a text means.
    #[must_use]
    pub fn asking(self, meaning: Meaning) -> Self {
        Self { meaning: Some(meaning), serial: load::next_serial(), ..self }
    }

    /// Who says what texts mean, where somebody does.
    pub fn meaning(&self) -> Option<&Meaning> {
        self.meaning.as_ref()
    }

    /// Has those rules block that are `wanted`, and turns all others off: to measure rules one by one.
    pub fn narrow(&mut self, wanted: &dyn Fn(&Rule) -> bool) {
        for rule in &mut self.rules {
            rule.action = if wanted(rule) { Action::Block } else { Action::Off };
        }
        self.index = index::Index::build(&self.rules);
        self.serial = load::next_serial();
    }

    /// What tells this set from every other, if what it finds in a field does not depend on where the field stands, as it does with
    /// rules of the old form.
    pub(crate) fn serial(&self) -> Option<u64> {
        (!self.index.reads_places()).then_some(self.serial)
    }

    /// What a person should know about the packs although they load.
    pub fn warnings(&self) -> &[PackWarning] {
        &self.warnings
    }
}
