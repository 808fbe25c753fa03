//! The rules that are on, by what has them look at a text: made once for a rule set, and of it a [`Lane`] for each kind of
//! text that comes.

use rustc_hash::FxHashMap;

use crate::detect::{FAMILIES, Family, bit};
use crate::finding::Action;

use super::RuleSet;
use super::compile::{Mask, Matcher, Rule};
use super::literal::Needle;
use super::needles::{self, Needles};

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

/// The literals that patterns require.
#[derive(Debug)]
pub(super) struct Literals {
    pub(super) needles: Needles,
    /// The patterns that require a literal, literal after literal.
    pub(super) places: Vec<Place>,
    /// For each literal where its patterns begin, and the end of the last.
    pub(super) starts: Vec<u32>,
}

/// Where a pattern is: its rule, which of the rule's, and which of the pattern's sets of literals is meant. With what says
/// whether a literal matters in a text, so that most need no look at the rule.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) rule: u32,
    pub(super) probe: u16,
    pub(super) gate: u8,
    /// Whether the pattern has another set of literals.
    pub(super) paired: bool,
    pub(super) slot: u32,
    pub(super) mask: Mask,
}

impl Place {
    pub(super) fn rule(self) -> usize {
        self.rule as usize
    }

    pub(super) fn probe(self) -> usize {
        self.probe.into()
    }

    pub(super) fn slot(self) -> usize {
        self.slot as usize
    }
}

impl Index {
    pub(super) fn build(rules: &[Rule]) -> Self {
        let on = |rule: &Rule| rule.action != Action::Off;
        Self {
            literals: Literals::build(rules, &on),
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

impl Literals {
    fn build(rules: &[Rule], wanted: &dyn Fn(&Rule) -> bool) -> Self {
        let gates = rules.iter().flat_map(Rule::probes).flat_map(|probe| &probe.hint.gates);
        // Growing would touch as much memory again, and every start pays for each page.
        let count = gates.map(|gate| gate.needles.len()).sum();
        let mut numbers: FxHashMap<&Needle, u32> = FxHashMap::default();
        // The literal of each place, place after place.
        let mut order: Vec<u32> = Vec::with_capacity(count);
        let mut needles: Vec<Needle> = Vec::new();
        let mut counts: Vec<u32> = Vec::new();
        each_place(rules, wanted, &mut |literal, _| {
            let number = *numbers.entry(literal).or_insert_with(|| {
                needles.push(literal.clone());
                counts.push(0);
                u32::try_from(needles.len()).unwrap_or(u32::MAX).saturating_sub(1)
            });
            order.push(number);
            if let Some(count) = counts.get_mut(number as usize) {
                *count = count.saturating_add(1);
            }
        });
        let mut end = 0_u32;
        let mut starts = Vec::with_capacity(counts.len().saturating_add(1));
        for count in &mut counts {
            starts.push(end);
            let start = end;
            end = end.saturating_add(*count);
            // From here on where the literal's next place goes.
            *count = start;
        }
        starts.push(end);
        let mut places = vec![Place::default(); order.len()];
        let mut order = order.into_iter();
        each_place(rules, wanted, &mut |_, place| {
            let next = order.next().and_then(|number| counts.get_mut(number as usize));
            if let Some(next) = next
                && let Some(slot) = places.get_mut(*next as usize)
            {
                *slot = place;
                *next = next.saturating_add(1);
            }
        });
        Self { needles: Needles::new(needles), places, starts }
    }

    /// The patterns that require this literal.
    pub(super) fn places(&self, literal: usize) -> &[Place] {
        match self.starts.get(literal..literal.saturating_add(2)) {
            Some([first, end]) => self.places.get(*first as usize..*end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }
}

/// Tells each literal that a pattern requires, and where.
fn each_place<'r>(rules: &'r [Rule], wanted: &dyn Fn(&Rule) -> bool, tell: &mut dyn FnMut(&'r Needle, Place)) {
    for (rule, of) in (0_u32..).zip(rules).filter(|(_, rule)| wanted(rule)) {
        let mask = of.mask;
        for (probe, of) in (0_u16..).zip(of.probes()) {
            let slot = u32::try_from(of.pattern.slot).unwrap_or(u32::MAX);
            let paired = of.hint.gates.len() > 1;
            for (gate, literals) in (0_u8..).zip(&of.hint.gates) {
                for literal in &literals.needles {
                    tell(literal, Place { rule, probe, gate, paired, slot, mask });
                }
            }
        }
    }
}

/// What matters in one kind of text. Made when the first such text comes, since most kinds never do.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) mask: Mask,
    /// Whether only those rules matter that do not read fields as they came.
    pub(super) again: bool,
    pub(super) needles: needles::Lane,
    /// For each of [`Index::families`] the kinds that some rule asks for: a bit each.
    pub(super) kinds: Vec<u64>,
}

impl Lane {
    pub(super) fn of(set: &RuleSet, mask: Mask, again: bool) -> Self {
        let wants = |rules: Mask| rules.meets(mask) && (!again || rules.skips_raw());
        let literals = &set.index.literals;
        let needles = literals.needles.lane(|n| literals.places(n).iter().any(|place| wants(place.mask)));
        let asks = |rules: &Vec<usize>| rules.iter().filter_map(|n| set.rules.get(*n)).any(|rule| wants(rule.mask));
        let bits = |asked: &Asked| {
            (0_u32..).zip(&asked.rules).filter(|(_, rules)| asks(rules)).fold(0, |set, (kind, _)| set | bit(kind))
        };
        Self { mask, again, needles, kinds: set.index.families.iter().map(bits).collect() }
    }

    pub(super) fn wants(&self, rules: Mask) -> bool {
        rules.meets(self.mask) && (!self.again || rules.skips_raw())
    }
}
