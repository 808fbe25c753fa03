//! What tells a secret from what only looks like one.

use std::ops::Range;

use memchr::memmem;

pub(crate) mod checksum;
pub(crate) mod placeholder;

/// Shannon entropy of `text` in bits a byte: 0 for one byte over and over, 4 for random hexadecimal digits, 6 for
/// random base64, less where it is short.
#[expect(clippy::cast_precision_loss, reason = "a text is shorter than 2^52 bytes")]
pub(crate) fn entropy(text: impl AsRef<[u8]>) -> f64 {
    let text = text.as_ref();
    let mut counts = [0_u32; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count = count.saturating_add(1);
        }
    }
    let length = text.len() as f64;
    if text.is_empty() {
        return 0.0;
    }
    let several = counts.iter().filter(|count| **count > 1).map(|count| f64::from(*count));
    let repeated: f64 = several.map(|count| count * log2(count)).sum();
    log2(length) - repeated / length
}

/// The logarithm of a count to 12 bits after the point. The one of the C library would be another library to load.
fn log2(count: f64) -> f64 {
    let (mut rest, mut whole) = (count, 0.0);
    if count <= 1.0 {
        return 0.0;
    }
    while rest >= 2.0 {
        rest /= 2.0;
        whole += 1.0;
    }
    let (mut part, mut bit) = (0.0, 0.5);
    for _ in 0..12 {
        rest *= rest;
        if rest >= 2.0 {
            rest /= 2.0;
            part += bit;
        }
        bit /= 2.0;
    }
    whole + part
}

/// The whole secret of which `found` is a part that shows it: a key with all its lines, a token to its end. A pattern
/// sees a window of a text only, and what it leaves over would give the secret away.
pub(crate) fn whole(view: &str, found: Range<usize>) -> Range<usize> {
    let end = block_end(view, &found).unwrap_or_else(|| token_end(view, &found));
    found.start..end.max(found.end)
}

/// How long a private key may be.
const MAX_BLOCK: usize = 64 << 10;

/// The end of the armoured block that begins in `found`.
fn block_end(view: &str, found: &Range<usize>) -> Option<usize> {
    let text = view.get(found.start..)?;
    let limit = text.floor_char_boundary(MAX_BLOCK);
    let text = text.get(..limit)?;
    let (opening, closing): (&str, &[&str]) = if text.starts_with("-----BEGIN") {
        ("-----", &["-----END", "-----"])
    } else if text.starts_with("PuTTY-User-Key-File") {
        ("PuTTY", &["Private-MAC: ", "\n"])
    } else {
        return None;
    };
    let mut at = opening.len();
    for (n, mark) in closing.iter().enumerate() {
        match memmem::find(text.as_bytes().get(at..)?, mark.as_bytes()) {
            Some(offset) => at = at.saturating_add(offset).saturating_add(mark.len()),
            // Cut off: what follows still is key, as far as it looks like one.
            None if n == 0 => return Some(found.start.saturating_add(armour(text))),
            None => return Some(found.start.saturating_add(text.len())),
        }
    }
    Some(found.start.saturating_add(at))
}

/// How far a block without an end goes on: its first line, and then what base64 and line ends are made of.
fn armour(text: &str) -> usize {
    let first =
        text.find("KEY").and_then(|key| text.get(key..)?.find("-----").map(|at| key.saturating_add(at))).unwrap_or(0);
    let is_body = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '\\' | '\n' | '\r' | ' ' | '-');
    let body = text.get(first..).unwrap_or_default();
    first.saturating_add(body.find(|c| !is_body(c)).unwrap_or(body.len()))
}

/// The end of the run of token characters that `found` ends in.
fn token_end(view: &str, found: &Range<usize>) -> usize {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-');
    let ends_in_token = view.get(..found.end).and_then(|text| text.chars().next_back()).is_some_and(is_token);
    let rest = view.get(found.end..).unwrap_or_default();
    let run = if ends_in_token { rest.find(|c| !is_token(c)).unwrap_or(rest.len()) } else { 0 };
    let padding = rest.get(run..).unwrap_or_default().bytes().take(3).take_while(|byte| *byte == b'=').count();
    found.end.saturating_add(run).saturating_add(if run > 0 { padding } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_grows_with_disorder() {
        assert!(entropy("aaaaaaaa") < 0.01);
        assert!((entropy("abcdefgh") - 3.0).abs() < 0.01);
        assert!(entropy("") < 0.01);
        assert!(entropy("8f14e45fceea167a5a36dedd4bea2543") < 4.0);
    }

    #[test]
    fn a_key_is_taken_with_all_its_lines() {
        let text = "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabcd\n-----END RSA PRIVATE KEY----- b";
        assert_eq!(&text[whole(text, 2..40)], &text[2..text.len() - 2]);
        let cut = "-----BEGIN PRIVATE KEY-----\\nMIIE+/=\\nabcd\"}";
        assert_eq!(&cut[whole(cut, 0..32)], &cut[..cut.len() - 2]);
    }

    #[test]
    fn a_token_is_taken_to_its_end() {
        let text = "ghp_abcdefgh&x=1";
        assert_eq!(&text[whole(text, 0..6)], "ghp_abcdefgh");
        assert_eq!(&text[whole(text, 0..12)], "ghp_abcdefgh");
        assert_eq!(whole("key é", 0..3), 0..3);
    }
}
