//! Backslash escapes of JSON, JavaScript, C, Python and the shell.

use super::cursor::Cursor;

/// Resolves escapes; `None` when nothing changes.
///
/// Escapes by number (`\u002f`, `\x2f`, `\057`) and `\/` are never met by accident. `\n`, `\t` and their like are in
/// every string of source code and in half the Windows paths, so they count beside the former, and alone only with
/// `letters` (fields that are run) and where no Windows path is in sight.
pub(super) fn decode(text: &str, letters: bool) -> Option<String> {
    let (numbered, octal, lettered) = survey(text.as_bytes());
    // `C:\app\0001_init.sql`: a name that begins with digits.
    let numbered = numbered || octal && !is_windows_path(text);
    let letters = lettered && (letters || numbered) && !is_windows_path(text);
    if !numbered && !letters {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut cursor = Cursor::new(text.as_bytes());
    let mut copied = 0_usize;
    loop {
        cursor.take_until(b'\\');
        let start = text.len().saturating_sub(cursor.rest().len());
        if cursor.next().is_none() {
            break;
        }
        let mut after = cursor;
        let Some(decoded) = escape(&mut after, letters) else { continue };
        out.extend_from_slice(text.get(copied..start).unwrap_or("").as_bytes());
        match decoded {
            Decoded::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Decoded::Byte(byte) => out.push(byte),
        }
        cursor = after;
        copied = text.len().saturating_sub(cursor.rest().len());
    }
    out.extend_from_slice(text.get(copied..).unwrap_or("").as_bytes());
    let out = String::from_utf8(out).unwrap_or_else(|error| latin1_where_invalid(error.as_bytes()));
    (out != text).then_some(out)
}

/// What an escape stands for.
enum Decoded {
    Char(char),
    /// `\xc3`: a byte of UTF-8 to C and the shell, which the next escapes complete; a character to JavaScript.
    Byte(u8),
}

fn latin1_where_invalid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|&byte| char::from(byte)));
    }
    text
}

/// Whether there are escapes by number (or `\/`), octal ones, and escapes by letter and no others.
fn survey(bytes: &[u8]) -> (bool, bool, bool) {
    let (mut numbered, mut octals, mut lettered, mut foreign) = (false, false, false, false);
    for at in memchr::memchr_iter(b'\\', bytes) {
        match bytes.get(at.saturating_add(1)..) {
            Some([b'/', ..] | [b'x' | b'u' | b'U', b'{', ..]) => numbered = true,
            Some(digits @ [b'0'..=b'3', b'0'..=b'7', ..]) => octals |= octal(digits).is_some(),
            Some([b'x', a, b, ..]) => numbered |= a.is_ascii_hexdigit() && b.is_ascii_hexdigit(),
            Some([b'u' | b'U', digits @ ..]) => {
                numbered |= digits.get(..4).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
            }
            // After another backslash it is a letter after a backslash.
            Some([b'n' | b't' | b'r' | b'"' | b'\'', ..]) => {
                lettered |= at.checked_sub(1).and_then(|at| bytes.get(at)) != Some(&b'\\');
            }
            // `path\to\file`, `\d+\n`: not the language in which `\n` is a line break.
            Some([other, ..]) => foreign |= other.is_ascii_alphabetic(),
            _ => {}
        }
    }
    (numbered, octals, lettered && !foreign)
}

/// `C:\new` and `\\host\temp` hold no line breaks.
fn is_windows_path(text: &str) -> bool {
    text.starts_with("\\\\")
        || memchr::memmem::find_iter(text.as_bytes(), b":\\")
            .any(|at| at.checked_sub(1).and_then(|at| text.as_bytes().get(at)).is_some_and(u8::is_ascii_alphabetic))
}

