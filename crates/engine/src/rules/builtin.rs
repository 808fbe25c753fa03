//! The packs that come with the program.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::cases::Case;
use super::{PackSource, form, yaml};

// `PACKS`, and in the same order `PREPARED`: what the build made of each.
include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The built-in packs, in the order of their names.
pub fn builtin() -> &'static [PackSource<'static>] {
    PACKS
}

/// What the build made of `source`, when it is a built-in pack; empty when that pack has an error.
pub(super) fn prepared(source: &PackSource<'_>) -> Option<&'static [u8]> {
    let found = PACKS.iter().zip(PREPARED).find(|(own, _)| own.name == source.name && same(own.text, source.text));
    found.map(|(_, prepared)| *prepared)
}

/// Whether two texts are the same. The very same one need not be read for that, and paged in.
fn same(one: &str, other: &str) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// The test cases of the built-in rule with this id: read from the packs' texts when first asked for, since only tests ask.
pub(super) fn cases(id: &str) -> &'static [Case] {
    static CASES: LazyLock<HashMap<Cow<'static, str>, Vec<Case>>> = LazyLock::new(|| {
        let trees = PACKS.iter().filter_map(|pack| Some((pack.name, yaml::parse(pack.name, pack.text).ok()?)));
        trees.flat_map(|(name, tree)| form::read(name, &tree).rules).map(|rule| (rule.id, rule.cases)).collect()
    });
    CASES.get(id).map_or(&[], Vec::as_slice)
}
