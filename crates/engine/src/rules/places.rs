//! Which patterns require which literals: numbered when the program is built for the built-in packs, else when rules are
//! loaded.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::hint::Hint;
use super::literal::Needle;
use super::table::Needles;

/// The literals that patterns require.
#[derive(Debug)]
pub(super) struct Literals {
    pub(super) needles: Needles,
    /// The patterns that require a literal, literal after literal.
    pub(super) places: Cow<'static, [Place]>,
    /// For each literal where its patterns begin, and the end of the last.
    pub(super) starts: Cow<'static, [u32]>,
}

/// Where a pattern is: its rule, which of the rule's, and which of the pattern's sets of literals is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) rule: u32,
    pub(super) slot: u32,
    pub(super) probe: u16,
    pub(super) gate: u8,
    /// Whether the pattern has another set of literals.
    pub(super) paired: bool,
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

    /// The same place, where the rule and its pattern have these numbers.
    pub(super) fn moved(self, rule: usize, slot: usize) -> Self {
        Self { rule: small(rule), slot: small(slot), ..self }
    }

    /// Each literal that a pattern requires, and where.
    pub(super) fn of_pattern(
        rule: usize,
        probe: usize,
        slot: usize,
        hint: &Hint,
    ) -> impl Iterator<Item = (&Needle, Self)> {
        let probe = u16::try_from(probe).unwrap_or(u16::MAX);
        let paired = hint.gates.len() > 1;
        let place = move |gate| Self { rule: small(rule), slot: small(slot), probe, gate, paired };
        (0_u8..).zip(&hint.gates).flat_map(move |(gate, of)| of.needles.iter().map(move |needle| (needle, place(gate))))
    }
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Literals {
    /// Numbers the literals, and gathers the places of each.
    pub(super) fn new(wanted: impl Iterator<Item = (Needle, Place)>) -> Self {
        let mut numbers: FxHashMap<Needle, u32> = FxHashMap::default();
        let mut needles = Vec::new();
        let mut places: Vec<(u32, Place)> = Vec::new();
        for (needle, place) in wanted {
            let next = small(needles.len());
            let number = *numbers.entry(needle).or_insert_with_key(|needle| {
                needles.push(needle.clone());
                next
            });
            places.push((number, place));
        }
        places.sort_by_key(|(number, _)| *number);
        let start = |n: u32| small(places.partition_point(|(number, _)| *number < n));
        let starts: Vec<u32> = (0..=small(needles.len())).map(start).collect();
        let places: Vec<Place> = places.into_iter().map(|(_, place)| place).collect();
        Self { needles: Needles::new(&needles), places: places.into(), starts: starts.into() }
    }

    /// The patterns that require this literal.
    pub(super) fn places(&self, literal: usize) -> &[Place] {
        match self.starts.get(literal..literal.saturating_add(2)) {
            Some([first, end]) => self.places.get(*first as usize..*end as usize).unwrap_or(&[]),
            _ => &[],
        }
    }

    /// Each literal with each of its places.
    pub(super) fn each(&self) -> impl Iterator<Item = (Needle, Place)> {
        let literals = (0..).zip(&*self.needles.literals);
        let places = literals.flat_map(|(n, _)| self.places(n as usize).iter().map(move |place| (n, *place)));
        places.map(|(n, place)| (self.needles.needle(n), place))
    }
}
