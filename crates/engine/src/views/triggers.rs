//! One fast pass over a text: which decodings could change it at all.
//!
//! Almost all text needs none, and this pass is all that it costs. Eight bytes at a time go through one table without a
//! branch between them: as fast as vector instructions here, and not at the mercy of what the compiler makes of them.

use std::ops::Range;

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
        /// Hexadecimal digits and separators eight in a row, as of pairs of digits that are parted.
        const PAIRS = 1 << 5;
    }
}

/// The shortest encoded run that is looked at: twelve bytes in base64, eight in hexadecimal.
pub(super) const RUN: usize = 16;

/// Set for bytes that end a run; shares the byte with the bits of [`Triggers`].
const ENDS_RUN: u8 = 1 << 7;
/// Set for bytes that no parted pairs of digits have.
const NO_PAIR: u8 = 1 << 6;

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
        if (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'+' | b'/' | b'-' | b'_') {
            table[byte] = 0;
        }
        if !(byte as u8).is_ascii_hexdigit() && !matches!(byte as u8, b' ' | b':' | b'-' | b',' | b'.') {
            table[byte] |= NO_PAIR;
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

#[allow(clippy::indexing_slicing, reason = "a u8 cannot exceed a table of 256")]
const fn class(byte: u8) -> u8 {
    CLASS[byte as usize]
}

/// Whether `byte` belongs to the alphabet of base64 or base64url.
pub(super) const fn is_run_byte(byte: u8) -> bool {
    class(byte) & ENDS_RUN == 0
}

/// How many bytes are looked at together: of a run of 16, one aligned block of eight is part, wherever it begins.
const BLOCK: usize = 8;

fn classes_of(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |all, &byte| all | class(byte))
}

/// Looks at every byte of `text` once.
pub(super) fn triggers(text: &str) -> Triggers {
    let bytes = text.as_bytes();
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut seen = classes_of(rest);
    let (mut run, mut pairs) = (false, false);
    for (at, block) in blocks.iter().enumerate() {
        let all = classes_of(block);
        seen |= all;
        pairs |= all & NO_PAIR == 0;
        if all & ENDS_RUN == 0 && !run {
            run = run_around(bytes, at.saturating_mul(BLOCK)).len() >= RUN;
        }
    }
    let mut found = Triggers::from_bits_truncate(seen);
    found.set(Triggers::RUN, run);
    found.set(Triggers::PAIRS, pairs);
    found
}

/// Where there are at least [`RUN`] characters of the base64 alphabets in a row.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut done = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let blocks = bytes.get(done..)?.as_chunks::<BLOCK>().0;
            let at = blocks.iter().position(|block| classes_of(block) & ENDS_RUN == 0)?;
            let run = run_around(bytes, done.saturating_add(at.saturating_mul(BLOCK)));
            done = run.end;
            if run.len() >= RUN {
                return Some(run);
            }
        }
    })
}

/// The run that the byte at `at` is part of.
fn run_around(bytes: &[u8], at: usize) -> Range<usize> {
    let (before, after) = bytes.split_at_checked(at).unwrap_or((bytes, &[]));
    let before = before.iter().rev().take_while(|&&byte| is_run_byte(byte)).count();
    let blocks = after.as_chunks::<BLOCK>().0.iter().take_while(|block| classes_of(*block) & ENDS_RUN == 0).count();
    let whole = blocks.saturating_mul(BLOCK);
    let rest = after.iter().skip(whole).take_while(|&&byte| is_run_byte(byte)).count();
    at.saturating_sub(before)..at.saturating_add(whole).saturating_add(rest)
}

/// How many bytes of ASCII `bytes` begin with.
pub(super) fn ascii_prefix(bytes: &[u8]) -> usize {
    if bytes.first().is_some_and(|byte| !byte.is_ascii()) {
        return 0;
    }
    let (blocks, _) = bytes.as_chunks::<16>();
    let ascii = blocks.iter().take_while(|block| block.is_ascii()).count().saturating_mul(16);
    let rest = bytes.get(ascii..).unwrap_or_default();
    ascii.saturating_add(rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len()))
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
    fn runs_are_found_wherever_they_stand() {
        for lead in 0..20 {
            for length in 8..40 {
                let text = format!("{}{} {}", ". ".repeat(lead), "a".repeat(length), "b".repeat(16));
                let expected: Vec<&str> = text.split([' ', '.']).filter(|word| word.len() >= RUN).collect();
                let found: Vec<&str> = runs(text.as_bytes()).map(|run| &text[run]).collect();
                assert_eq!(found, expected, "{text:?}");
            }
        }
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
                assert_eq!(triggers(&text) - Triggers::PAIRS, expected, "{text:?}");
            }
        }
    }

    #[test]
    fn parted_pairs_are_seen_at_every_position() {
        for pairs in ["69 67 6e 6f 72 65 20 61", "69:67:6E:6F:72:65:20:61", "69,67,6e,6f,72,65,20,61"] {
            for lead in 0..20 {
                let text = format!("{}{pairs}, so", "x".repeat(lead));
                assert!(triggers(&text).contains(Triggers::PAIRS), "{text:?}");
            }
        }
        assert!(!triggers("The relay reads a chunk, cuts it into lines.").contains(Triggers::PAIRS));
    }
}
