//! Percent-decoding as lenient servers do it.
//!
//! Repeated until nothing is left to decode (`%252e`, `%%32%65`), in one pass: a byte that completes an escape in the
//! output is decoded in turn. Overlong UTF-8 (`%c0%ae`, `%e0%80%af`, up to six bytes) and IIS's `%uXXXX` are read as
//! the decoders that were attacked with them read them. What is no UTF-8 even so is dropped, as is done by servers
//! that ignore it; servers that put U+FFFD in its place are served by the raw view. `+` stays: only a form's body
//! reads it as a space. An escape that is incomplete stays as it is.
//!
//! Some decoders take any letter for a digit (`c - 'a' + 10`), so `%c0%9v` and `%bg%qf` are overlong slashes to them;
//! such digits count only where an overlong pair comes of them.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::cursor::Cursor;

/// How far back an escape can begin: `%uXXXX` less its last byte.
const REACH: u8 = 6;

/// Decodes; `None` when nothing changes. `tokens`: `0x2e`, `0x2f` and `0x5c` between dots and slashes, which fuzzing
/// lists write for servers that read them so, are the characters they name.
pub(crate) fn decode(text: &str, tokens: bool) -> Option<String> {
    let tokens = tokens && has_tokens(text.as_bytes());
    if !tokens && !has_escape(text.as_bytes()) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut cursor = Cursor::new(text.as_bytes());
    // How many of the coming bytes could still complete an escape.
    let mut watch = 0_u8;
    while let Some(byte) = cursor.peek() {
        if watch == 0 && !tokens && byte != b'%' {
            out.extend_from_slice(cursor.take_until(b'%'));
            continue;
        }
        if let Some(decoded) = doubled(cursor.rest()) {
            cursor.take(DOUBLED);
            out.push(decoded);
            continue;
        }
        cursor.take(1);
        out.push(byte);
        watch = if byte == b'%' { REACH } else { watch.saturating_sub(1) };
        while collapse(&mut out) || (tokens && collapse_token(&mut out, cursor.rest())) {
            watch = REACH;
        }
    }
    let decoded = mend(out);
    (decoded != text).then_some(decoded)
}

fn has_escape(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'%', bytes).any(|at| match bytes.get(at.saturating_add(1)..) {
        Some([b'u' | b'U', a, b, c, d, ..]) => [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()),
        Some([high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        Some([high, low, b'%', ..]) => matches!(lenient(*high, *low), Some(0xc0 | 0xc1)),
        _ => false,
    })
}

fn has_tokens(bytes: &[u8]) -> bool {
    static PREFIX: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("0x"));
    PREFIX.find_iter(bytes).any(|at| bytes.get(at..).is_some_and(|token| token_byte(token).is_some()))
}

/// `%%32%%66`: each digit of `%2f` as an escape, each with its own sign before it.
fn doubled(bytes: &[u8]) -> Option<u8> {
    let [b'%', b'%', a, b, b'%', b'%', c, d, ..] = bytes else { return None };
    let digit = |high: &u8, low: &u8| hex(hex(*high)?.wrapping_shl(4) | hex(*low)?);
    Some(digit(a, b)?.wrapping_shl(4) | digit(c, d)?)
}

/// The length of what [`doubled`] reads.
const DOUBLED: usize = 8;

/// Replaces an escape at the end of `out` by its byte.
fn collapse(out: &mut Vec<u8>) -> bool {
    let [.., a, b, c] = out.as_slice() else { return false };
    let (Some(b), Some(c)) = (hex(*b), hex(*c)) else { return collapse_overlong(out) };
    if *a == b'%' {
        let byte = b.wrapping_shl(4) | c;
        out.truncate(out.len().saturating_sub(3));
        out.push(byte);
        return true;
    }
    let [.., b'%', b'u' | b'U', d, a, _, _] = out.as_slice() else { return false };
    let (Some(d), Some(a)) = (hex(*d), hex(*a)) else { return false };
    let code = [d, a, b, c].into_iter().fold(0_u32, |code, digit| code.wrapping_shl(4) | u32::from(digit));
    out.truncate(out.len().saturating_sub(6));
    // No server gives a private-use character a meaning; scanners write them where a separator should stand.
    let decoded = if (0xe000..=0xf8ff).contains(&code) { Some('/') } else { char::from_u32(code) };
    if let Some(decoded) = decoded {
        out.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
    }
    true
}

