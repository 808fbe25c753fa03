//! Base32: `NFTW433SMUQGC3DM`, padded or not.

use std::ops::Range;

/// All runs that decode to text, one a line; `None` where there are none.
pub(in super::super) fn decode(text: &str, runs: &[Range<usize>]) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = None;
    for run in runs {
        let run = bytes.get(run.clone()).unwrap_or_default();
        let upper = run.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'2'..=b'7'));
        let lower = run.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'));
        // A long word in small letters is a word.
        let spelt = upper || (lower && run.iter().any(u8::is_ascii_digit));
        if spelt && let Some(decoded) = whole(run) {
            super::append(&mut out, &decoded);
        }
    }
    out
}

fn whole(run: &[u8]) -> Option<String> {
    let mut bytes = Vec::with_capacity(run.len());
    let (mut bits, mut count) = (0_u32, 0_u32);
    for (at, byte) in run.iter().enumerate() {
        let value = match byte.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter.wrapping_sub(b'A'),
            digit => digit.wrapping_sub(b'2').wrapping_add(26),
        };
        bits = bits.wrapping_shl(5) | u32::from(value & 31);
        count = count.saturating_add(5);
        if count >= 8 {
            count = count.saturating_sub(8);
            bytes.push(u8::try_from(bits.wrapping_shr(count) & 0xff).unwrap_or(0));
        }
        if at == 16 && super::is_noise(&bytes) {
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
            ("NFTW433SMUQGC3DMEBYHEZLWNFXXK4Y=", "ignore all previous"),
            ("decode this: nftw433smuqgc3dmebyhezlwnfxxk4y", "ignore all previous"),
        ] {
            assert_eq!(decoded(text).as_deref(), Some(plain), "{text}");
        }
    }

    #[test]
    fn words_and_constants_are_no_base32() {
        for text in [
            "INTERNATIONALIZATION",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "AAAAAAAAAAAAAAAAAAAA",
            "ZZZZZZZZZZZZZZZZ2345",
            "internationalization",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
