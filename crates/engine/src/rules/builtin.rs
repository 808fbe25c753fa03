//! The packs that come with the program.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::cases::Case;
use super::places::{Literals, Place};
use super::prepared::Prepared;
use super::table::{Entry, Literal, Needles, Table};
use super::{PackSource, form, yaml};

// What the build made of the packs: `PACKS`, in the same order `PREPARED`, how many `RULES` those are, and the rules' `literals`.
include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The built-in packs, in the order of their names.
pub fn builtin() -> &'static [PackSource<'static>] {
    PACKS
}

/// `source` as the build left it, when it is a built-in pack without an error.
pub(super) fn prepared(source: &PackSource<'_>) -> Option<Prepared> {
    let mut packs = PACKS.iter().zip(PREPARED);
    let (_, prepared) = packs.find(|(own, _)| own.name == source.name && same(own.text, source.text))?;
    Prepared::read(prepared)
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
