//! String literals to text and back.

use std::borrow::Cow;
use std::ops::Range;

use crate::scan::{hex4, is_high_surrogate};

/// The text of a literal that the reader has accepted; `inner` is what stands between its quotes.
pub(crate) fn decode(inner: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else {
        return Cow::Borrowed(inner);
    };
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    let mut backslash = Some(first);
    while let Some(at) = backslash {
        text.push_str(rest.get(..at).unwrap_or_default());
        let (decoded, length) = decode_escape(rest.as_bytes(), at);
        text.push(decoded);
        rest = rest.get(at.saturating_add(length)..).unwrap_or_default();
        backslash = memchr::memchr(b'\\', rest.as_bytes());
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// Where in the source text `inner` of a literal the ranges `wanted` of its decoded text stand. They must be in order and
/// apart; one that begins or ends within a character takes the whole of it.
pub(crate) fn locate(inner: &str, wanted: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::with_capacity(wanted.len());
    let mut wanted = wanted.iter();
    let Some(mut next) = wanted.next() else { return found };
    let mut start = None;
    // How far the source and its text have been read.
    let (mut source, mut text) = (0_usize, 0_usize);
    while source < inner.len() {
        let rest = inner.as_bytes().get(source..).unwrap_or_default();
        let (length, decoded) = match memchr::memchr(b'\\', rest) {
            Some(0) => {
                let (decoded, length) = decode_escape(inner.as_bytes(), source);
                (length, decoded.len_utf8())
            }
            plain => plain.map_or((rest.len(), rest.len()), |until| (until, until)),
        };
        let verbatim = length == decoded && rest.first() != Some(&b'\\');
        let end = text.saturating_add(decoded);
        // Where a position within this stretch stands in the source.
        let at = |position: usize, whole: usize| {
            let place = source.saturating_add(position.saturating_sub(text));
            if verbatim { place } else { source.saturating_add(whole) }
        };
        loop {
            if start.is_none() && next.start < end {
                start = Some(at(next.start, 0));
            }
            let Some(begun) = start.filter(|_| next.end <= end) else { break };
            let stop = if next.end <= text { source } else { at(next.end, length) };
            found.push(begun..stop.max(begun));
            start = None;
            match wanted.next() {
                Some(another) => next = another,
                None => return found,
            }
        }
        (source, text) = (source.saturating_add(length), end);
    }
    found.extend(start.map(|begun| begun..inner.len()));
    found
}

/// The character of the escape at `at` and the length of its source. What the reader would refuse, and only the lenient
/// salvage lets through, becomes U+FFFD.
fn decode_escape(bytes: &[u8], at: usize) -> (char, usize) {
    let decoded = match bytes.get(at.saturating_add(1)) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return decode_unicode(bytes, at),
        Some(byte) if byte.is_ascii() => char::from(*byte),
        _ => return (char::REPLACEMENT_CHARACTER, 1),
    };
    (decoded, 2)
}

fn decode_unicode(bytes: &[u8], at: usize) -> (char, usize) {
    let Some(unit) = hex4(bytes, at.saturating_add(2)) else {
        return (char::REPLACEMENT_CHARACTER, 2);
    };
    if is_high_surrogate(unit)
        && let Some(low) = hex4(bytes, at.saturating_add(8))
        && let Some(Ok(pair)) = char::decode_utf16([unit, low]).next()
    {
        return (pair, 12);
    }
    (char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

/// Appends `text` as a string literal that holds no raw control character or line separator.
pub(crate) fn encode(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                encode_unit(u16::try_from(u32::from(character)).unwrap_or(0xFFFD), out);
            }
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Appends `\uXXXX`.
pub(crate) fn encode_unit(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\u");
    for shift in [12, 8, 4, 0] {
        let digit = u32::from(unit >> shift) & 0xF;
        out.push(char::from_digit(digit, 16).map_or(b'0', |digit| u8::try_from(digit).unwrap_or(b'0')));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What a range says decoded, its place in the source says too.
        #[test]
        fn a_range_is_found_in_the_source(
            pieces in proptest::collection::vec(r#"[a-zé😀]{1,3}|\\["\\/bfnrt]|\\u00[0-9a-f]{2}|\\ud83d\\ude00"#, 1..12),
            cuts in proptest::collection::btree_set(0_usize..40, 0..6),
        ) {
            let inner = pieces.concat();
            let text = decode(&inner);
            let edges: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let cuts: Vec<usize> = cuts.iter().filter_map(|cut| edges.get(*cut)).copied().collect();
            let wanted: Vec<Range<usize>> =
                cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
            let found = locate(&inner, &wanted);
            prop_assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(&wanted) {
                prop_assert_eq!(decode(&inner[found.clone()]), &text[wanted.clone()]);
            }
        }
    }
}
