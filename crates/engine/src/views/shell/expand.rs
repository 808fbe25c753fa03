//! Quotes and escapes that stand for characters.

use super::super::cursor::Cursor;

/// Reads the rest of `$'…'`, its closing quote included.
pub(super) fn ansi_c(cursor: &mut Cursor<'_>) -> String {
    let mut raw = Vec::new();
    while let Some(byte) = cursor.next() {
        match byte {
            b'\'' => break,
            b'\\' => {
                raw.push(byte);
                raw.extend(cursor.next());
            }
            byte => raw.push(byte),
        }
    }
    escapes(&String::from_utf8_lossy(&raw))
}

/// Resolves the escapes of `$'…'`, `echo -e` and `printf`.
pub(super) fn escapes(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut cursor = Cursor::new(text.as_bytes());
    while !cursor.rest().is_empty() {
        out.extend_from_slice(cursor.take_until(b'\\'));
        if cursor.next().is_some() {
            escape(&mut cursor, &mut out);
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads one escape, its backslash read.
fn escape(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) {
    let mut after = *cursor;
    let decoded = match after.next() {
        Some(b'x') => after.number(16, 1, 2).and_then(char::from_u32),
        Some(b'u') => after.number(16, 1, 4).and_then(char::from_u32),
        Some(b'U') => after.number(16, 1, 8).and_then(char::from_u32),
        Some(b'0'..=b'7') => {
            after = *cursor;
            // `echo -e` wants a zero before the three digits.
            let most = if after.peek() == Some(b'0') { 4 } else { 3 };
            after.number(8, 1, most).map(|code| code & 0xff).and_then(char::from_u32)
        }
        Some(b'n' | b'r') => Some('\n'),
        Some(b't') => Some('\t'),
        Some(b'a' | b'b' | b'e' | b'E' | b'f' | b'v') => Some(' '),
        Some(sign @ (b'\\' | b'\'' | b'"' | b'?')) => Some(char::from(sign)),
        _ => None,
    };
    match decoded {
        Some(c) => {
            *cursor = after;
            // A number above ASCII is one byte of a character that the next ones complete.
            match u8::try_from(u32::from(c)) {
                Ok(byte) => out.push(byte),
                Err(_) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        None => out.push(b'\\'),
    }
}

/// A word in single quotes, so that a shell reads it as it is.
pub(super) fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
