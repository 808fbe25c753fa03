//! The packs that come with the program.

use super::PackSource;

// `PACKS`, and in the same order `PREPARED`: what the build made of each.
include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The built-in packs, in the order of their names.
pub fn builtin() -> &'static [PackSource<'static>] {
    PACKS
}

/// What the build made of `source`, when it is a built-in pack; empty when that pack has an error.
pub(super) fn prepared(source: &PackSource<'_>) -> Option<&'static str> {
    let found = PACKS.iter().zip(PREPARED).find(|(own, _)| own.name == source.name && own.text == source.text);
    found.map(|(_, prepared)| *prepared)
}