/// Replaces an overlong pair at the end of `out`, some of whose digits are letters beyond `f`, by the bytes that a
/// decoder without checks makes of it.
fn collapse_overlong(out: &mut Vec<u8>) -> bool {
    let (lead, start) = match out.as_slice() {
        [.., b'%', a, b, b'%', _, _] => (lenient(*a, *b), out.len().saturating_sub(6)),
        [.., lead @ (0xc0 | 0xc1), b'%', _, _] => (Some(*lead), out.len().saturating_sub(4)),
        _ => return false,
    };
    let [.., a, b] = out.as_slice() else { return false };
    match (lead, lenient(*a, *b)) {
        (Some(lead @ (0xc0 | 0xc1)), Some(tail @ 0x80..=0xbf)) => {
            out.truncate(start);
            out.extend([lead, tail]);
            true
        }
        _ => false,
    }
}

/// Two digits read by a decoder that takes `z` for one.
fn lenient(high: u8, low: u8) -> Option<u8> {
    let high = char::from(high).to_digit(36)?;
    let low = char::from(low).to_digit(36)?;
    u8::try_from(high.wrapping_mul(16).wrapping_add(low) & 0xff).ok()
}

/// Replaces a `0x2f` at the end of `out` by its byte where a dot or slash, or another such token, stands beside it.
fn collapse_token(out: &mut Vec<u8>, next: &[u8]) -> bool {
    let start = out.len().saturating_sub(4);
    let Some(byte) = out.get(start..).and_then(token_byte) else { return false };
    let before = start.checked_sub(1).and_then(|at| out.get(at)).is_some_and(|&byte| is_part(byte));
    let after = next.first().is_some_and(|&byte| is_part(byte) || byte == b'%') || token_byte(next).is_some();
    if before || after {
        out.truncate(start);
        out.push(byte);
    }
    before || after
}

fn is_part(byte: u8) -> bool {
    matches!(byte, b'.' | b'/' | b'\\')
}

