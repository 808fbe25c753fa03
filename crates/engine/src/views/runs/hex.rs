//! Hexadecimal: `2f6574632f706173737764`, `0x2f65…`.

use super::super::cursor::Cursor;
use super::super::triggers::{RUN, runs};

/// All runs of an even number of digits that decode to text, one a line; `None` where there are none.
pub(in super::super) fn decode(text: &str) -> Option<String> {
    let mut out = None;
    for run in runs(text.as_bytes()) {
        // What is around the digits in a run of letters and digits says whether they are a number or part of a word.
        let mut cursor = Cursor::new(text.as_bytes().get(run).unwrap_or_default());
        while !cursor.rest().is_empty() {
            let skipped = cursor.take_while(|byte| !byte.is_ascii_hexdigit());
            let digits = cursor.take_while(|byte| byte.is_ascii_hexdigit());
            let inside =
                skipped.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() && !matches!(byte, b'x' | b'X'))
                    || cursor.peek().is_some_and(|byte| byte.is_ascii_alphanumeric());
            if digits.len() < RUN || !digits.len().is_multiple_of(2) || inside {
                continue;
            }
            if let Some(decoded) = whole(digits) {
                super::append(&mut out, &decoded);
            }
        }
    }
    out
}

fn whole(run: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    for (at, pair) in run.as_chunks::<2>().0.iter().enumerate() {
        let mut digits = Cursor::new(pair);
        bytes.push(u8::try_from(digits.number(16, 2, 2)?).ok()?);
        if at == 8 && super::is_noise(&bytes) {
            return None;
        }
    }
    super::text_of(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_runs_that_hold_text() {
        for (text, plain) in [
            ("2f6574632f706173737764", "/etc/passwd"),
            ("SELECT 0x2F6574632F706173737764", "/etc/passwd"),
            ("echo 726d202d7266202f7661 | xxd -r -p", "rm -rf /va"),
            ("69676e6f72652070726576696f7573,2f6574632f706173737764", "ignore previous\n/etc/passwd"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(plain), "{text}");
        }
    }

    #[test]
    fn digests_numbers_and_words_are_no_hexadecimal_text() {
        for text in [
            "d41d8cd98f00b204e9800998ecf8427e",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "00000000000000000000",
            "12345678901234567890",
            "0xdeadbeefdeadbeef",
            "g2f6574632f706173737764g",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
