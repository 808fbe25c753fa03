//! One fast pass over a text: which decodings could change it at all.
//!
//! Almost all text needs none, and this pass is all that it costs. It looks at eight bytes at a time, so that the
//! inner loop has neither branches nor a carry from one block to the next.

bitflags::bitflags! {
    /// What a text holds that a decoder might act on.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) struct Triggers: u8 {
        /// A `%`.
        const PERCENT = 1;
        /// An `&`.
        const AMPERSAND = 1 << 1;
        /// A backslash.
        const BACKSLASH = 1 << 2;
        /// A byte of a non-ASCII character.
        const NON_ASCII = 1 << 3;
        /// At least [`RUN`] characters of the base64 alphabets in a row, of which the hexadecimal digits are part.
        const RUN = 1 << 4;
    }
}

/// The shortest encoded run that is looked at: twelve bytes in base64, eight in hexadecimal.
pub(super) const RUN: usize = 16;

/// Set for bytes that end a run; shares the byte with the bits of [`Triggers`].
const ENDS_RUN: u8 = 1 << 7;

const CLASS: [u8; 256] = classes();

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "evaluated at compile time, where an overrun is a build error"
)]
const fn classes() -> [u8; 256] {
    let mut table = [ENDS_RUN; 256];
    let mut byte = 0;
    while byte < 256 {
        if is_run_byte(byte as u8) {
            table[byte] = 0;
        }
        if byte >= 0x80 {
            table[byte] |= Triggers::NON_ASCII.bits();
        }
        byte += 1;
    }
    table[b'%' as usize] |= Triggers::PERCENT.bits();
    table[b'&' as usize] |= Triggers::AMPERSAND.bits();
    table[b'\\' as usize] |= Triggers::BACKSLASH.bits();
    table
}

/// Whether `byte` belongs to the alphabet of base64 or base64url.
pub(super) const fn is_run_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Looks at every byte of `text` once.
pub(super) fn triggers(text: &str) -> Triggers {
    let mut seen = 0_u8;
    let mut run = false;
    // A run of 16 holds at least one aligned block of eight, whatever its start.
    let (blocks, rest) = text.as_bytes().as_chunks::<8>();
    for block in blocks {
        let all = block.iter().fold(0, |all, &byte| all | class(byte));
        seen |= all;
        run |= all & ENDS_RUN == 0;
    }
    seen |= rest.iter().fold(0, |all, &byte| all | class(byte));
    let mut found = Triggers::from_bits_truncate(seen & !ENDS_RUN);
    found.set(Triggers::RUN, run && text.len() >= RUN);
    found
}

#[allow(clippy::indexing_slicing, reason = "a u8 cannot exceed a table of 256")]
fn class(byte: u8) -> u8 {
    CLASS[usize::from(byte)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_has_no_triggers() {
        assert_eq!(triggers("An ordinary sentence, with: 2 signs (and more)!"), Triggers::empty());
        assert_eq!(triggers(""), Triggers::empty());
    }

    #[test]
    fn each_trigger_is_seen_at_every_position() {
        for (sign, expected) in [
            ("%", Triggers::PERCENT),
            ("&", Triggers::AMPERSAND),
            ("\\", Triggers::BACKSLASH),
            ("é", Triggers::NON_ASCII),
            ("ABCDEFGH12345678", Triggers::RUN),
            ("ab_-EFGH1234567+", Triggers::RUN),
        ] {
            for lead in 0..20 {
                let text = format!("{}{sign}{}", ". ".repeat(lead), " .".repeat(7));
                assert_eq!(triggers(&text), expected, "{text:?}");
            }
        }
    }
}
