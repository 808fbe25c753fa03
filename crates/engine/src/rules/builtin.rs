//! The packs that come with the program.

use super::PackSource;

include!(concat!(env!("OUT_DIR"), "/packs.rs"));

/// The built-in packs, in the order of their names.
pub fn builtin() -> &'static [PackSource<'static>] {
    PACKS
}
