//! Base64 and hexadecimal runs inside a text.
//!
//! A run counts only when what it decodes to is text: prose, identifiers, paths and digests are made of the same
//! characters, and are told apart by their first bytes already.

pub(super) mod base32;
pub(super) mod base64;
pub(super) mod hex;
pub(super) mod packed;

/// Decoded bytes as text, if text is what they are.
fn text_of(bytes: Vec<u8>) -> Option<String> {
    if bytes.len() < 4 {
        return None;
    }
    if let Some(text) = utf16(&bytes) {
        return Some(text);
    }
    String::from_utf8(bytes).ok().filter(|text| is_readable(text))
}

/// Whether nearly all of `text` is printable. A control character or two is what an attack may well hold (NUL,
/// escape); decoded noise is a third control characters.
fn is_readable(text: &str) -> bool {
    let odd = text.chars().filter(|&c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')).count();
    odd.saturating_mul(16) <= text.len()
}

/// UTF-16LE, which PowerShell's `-EncodedCommand` takes: ASCII in it has a zero in every other byte.
fn utf16(bytes: &[u8]) -> Option<String> {
    let bytes = bytes.strip_prefix(&[0xff, 0xfe]).unwrap_or(bytes);
    let (pairs, rest) = bytes.as_chunks::<2>();
    let zeros = pairs.iter().filter(|pair| matches!(pair, [1..=0xff, 0])).count();
    if !rest.is_empty() || zeros.saturating_mul(4) < pairs.len().saturating_mul(3) {
        return None;
    }
    let text = char::decode_utf16(pairs.iter().map(|&pair| u16::from_le_bytes(pair))).collect::<Result<String, _>>();
    text.ok().filter(|text| is_readable(text))
}

/// Whether the first decoded bytes rule text out; cheap, so that most runs end here.
fn is_noise(head: &[u8]) -> bool {
    let odd = head.iter().filter(|&&byte| matches!(byte, 0x01..=0x08 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f)).count();
    odd > 1
        || std::str::from_utf8(head).is_err_and(|error| error.error_len().is_some()) && !head.starts_with(&[0xff, 0xfe])
}

/// Adds one decoded run to those found before it.
fn append(out: &mut Option<String>, decoded: &str) {
    match out {
        Some(out) => {
            out.push('\n');
            out.push_str(decoded);
        }
        None => *out = Some(decoded.to_owned()),
    }
}
