//! Values that were looked at a moment ago, and in which nothing was found.
//!
//! A session says the same things again and again: the paths of a project, the working directory, a file that is read
//! twice, and behind a gateway the whole catalogue of each server. What is found in a value depends on nothing but the rules, the
//! value, its roles and direction, and the tool; so a value that was clean is clean. Nothing else is remembered: a finding
//! is found anew each time.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::fields::Field;
use crate::role::Roles;
use crate::rules::{Direction, RuleSet};

/// How many values are remembered. Two that fall on one place take turns, at worst on each other's account.
const PLACES: usize = 256;
/// The longest value that is.
const LONGEST: usize = 2 << 10;

/// The clean values of one thread.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// The rule set by which they are clean.
    set: u64,
    places: Vec<Option<Known>>,
}

#[derive(Debug)]
struct Known {
    text: String,
    roles: Roles,
    direction: Direction,
    tool: Option<String>,
    looked: Looked,
}

/// What it took to look at a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Looked {
    pub(crate) views: u32,
    pub(crate) bytes: usize,
}

impl Memo {
    /// What it took to look at this very field, if it was clean by `rules`.
    pub(crate) fn recall(&self, rules: &RuleSet, field: &Field<'_, '_>, tool: Option<&str>) -> Option<Looked> {
        if rules.serial() != Some(self.set) || field.text.len() > LONGEST {
            return None;
        }
        let known = self.places.get(place(&field.text))?.as_ref()?;
        let same = known.text == field.text
            && known.roles == field.roles
            && known.direction == field.direction
            && known.tool.as_deref() == tool;
        same.then_some(known.looked)
    }

    /// Remembers a field in which nothing was found.
    pub(crate) fn keep(&mut self, rules: &RuleSet, field: &Field<'_, '_>, tool: Option<&str>, looked: Looked) {
        let Some(set) = rules.serial().filter(|_| field.text.len() <= LONGEST) else { return };
        if self.set != set || self.places.is_empty() {
            self.set = set;
            self.places.clear();
            self.places.resize_with(PLACES, || None);
        }
        if let Some(known) = self.places.get_mut(place(&field.text)) {
            *known = Some(Known {
                text: field.text.clone().into_owned(),
                roles: field.roles,
                direction: field.direction,
                tool: tool.map(str::to_owned),
                looked,
            });
        }
    }
}

/// Where a value is remembered. That somebody can have two values fall on one place gains nothing: they are compared.
fn place(text: &str) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    usize::try_from(hasher.finish()).unwrap_or(0) % PLACES
}
