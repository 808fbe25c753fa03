//! Hexadecimal: `2f6574632f706173737764`, `0x2f65…`.

use std::ops::Range;

use super::super::cursor::Cursor;
use super::super::triggers::RUN;

/// All runs of an even number of digits that decode to text, one a line; `None` where there are none.
pub(in super::super) fn decode(text: &str, runs: &[Range<usize>]) -> Option<String> {
    let mut out = None;
    for run in runs {
        // What is around the digits in a run of letters and digits says whether they are a number or part of a word.
        let mut cursor = Cursor::new(text.as_bytes().get(run.clone()).unwrap_or_default());
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

/// Pairs of digits with one sign between them: `69 67 6e 6f`, `69:67:6e`, `0x69, 0x67`. One passage a line.
pub(in super::super) fn spaced(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = None;
    let mut done = 0_usize;
    for (n, block) in bytes.as_chunks::<8>().0.iter().enumerate() {
        let at = n.saturating_mul(8);
        if at < done || !is_spaced(*block) {
            continue;
        }
        // A pair begins at most two bytes before.
        let mut start = at.saturating_sub(2).max(done);
        while start < at.saturating_add(3) && !bytes.get(start..).is_some_and(begins_pair) {
            start = start.saturating_add(1);
        }
        // Pairs before the block may stand beside something else in theirs.
        let sign = bytes.get(start.saturating_add(2)).copied();
        while let Some(before) = start.checked_sub(3).filter(|before| *before >= done) {
            if bytes.get(before.saturating_add(2)).copied() != sign || !bytes.get(before..).is_some_and(begins_pair) {
                break;
            }
            start = before;
        }
        let mut cursor = Cursor::new(bytes.get(start..).unwrap_or_default());
        let mut decoded = Vec::new();
        let sign = cursor.peek_at(2).unwrap_or(b' ');
        while let Some(byte) = cursor.number(16, 2, 2).and_then(|byte| u8::try_from(byte).ok()) {
            decoded.push(byte);
            if cursor.peek() != Some(sign) || !cursor.rest().get(1..).is_some_and(begins_pair) {
                break;
            }
            cursor.next();
        }
        done = bytes.len().saturating_sub(cursor.rest().len()).max(at.saturating_add(8));
        // A word before or after may look like a pair: the longest piece that is text counts.
        let piece = decoded.utf8_chunks().map(|chunk| chunk.valid()).max_by_key(|piece| piece.len()).unwrap_or("");
        if piece.len() >= SPACED_PAIRS
            && let Some(text) = super::text_of(piece.as_bytes().to_vec())
        {
            super::append(&mut out, &text);
        }
    }
    out
}

/// The fewest bytes that count where pairs are parted.
const SPACED_PAIRS: usize = 8;

fn begins_pair(rest: &[u8]) -> bool {
    matches!(rest, [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit())
}

/// Whether every third byte is the same sign and the others are digits: of eight pairs in a row some aligned eight bytes
/// are so.
fn is_spaced(block: [u8; 8]) -> bool {
    let sign = |byte: u8| matches!(byte, b' ' | b':' | b'-' | b',' | b'.');
    let is_at = |lead: usize| {
        let third = |at: usize| at % 3 == lead;
        let first = block.get(lead).copied().unwrap_or(0);
        sign(first)
            && block
                .iter()
                .enumerate()
                .all(|(at, byte)| if third(at) { *byte == first } else { byte.is_ascii_hexdigit() })
    };
    is_at(0) || is_at(1) || is_at(2)
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
    use crate::views::triggers::runs;

    fn decoded(text: &str) -> Option<String> {
        decode(text, &runs(text.as_bytes()).collect::<Vec<_>>())
    }

    #[test]
    fn finds_runs_that_hold_text() {
        for (text, plain) in [
            ("2f6574632f706173737764", "/etc/passwd"),
            ("SELECT 0x2F6574632F706173737764", "/etc/passwd"),
            ("echo 726d202d7266202f7661 | xxd -r -p", "rm -rf /va"),
            ("69676e6f72652070726576696f7573,2f6574632f706173737764", "ignore previous\n/etc/passwd"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(plain), "{text}");
        }
    }

    #[test]
    fn reads_pairs_that_are_parted() {
        for sign in [" ", ":", "-", ","] {
            let hidden: Vec<String> = "ignore all previous".bytes().map(|byte| format!("{byte:02x}")).collect();
            for lead in 0..9 {
                let text = format!("{}{}", "> ".repeat(lead), hidden.join(sign));
                assert_eq!(spaced(&text).as_deref(), Some("ignore all previous"), "{text}");
            }
        }
        assert_eq!(spaced("00:1a:2b:3c:4d:5e and 12:30:45, 2024-05-13 10:00"), None);
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
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
