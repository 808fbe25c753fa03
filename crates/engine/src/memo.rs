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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use vanguard_wire::{Limits, Packet, Tape};

    use super::*;
    use crate::fields::each_field;
    use crate::policy::Profile;
    use crate::role::Heard;
    use crate::rules::{PackSource, Tuning};
    use crate::session::Session;
    use crate::verdict::Flow;

    fn rules(pack: &str) -> RuleSet {
        let tuning = Tuning { profile: Profile::Balanced, overrides: &BTreeMap::new() };
        RuleSet::load(&[PackSource::new("own.yaml", pack)], &tuning).unwrap()
    }

    /// What is remembered of `text`, as the argument of a call, after it was kept if `keeps`.
    fn known(memo: &mut Memo, rules: &RuleSet, text: &str, keeps: bool) -> Option<Looked> {
        let text = serde_json::to_string(text).unwrap();
        let line = format!(
            r#"{{"jsonrpc":"2.0","method":"tools/call","params":{{"name":"t","arguments":{{"note":{text}}}}}}}"#
        );
        let mut tape = Tape::default();
        let Ok(Packet::Single(message)) = vanguard_wire::read(line.as_bytes(), &Limits::default(), &mut tape) else {
            panic!("{line}")
        };
        let exchange = Session::new().open(&message, Flow::ToServer);
        let mut known = None;
        each_field(&message, Flow::ToServer, &exchange, &[], &mut Heard::default(), &mut |field| {
            if keeps {
                memo.keep(rules, &field, Some("t"), Looked { views: 1, bytes: field.text.len() });
            }
            assert_eq!(memo.recall(rules, &field, Some("u")), None, "another tool is another call");
            known = memo.recall(rules, &field, Some("t"));
        });
        known
    }

    #[test]
    fn only_the_same_value_by_the_same_rules_is_known_and_no_long_one() {
        let (first, other) = (rules(""), rules(""));
        let mut memo = Memo::default();
        assert_eq!(known(&mut memo, &first, "a", true), Some(Looked { views: 1, bytes: 1 }));
        assert!(known(&mut memo, &first, "a", false).is_some());
        assert_eq!(known(&mut memo, &first, "b", false), None);
        assert_eq!(known(&mut memo, &other, "a", false), None);
        assert!(known(&mut memo, &first, &"a".repeat(LONGEST), true).is_some());
        assert_eq!(known(&mut memo, &first, &"a".repeat(LONGEST + 1), true), None);
    }

    #[test]
    fn however_many_values_come_no_more_than_so_many_are_kept() {
        let rules = rules("");
        let mut memo = Memo::default();
        for n in 0..4 * PLACES {
            known(&mut memo, &rules, &n.to_string(), true);
        }
        assert_eq!(memo.places.len(), PLACES);
    }

    #[test]
    fn rules_that_ask_where_a_value_stands_leave_nothing_to_remember() {
        let pack = "- id: OLD-1\n  match_fields: [params.arguments.path]\n  pattern: 'x'\n  action: BLOCK\n  severity: HIGH\n  message: m\n";
        assert_eq!(known(&mut Memo::default(), &rules(pack), "a", true), None);
    }
}
