//! The rules that are on, by what has them look at a text: made once for a rule set, and of it a [`Lane`] for each kind of
//! text that comes.

use rustc_hash::FxHashMap;

use crate::detect::{FAMILIES, Family, bit};
use crate::finding::Action;

use super::compile::{Mask, Matcher, Rule};
use super::needles::{has, mark};
use super::{RuleSet, builtin, needles};

pub(super) use super::places::{Literals, Place};

/// See the module.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) literals: Literals,
    /// What those rules read that do not read fields as they came.
    pub(super) not_raw: Option<Mask>,
    /// The families of detectors that some rule names.
    pub(super) families: Vec<Asked>,
    /// Old-form rules, by index.
    pub(super) old: Vec<usize>,
}

/// A family of detectors, and who asks for what it finds.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) family: &'static Family,
    /// Rules by kind.
    pub(super) rules: Vec<Vec<usize>>,
}

impl Index {
    pub(super) fn build(rules: &[Rule]) -> Self {
        let on = |rule: &Rule| rule.action != Action::Off;
        Self {
            literals: literals(rules),
            not_raw: rules
                .iter()
                .filter(|rule| on(rule) && rule.mask.skips_raw())
                .map(|rule| rule.mask)
                .reduce(Mask::or),
            families: families(rules),
            old: rules.iter().enumerate().filter(|(_, rule)| rule.is_old_form() && on(rule)).map(|(n, _)| n).collect(),
        }
    }
}

impl Index {
    /// Whether some rule asks where a field stands.
    pub(super) fn reads_places(&self) -> bool {
        !self.old.is_empty()
    }
}

fn families(rules: &[Rule]) -> Vec<Asked> {
    let mut families: Vec<Asked> = Vec::new();
    for (n, rule) in rules.iter().enumerate().filter(|(_, rule)| rule.action != Action::Off) {
        let Matcher::Detector { family, kind } = &rule.matcher else { continue };
        let Some(family) = FAMILIES.get(*family).copied() else { continue };
        let known = families.iter().position(|asked| std::ptr::eq(asked.family, family)).unwrap_or(families.len());
        if known == families.len() {
            families.push(Asked { family, rules: vec![Vec::new(); family.kinds.len()] });
        }
        if let Some(rules) = families.get_mut(known).and_then(|asked| asked.rules.get_mut(*kind)) {
            rules.push(n);
        }
    }
    families
}

/// The literals of these rules' patterns: of the built-in packs as they came, what the build numbered; else numbered anew.
fn literals(rules: &[Rule]) -> Literals {
    let prepared = builtin::literals();
    if rules.len() == builtin::RULES && rules.iter().enumerate().all(|(n, rule)| rule.number() == Some(n)) {
        return prepared;
    }
    let at: FxHashMap<usize, usize> =
        rules.iter().enumerate().filter_map(|(n, rule)| Some((rule.number()?, n))).collect();
    let built_in = prepared.each().filter_map(|(needle, place)| {
        let rule = *at.get(&place.rule())?;
        let slot = rules.get(rule)?.probes().get(place.probe())?.pattern.slot;
        Some((needle, place.moved(rule, slot)))
    });
    let others = rules.iter().enumerate().filter(|(_, rule)| rule.number().is_none()).flat_map(|(n, rule)| {
        let probes = rule.probes().iter().enumerate();
        probes.flat_map(move |(probe, of)| Place::of_pattern(n, probe, of.pattern.slot, &of.hint))
    });
    Literals::new(built_in.chain(others.map(|(needle, place)| (needle.clone(), place))))
}

/// What matters in one kind of text. Made when the first such text comes, since most kinds never do.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) mask: Mask,
    /// Whether only those rules matter that do not read fields as they came.
    pub(super) again: bool,
    /// A bit for each rule that does.
    rules: Box<[u64]>,
    pub(super) needles: needles::Lane,
    /// For each of [`Index::families`] the kinds that some rule asks for: a bit each.
    pub(super) kinds: Vec<u64>,
}

impl Lane {
    pub(super) fn of(set: &RuleSet, mask: Mask, again: bool) -> Self {
        let mut rules = vec![0; set.rules.len().div_ceil(64)].into_boxed_slice();
        for (n, rule) in set.rules.iter().enumerate() {
            if rule.action != Action::Off && rule.mask.meets(mask) && (!again || rule.mask.skips_raw()) {
                mark(&mut rules, n);
            }
        }
        let wants = |rule| has(&rules, rule) != 0;
        let literals = &set.index.literals;
        let needles = literals.needles.lane(|n| literals.places(n).iter().any(|place| wants(place.rule())));
        let bits = |asked: &Asked| {
            let asked = (0_u32..).zip(&asked.rules).filter(|(_, rules)| rules.iter().any(|rule| wants(*rule)));
            asked.fold(0, |set, (kind, _)| set | bit(kind))
        };
        let kinds = set.index.families.iter().map(bits).collect();
        Self { mask, again, rules, needles, kinds }
    }

    /// Whether a rule matters, by its index.
    pub(super) fn wants(&self, rule: usize) -> bool {
        has(&self.rules, rule) != 0
    }
}
