//! Detectors: what is found by understanding a text rather than by a pattern. One file a family.
//!
//! A detector only finds. Everything else about a finding is a rule's, which names it (`detector: sql.tautology`): whom
//! it concerns, what it asks for, how it is explained, tuned and tested.

mod command;
mod filter;
pub mod injection;
mod lookup;
mod metadata;
mod option;
mod path;
mod secrets;
mod signs;
mod sql;
mod template;
mod unparsed;
mod url;
mod xml;

pub use path::is_device_name;
pub use signs::Signs;
pub(crate) use url::{host_leads_inward, leads_inward};

use std::ops::Range;

use crate::meaning::Meaning;
use crate::role::Roles;
use crate::rules::Direction;
use crate::views::Chain;

/// One view of one field, as a detector sees it.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The text.
    pub view: &'a str,
    /// The bytes it holds.
    pub signs: &'a Signs,
    /// The decodings that led to it.
    pub chain: &'a Chain,
    /// What the field is to its consumer.
    pub roles: Roles,
    /// Which way it travels.
    pub direction: Direction,
    /// The tool that is called or that answered, where there is one.
    pub tool: Option<&'a str>,
    /// Who says what the text means, where somebody does.
    pub meaning: Option<&'a Meaning>,
    /// The family's kinds that some rule asks for in such a view, a bit each: what else is found is left unheard.
    pub kinds: u64,
}

impl Look<'_> {
    /// Whether somebody asks for a kind: what nobody asks for need not be looked for.
    pub(crate) fn wants(&self, kind: usize) -> bool {
        u32::try_from(kind).is_ok_and(|kind| self.kinds & bit(kind) != 0)
    }
}

/// The bit of a kind. A family has at most 64 of them.
pub(crate) fn bit(kind: u32) -> u64 {
    1_u64.checked_shl(kind).unwrap_or(0)
}

/// Is told what is found: the index of a kind, and the bytes of the view that show it.
pub type Found<'f> = dyn FnMut(usize, Range<usize>) + 'f;

/// A family of detectors that share one look at a text.
#[derive(Debug)]
pub struct Family {
    /// The first part of a detector's name.
    pub name: &'static str,
    /// The second parts: what it tells apart.
    pub kinds: &'static [&'static str],
    /// Looks at a view once and tells what it finds.
    ///
    /// INVARIANT: pure, linear in the text, without recursion on it; quick to see that a text does not concern it.
    pub look: fn(&Look<'_>, &mut Found<'_>),
}

/// The detectors that find nothing by themselves but by a scorer's word ([`crate::meaning`]): what they find is of layer 2.
const SCORED: &[&str] = &["injection.meant", "injection.doubted"];

/// Whether a detector asks a scorer.
pub(crate) fn asks_scorer(name: &str) -> bool {
    SCORED.contains(&name)
}

/// Every family.
pub const FAMILIES: &[&Family] = &[
    &command::FAMILY,
    &filter::FAMILY,
    &injection::FAMILY,
    &lookup::FAMILY,
    &metadata::FAMILY,
    &option::FAMILY,
    &path::FAMILY,
    &url::FAMILY,
    &sql::FAMILY,
    &secrets::FAMILY,
    &template::FAMILY,
    &unparsed::FAMILY,
    &xml::FAMILY,
    #[cfg(test)]
    &tests::FAMILY,
];

/// A family and the index of one of its kinds, by the name `family.kind`.
pub(crate) fn named(name: &str) -> Option<(usize, usize)> {
    let (family, kind) = name.split_once('.')?;
    let at = FAMILIES.iter().position(|known| known.name == family)?;
    Some((at, FAMILIES.get(at)?.kinds.iter().position(|known| *known == kind)?))
}

/// All names of detectors.
pub fn names() -> impl Iterator<Item = String> {
    FAMILIES.iter().flat_map(|family| family.kinds.iter().map(|kind| format!("{}.{kind}", family.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Finds digits and question marks.
    pub(super) const FAMILY: Family = Family {
        name: "sign",
        kinds: &["digit", "question"],
        look: |look, found| {
            for (at, byte) in look.view.bytes().enumerate() {
                match byte {
                    b'0'..=b'9' => found(0, at..at + 1),
                    b'?' => found(1, at..at + 1),
                    _ => {}
                }
            }
        },
    };

    #[test]
    fn names_lead_to_kinds_and_no_two_are_the_same() {
        let mut names: Vec<String> = names().collect();
        assert!(names.iter().all(|name| named(name).is_some()), "{names:?}");
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert_eq!(named("sign"), None);
        assert_eq!(named("sign.other"), None);
        assert!(FAMILIES.iter().all(|family| family.kinds.len() <= 64));
        assert!(SCORED.iter().all(|name| named(name).is_some()));
    }
}