fn token_byte(token: &[u8]) -> Option<u8> {
    match token {
        [b'0', b'x' | b'X', b'2', b'e' | b'E', ..] => Some(b'.'),
        [b'0', b'x' | b'X', b'2', b'f' | b'F', ..] => Some(b'/'),
        [b'0', b'x' | b'X', b'5', b'c' | b'C', ..] => Some(b'\\'),
        _ => None,
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Bytes as text, overlong sequences read as the character they spell, the rest of what is invalid dropped.
fn mend(bytes: Vec<u8>) -> String {
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return text,
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(bytes.len());
    let mut cursor = Cursor::new(&bytes);
    loop {
        let valid = match std::str::from_utf8(cursor.rest()) {
            Ok(rest) => rest,
            Err(error) => {
                cursor.rest().get(..error.valid_up_to()).and_then(|head| std::str::from_utf8(head).ok()).unwrap_or("")
            }
        };
        text.push_str(valid);
        cursor.take(valid.len());
        if cursor.rest().is_empty() {
            return text;
        }
        text.extend(overlong(&mut cursor));
    }
}

/// Reads one invalid sequence; the character that a lenient decoder makes of it, if any does.
fn overlong(cursor: &mut Cursor<'_>) -> Option<char> {
    let lead = cursor.next()?;
    let tail = cursor.rest();
    let (bits, count) = match lead {
        0xc0 | 0xc1 => return two_bytes(lead, cursor),
        0xe0..=0xef => (lead & 0x0f, 2),
        0xf0..=0xf7 => (lead & 0x07, 3),
        0xf8..=0xfb => (lead & 0x03, 4),
        0xfc..=0xfd => (lead & 0x01, 5),
        _ => return None,
    };
    let tail = tail.get(..count).filter(|tail| tail.iter().all(|byte| byte & 0xc0 == 0x80))?;
    let code = tail.iter().fold(u32::from(bits), |code, byte| code.wrapping_shl(6) | u32::from(byte & 0x3f));
    let decoded = char::from_u32(code)?;
    cursor.take(count);
    Some(decoded)
}

/// `C0` and `C1` lead only overlong ASCII. Decoders that do not look at the marker of the second byte take its low six
/// bits, so `c0 2f` is `/`, `c0 ee` a dot and `c1 1c` a backslash; others skip the lead (`c0 5c`).
fn two_bytes(lead: u8, cursor: &mut Cursor<'_>) -> Option<char> {
    let next = cursor.peek()?;
    let code = (lead & 1).wrapping_shl(6) | (next & 0x3f);
    let decoded = match (lead, next) {
        // Not what the bits say (`o`), but what scanners mean by it.
        (0xc1, 0xaf) => b'/',
        (_, 0x80..=0xbf) => code,
        _ if is_part(code) => code,
        // The lead alone goes; the ASCII character, or the next lead, speaks for itself.
        _ => return None,
    };
    cursor.take(1);
    Some(char::from(decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_lenient_servers_decode() {
        for (encoded, plain) in [
            ("%2e%2e%2fetc%2Fpasswd", "../etc/passwd"),
            ("%252e%25252e/", "../"),
            ("%%32%65%%35%63", ".\\"),
            ("%25%32%66", "/"),
            ("%c0%ae%c0%ae%c0%af", "../"),
            ("%c0%2e%c0%2f", "./"),
            ("%c0.%c0/", "./"),
            ("..%c0\\..%c0%5c", "..\\..\\"),
            ("..%c1%9c..%c1%1c..%c1%af", "..\\..\\../"),
            ("%c0%ee%c0%ee/", "../"),
            ("..%c0%9v..%c0%qf..%c1%8s..%c1%pc..%bg%qf", "../../..\\..\\../"),
            ("..%%32%%66etc", "../etc"),
            ("%e0%80%ae%f0%80%80%ae%f8%80%80%80%ae%fc%80%80%80%80%ae", "...."),
            ("..%u2215..%u2216..%uEFC8", "..∕..∖../"),
            ("%uff0e%U002e", "．."),
            ("caf%c3%a9 caf%C3%a9%", "café café%"),
            ("a%00b", "a\0b"),
            ("ca%fft", "cat"),
            ("%ed%a0%80x", "x"),
            ("100%25 %zz %2", "100% %zz %2"),
        ] {
            assert_eq!(decode(encoded, false).as_deref(), Some(plain), "{encoded}");
        }
    }

    #[test]
    fn tokens_of_fuzzing_lists_are_read_beside_dots_and_slashes() {
        for (encoded, plain) in
            [("0x2e0x2e/etc", "../etc"), ("..0x2fetc", "../etc"), ("0x2e0x2e%c0%af", "../"), (".0x2e0x5C", "..\\")]
        {
            assert_eq!(decode(encoded, true).as_deref(), Some(plain), "{encoded}");
            assert_ne!(decode(encoded, false).as_deref(), Some(plain), "{encoded}");
        }
        assert_eq!(decode("mask = 0x2f;", true), None);
    }

    #[test]
    fn leaves_ordinary_percent_signs_alone() {
        for text in [
            "50% of all",
            "date +%Y-%m",
            "%",
            "%%",
            "%u12",
            "a+b",
            "SELECT '%x%'",
            "LIKE '%no%'",
            "héllo",
            "%bg %qf",
            "%s%qf",
        ] {
            assert_eq!(decode(text, true), None, "{text}");
        }
    }
}
