//! Inside a string literal: finding its end, and checking its escapes.

use crate::fault::FaultKind;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks, in its high bit, each byte of `word` that is a quote, a backslash or a control character. Only the lowest mark
/// is exact: a borrow may set false ones above it.
const fn special_bytes(word: u64) -> u64 {
    let quote = word ^ (ONES.wrapping_mul(b'"' as u64));
    let backslash = word ^ (ONES.wrapping_mul(b'\\' as u64));
    let control = word.wrapping_sub(ONES.wrapping_mul(0x20)) & !word;
    ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash) | control) & HIGH
}

const fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The first quote, backslash or control character at or after `from`, or the end.
pub(crate) fn next_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    let rest = bytes.get(from..).unwrap_or_default();
    let (words, tail) = rest.as_chunks::<8>();
    for word in words {
        let marks = special_bytes(u64::from_le_bytes(*word));
        if marks != 0 {
            return at.saturating_add((marks.trailing_zeros() / 8) as usize);
        }
        at = at.saturating_add(8);
    }
    tail.iter().position(|byte| is_special(*byte)).map_or(bytes.len(), |offset| at.saturating_add(offset))
}

/// The four hex digits at `at`, as a UTF-16 unit.
pub(crate) fn hex4(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at.saturating_add(4))?;
    digits.iter().try_fold(0_u16, |unit, byte| {
        let digit = char::from(*byte).to_digit(16)?;
        Some((unit << 4) | u16::try_from(digit).ok()?)
    })
}

pub(crate) const fn is_high_surrogate(unit: u16) -> bool {
    matches!(unit, 0xD800..=0xDBFF)
}

pub(crate) const fn is_low_surrogate(unit: u16) -> bool {
    matches!(unit, 0xDC00..=0xDFFF)
}

/// Checks the escape whose backslash is at `at`; tells where it ends.
pub(crate) fn escape_end(bytes: &[u8], at: usize) -> Result<usize, FaultKind> {
    let letter = at.saturating_add(1);
    match bytes.get(letter) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at.saturating_add(2)),
        Some(b'u') => {
            let unit = hex4(bytes, at.saturating_add(2)).ok_or(FaultKind::BadEscape)?;
            let end = at.saturating_add(6);
            if is_low_surrogate(unit) {
                return Err(FaultKind::LoneSurrogate);
            }
            if !is_high_surrogate(unit) {
                return Ok(end);
            }
            let pair = bytes.get(end..end.saturating_add(2)) == Some(b"\\u");
            match hex4(bytes, end.saturating_add(2)) {
                Some(low) if pair && is_low_surrogate(low) => Ok(end.saturating_add(6)),
                _ => Err(FaultKind::LoneSurrogate),
            }
        }
        Some(_) => Err(FaultKind::BadEscape),
        None => Err(FaultKind::Truncated),
    }
}

/// Whether this is one string literal of JSON, with its quotes and nothing else.
pub(crate) fn is_string_literal(bytes: &[u8]) -> bool {
    if !bytes.starts_with(b"\"") {
        return false;
    }
    let mut at = 1;
    loop {
        at = next_special(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return at.saturating_add(1) == bytes.len(),
            Some(b'\\') => match escape_end(bytes, at) {
                Ok(end) => at = end,
                Err(_) => return false,
            },
            _ => return false,
        }
    }
}
