//! The table that a word's classes are found in: made when the program is built.

use super::Classes;

/// One word, or how it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) classes: Classes,
    /// Where it stands in the text of all words.
    pub(super) start: u32,
    pub(super) length: u8,
    /// Whether any ending may follow.
    pub(super) prefix: bool,
}

/// Slots of the table.
pub(super) const SLOTS: usize = 1 << 14;

/// The slot of a word by its first four bytes.
pub(in super::super) fn slot(word: &[u8]) -> u16 {
    let key = match word {
        [a, b, c, d, ..] => u32::from_le_bytes([*a, *b, *c, *d]),
        [a, b, c] => u32::from_le_bytes([*a, *b, *c, 0]),
        [a, b] => u32::from_le_bytes([*a, *b, 0, 0]),
        [a] => u32::from(*a),
        [] => 0,
    };
    u16::try_from(key.wrapping_mul(0x9e37_79b1).wrapping_shr(18)).unwrap_or(0)
}
