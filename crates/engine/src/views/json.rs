//! JSON as text: its strings as their reader gets them, one a line.

use super::cursor::Cursor;

/// The strings of a JSON object or array, unescaped; `None` for other text, and where no string has an escape in it, since
/// then the text shows them as they are.
pub(super) fn decode(text: &str) -> Option<String> {
    let trimmed = text.trim_ascii_start();
    if !trimmed.starts_with(['{', '[']) || memchr::memchr(b'"', trimmed.as_bytes()).is_none() {
        return None;
    }
    let mut out = String::new();
    let mut escaped = false;
    let mut cursor = Cursor::new(trimmed.as_bytes());
    loop {
        cursor.take_until(b'"');
        if cursor.next().is_none() {
            break;
        }
        let start = trimmed.len().saturating_sub(cursor.rest().len());
        let length = string_length(cursor.rest());
        let string = trimmed.get(start..start.saturating_add(length)).unwrap_or("");
        cursor.take(length.saturating_add(1));
        let plain = if memchr::memchr(b'\\', string.as_bytes()).is_some() { Some(unescaped(string)) } else { None };
        escaped |= plain.is_some();
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(plain.as_deref().unwrap_or(string));
    }
    escaped.then_some(out)
}

/// A string of JSON without its escapes; what is no escape stays.
fn unescaped(string: &str) -> String {
    let mut out = String::with_capacity(string.len());
    let mut high: Option<u32> = None;
    let mut rest = string;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (head, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(head);
        let sign = tail.as_bytes().get(1).copied();
        let mut length = 2_usize;
        match sign {
            Some(b'n') => out.push('\n'),
            Some(b't') => out.push('\t'),
            Some(b'r') => out.push('\r'),
            Some(b'b' | b'f') => out.push(' '),
            Some(b'u') => {
                let unit = tail.get(2..6).and_then(|digits| u32::from_str_radix(digits, 16).ok());
                length = if unit.is_some() { 6 } else { 2 };
                match (high.take(), unit) {
                    (None, Some(unit @ 0xd800..=0xdbff)) => high = Some(unit),
                    (Some(high), Some(low @ 0xdc00..=0xdfff)) => {
                        let code = (high & 0x3ff).wrapping_shl(10).wrapping_add(low & 0x3ff).wrapping_add(0x1_0000);
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    (_, unit) => out.push(unit.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
            Some(other) if other.is_ascii() => out.push(char::from(other)),
            _ => {
                out.push('\\');
                length = 1;
            }
        }
        rest = tail.get(length..).unwrap_or("");
    }
    out.push_str(rest);
    out
}

/// How far it is to the quotation mark that ends a string.
fn string_length(rest: &[u8]) -> usize {
    let mut at = 0_usize;
    while let Some(found) = rest.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at = at.saturating_add(found);
        if rest.get(at) == Some(&b'"') {
            return at;
        }
        at = at.saturating_add(2);
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_strings() {
        assert_eq!(decode(r#"{"a": "x\ny \u0041", "b": [1, "\"z\""]}"#).as_deref(), Some("a\nx\ny A\nb\n\"z\""));
        assert_eq!(decode(r#" ["C:\\new\\table"]"#).as_deref(), Some("C:\\new\\table"));
        for text in ["{\"a\": \"plain\"}", "no json \\n \"x\"", "", "{", "[\"open"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
