//! The canonical line: what every reader splits and reads alike.

use std::borrow::Cow;

use crate::text::encode_unit;

/// The message as one canonical line: the tokens verbatim, no control character outside or inside strings, and U+0085,
/// U+2028 and U+2029 escaped, since some readers end a line there. Borrowed when the message already is one.
///
/// Expects valid JSON. Of anything else it still makes a line without those characters.
pub fn canonical(line: &[u8]) -> Cow<'_, [u8]> {
    if !has_control(line) && !has_separator(line) { Cow::Borrowed(line) } else { Cow::Owned(rewrite(line)) }
}

/// Whether a control character of ASCII stands in it; by the minimum of each block, which compilers vectorise where they know how long it is.
fn has_control(line: &[u8]) -> bool {
    let least = |block: &[u8]| block.iter().copied().fold(u8::MAX, u8::min);
    let (blocks, rest) = line.as_chunks::<32>();
    blocks.iter().any(|block| least(block) < 0x20) || least(rest) < 0x20
}

/// Whether a line separator stands in it that UTF-8 writes in several bytes.
fn has_separator(line: &[u8]) -> bool {
    memchr::memchr2_iter(0xC2, 0xE2, line).any(|at| {
        line.get(at..).and_then(<[u8]>::split_first).is_some_and(|(first, after)| separator(*first, after).is_some())
    })
}

fn rewrite(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len().saturating_add(16));
    let mut in_string = false;
    let mut rest = line;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'"' => {
                in_string = !in_string;
                out.push(b'"');
            }
            b'\\' if in_string => {
                out.push(b'\\');
                // The escaped character belongs to the backslash: a quote after it ends nothing.
                if let Some((escaped @ 0x20..=0x7E, after)) = rest.split_first() {
                    out.push(*escaped);
                    rest = after;
                }
            }
            0..=0x1F if in_string => encode_unit(u16::from(*byte), &mut out),
            // Blanks. Never dropped, so that no two pieces of broken text grow together.
            0..=0x1F => out.push(b' '),
            0xC2 | 0xE2 => match separator(*byte, after) {
                Some((unit, length)) => {
                    encode_unit(unit, &mut out);
                    rest = after.get(length..).unwrap_or_default();
                }
                None => out.push(*byte),
            },
            _ => out.push(*byte),
        }
    }
    out
}

/// The separator that `first` and the bytes after it write, and how many of those it takes.
fn separator(first: u8, after: &[u8]) -> Option<(u16, usize)> {
    match (first, after) {
        (0xC2, [0x85, ..]) => Some((0x0085, 1)),
        (0xE2, [0x80, 0xA8, ..]) => Some((0x2028, 2)),
        (0xE2, [0x80, 0xA9, ..]) => Some((0x2029, 2)),
        _ => None,
    }
}
