//! One fast pass over a text: which decodings could change it at all.
//!
//! Almost all text needs none, and this pass is all that it costs. Its inner loop has no branches, no table and nothing
//! carried from one byte to the next, so that the compiler turns it into vector instructions.

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
    }
}

/// The shortest encoded run that is looked at: twelve bytes in base64, eight in hexadecimal.
pub(super) const RUN: usize = 16;

/// Whether `byte` belongs to the alphabet of base64 or base64url.
pub(super) const fn is_run_byte(byte: u8) -> bool {
    // Written without short-circuits, which would be branches.
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    let sign = (byte == b'+') as u8 | (byte == b'/') as u8 | (byte == b'-') as u8 | (byte == b'_') as u8;
    letter as u8 | digit as u8 | sign != 0
}

/// The bits of a byte that is a trigger by itself.
const fn sign(byte: u8) -> u8 {
    (byte == b'%') as u8 | ((byte == b'&') as u8) << 1 | ((byte == b'\\') as u8) << 2 | (byte >> 7) << 3
}

/// How many bytes are looked at together: a vector register of the oldest machines.
const WIDTH: usize = 16;

/// Looks at every byte of `text` once.
pub(super) fn triggers(text: &str) -> Triggers {
    let (blocks, rest) = text.as_bytes().as_chunks::<WIDTH>();
    let mut seen = [0_u8; WIDTH];
    for block in blocks {
        for (&byte, seen) in block.iter().zip(&mut seen) {
            *seen |= sign(byte);
        }
    }
    let seen = seen.into_iter().chain(rest.iter().map(|&byte| sign(byte))).fold(0, |all, bits| all | bits);
    let mut found = Triggers::from_bits_truncate(seen);
    found.set(Triggers::RUN, runs(text.as_bytes()).next().is_some());
    found
}

/// How many bytes of ASCII `bytes` begin with.
pub(super) fn ascii_prefix(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<WIDTH>();
    let ascii = blocks.iter().take_while(|block| block.is_ascii()).count().saturating_mul(WIDTH);
    let rest = bytes.get(ascii..).unwrap_or_default();
    ascii.saturating_add(rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len()))
}

/// How many bytes of the base64 alphabets `bytes` begin with.
fn run_prefix(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<WIDTH>();
    let whole = |block: &&[u8; WIDTH]| block.iter().fold(1, |all, &byte| all & u8::from(is_run_byte(byte))) == 1;
    let run = blocks.iter().take_while(whole).count().saturating_mul(WIDTH);
    let rest = bytes.get(run..).unwrap_or_default();
    run.saturating_add(rest.iter().position(|&byte| !is_run_byte(byte)).unwrap_or(rest.len()))
}

/// Where there are at least [`RUN`] characters of the base64 alphabets in a row.
pub(super) fn runs(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut done = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let start = block_in_run(bytes.get(done..)?)?.saturating_add(done);
            let before = bytes.get(done..start)?.iter().rev().take_while(|&&byte| is_run_byte(byte)).count();
            let after = run_prefix(bytes.get(start..)?);
            let run = start.saturating_sub(before)..start.saturating_add(after);
            done = run.end;
            if run.len() >= RUN {
                return Some(run);
            }
        }
    })
}

/// Where the first eight characters of a run stand in a block of their own: wherever a run of 16 begins, it has them.
fn block_in_run(bytes: &[u8]) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<WIDTH>();
    for (at, block) in blocks.iter().enumerate() {
        let mut is_run = [0_u8; WIDTH];
        for (&byte, is_run) in block.iter().zip(&mut is_run) {
            *is_run = u8::from(is_run_byte(byte));
        }
        let (halves, _) = is_run.as_chunks::<8>();
        if let Some(half) = halves.iter().position(|half| u64::from_ne_bytes(*half) == u64::from_ne_bytes([1; 8])) {
            return Some(at.saturating_mul(WIDTH).saturating_add(half.saturating_mul(8)));
        }
    }
    let last = rest.len() >= 8 && rest.iter().take(8).all(|&byte| is_run_byte(byte));
    last.then(|| bytes.len().saturating_sub(rest.len()))
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
                assert_eq!(triggers(&text), expected, "{text:?}");
            }
        }
    }
}