/// Reads the escape after a backslash. One for no character (half a pair) gives U+FFFD.
fn escape(cursor: &mut Cursor<'_>, letters: bool) -> Option<Decoded> {
    let digits = cursor.rest();
    let sign = cursor.next()?;
    let decoded = match sign {
        b'/' | b'\\' => char::from(sign),
        b'x' | b'u' if cursor.eat(b"{") => braced(cursor)?,
        b'x' => return u8::try_from(cursor.number(16, 2, 2)?).ok().map(Decoded::Byte),
        b'u' => utf16(cursor.number(16, 4, 4)?, cursor),
        b'U' => or_replacement(cursor.number(16, 8, 8)?),
        b'0'..=b'3' if cursor.peek().is_some_and(|next| matches!(next, b'0'..=b'7')) => {
            cursor.take(2);
            return octal(digits).map(Decoded::Byte);
        }
        b'n' if letters => '\n',
        b't' if letters => '\t',
        b'r' if letters => '\r',
        b'"' | b'\'' if letters => char::from(sign),
        b'0' if letters && !cursor.peek().is_some_and(|next| next.is_ascii_digit()) => '\0',
        _ => return None,
    };
    Some(Decoded::Char(decoded))
}

/// The byte of three octal digits; `\\203.0.113.5` is an address.
fn octal(digits: &[u8]) -> Option<u8> {
    let mut cursor = Cursor::new(digits);
    let byte = u8::try_from(cursor.number(8, 3, 3)?).ok()?;
    (cursor.peek() != Some(b'.') || cursor.peek_at(1).is_some_and(|next| !next.is_ascii_digit())).then_some(byte)
}

/// `{2f}` of `\u{2f}` or `\x{2f}`, its opening brace read.
fn braced(cursor: &mut Cursor<'_>) -> Option<char> {
    let code = cursor.number(16, 1, 6)?;
    cursor.eat(b"}").then(|| or_replacement(code))
}

fn or_replacement(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The character of a UTF-16 unit, with its second half where it is a pair.
fn utf16(unit: u32, cursor: &mut Cursor<'_>) -> char {
    let mut after = *cursor;
    let low = if (0xd800..0xdc00).contains(&unit) && after.eat(b"\\u") { after.number(16, 4, 4) } else { None };
    match low.filter(|low| (0xdc00..0xe000).contains(low)) {
        Some(low) => {
            *cursor = after;
            let high = (unit & 0x3ff).wrapping_shl(10);
            or_replacement(high.wrapping_add(low & 0x3ff).wrapping_add(0x1_0000))
        }
        None => or_replacement(unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_escapes() {
        for (encoded, plain) in [
            ("\\u002e\\u002e\\u002fetc", "../etc"),
            ("\\x2e\\x2E\\057", "../"),
            ("\\u{2e}\\x{2f}\\U0000002f", ".//"),
            ("..\\/..\\/etc", "../../etc"),
            ("\\ud83d\\ude00", "😀"),
            ("\\ud83d!", "\u{fffd}!"),
            ("\\u0069d\\nid", "id\nid"),
            ("id\\ncat /etc/passwd", "id\ncat /etc/passwd"),
            ("\\\"x\\\"", "\"x\""),
            ("\\x41\\q\\x4", "A\\q\\x4"),
            ("\\\\u002e", "\\u002e"),
            ("\\xc3\\xa9 \\303\\251 \\xe9", "é é é"),
        ] {
            assert_eq!(decode(encoded, true).as_deref(), Some(plain), "{encoded}");
        }
    }

    #[test]
    fn leaves_other_backslashes_alone() {
        for text in [
            "C:\\new\\table",
            "C:\\Users\\name\\x.txt",
            "\\\\host\\new",
            "path\\to\\file",
            "\\203.0.113.5\\share",
            "\\d+\\w*\\.",
            "a\\\\nb",
            "\\",
            "\\u12",
            "\\x",
            "\\9",
        ] {
            assert_eq!(decode(text, true), None, "{text}");
        }
        assert_eq!(decode("print(\"a\\n\")", false), None, "source text that nobody runs");
    }
}
