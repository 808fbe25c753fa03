//! What a pipeline writes, where that is plain to see: `echo mr | rev`, `printf '\x72m'`, `base64 -d <<< cm0=`.

use std::borrow::Cow;

use base64::Engine as _;

use super::super::cursor::Cursor;
use super::super::runs;
use super::command::{Command, Word};
use super::programs;

/// The longest text that is worked out.
const LONGEST: usize = 16 * 1024;

/// The most stages of a pipeline that are followed.
const STAGES: usize = 8;

/// What these commands, which are one pipeline, write.
pub(super) fn output(pipeline: &[Command<'_>]) -> Option<String> {
    let (first, rest) = pipeline.split_first()?;
    if rest.len() > STAGES || !rest.iter().all(|command| command.piped) {
        return None;
    }
    let mut text = source(first)?;
    for command in rest {
        text = filtered(&command.words, text)?;
    }
    let text = String::from_utf8(text).ok()?;
    Some(text.trim_end_matches('\n').to_owned())
}

/// What a command writes by itself.
fn source(command: &Command<'_>) -> Option<Vec<u8>> {
    if let Some(text) = programs::echoed(command) {
        return (text.len() <= LONGEST).then(|| text.into_bytes());
    }
    match command.words.as_slice() {
        [which, program] if which.text == "which" => return Some(program.text.as_bytes().to_vec()),
        [command, option, program] if command.text == "command" && option.text == "-v" => {
            return Some(program.text.as_bytes().to_vec());
        }
        _ => {}
    }
    let input = command.input.first().filter(|input| input.len() <= LONGEST)?;
    filtered(&command.words, input.trim_end_matches('\n').as_bytes().to_vec())
}

/// What a filter makes of `text`.
fn filtered(words: &[Word<'_>], text: Vec<u8>) -> Option<Vec<u8>> {
    let (program, arguments) = words.split_first()?;
    let has = |letter: char| {
        arguments
            .iter()
            .any(|word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains(letter))
    };
    match programs::name(&program.text) {
        "cat" | "tee" | "sort" | "uniq" | "head" | "tail" | "dos2unix" => Some(text),
        "rev" => Some(text.split(|&byte| byte == b'\n').map(reversed).collect::<Vec<_>>().join(&b'\n')),
        "tac" => {
            let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
            lines.reverse();
            Some(lines.join(&b'\n'))
        }
        "base64" | "openssl" | "b64decode" | "gbase64" => {
            let decodes = has('d') || has('D') || programs::name(&program.text) == "b64decode" || decodes(arguments);
            decodes.then(|| base64_decoded(&text)).flatten()
        }
        "base32" => (has('d') || decodes(arguments)).then(|| base32_decoded(&text)),
        "xxd" => (has('r') && has('p')).then(|| hex_decoded(&text)),
        "tr" => Some(translated(arguments, &text)),
        "sed" => edited(arguments, text),
        _ => None,
    }
}

fn decodes(arguments: &[Word<'_>]) -> bool {
    arguments.iter().any(|word| word.text.starts_with("--decode") || word.text == "-D")
}

fn reversed(line: &[u8]) -> Vec<u8> {
    line.iter().rev().copied().collect()
}

fn base64_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    runs::base64::STANDARD_ENGINE.decode(packed).ok()
}

fn base32_decoded(text: &[u8]) -> Vec<u8> {
    let (mut out, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for byte in text {
        let digit = match byte.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => u32::from(letter.saturating_sub(b'A')),
            digit @ b'2'..=b'7' => u32::from(digit.saturating_sub(b'2')).saturating_add(26),
            _ => continue,
        };
        held = (held << 5 | digit) & 0xfff;
        bits = bits.saturating_add(5);
        if bits >= 8 {
            bits = bits.saturating_sub(8);
            out.extend(u8::try_from(held >> bits & 0xff));
        }
    }
    out
}

fn hex_decoded(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_hexdigit).collect();
    let (pairs, _) = digits.as_chunks::<2>();
    pairs.iter().filter_map(|pair| u8::try_from(Cursor::new(pair).number(16, 2, 2)?).ok()).collect()
}

/// `tr SET1 SET2`, `tr -d SET`.
fn translated(arguments: &[Word<'_>], text: &[u8]) -> Vec<u8> {
    let mut operands = arguments.iter().filter(|word| !word.text.starts_with('-') || word.text.len() == 1);
    let from = operands.next().map(|word| set(&word.text)).unwrap_or_default();
    let to = operands.next().map(|word| set(&word.text)).unwrap_or_default();
    let deletes = arguments.first().is_some_and(|word| word.text.starts_with("-d"));
    // For each byte what becomes of it; `None` where it goes.
    let mut table: Vec<Option<u8>> = (0..=u8::MAX).map(Some).collect();
    for (at, byte) in from.iter().enumerate() {
        let image = if deletes { None } else { to.get(at).or(to.last()).copied() };
        if let Some(entry) = table.get_mut(usize::from(*byte)).filter(|_| deletes || image.is_some()) {
            *entry = image;
        }
    }
    text.iter().filter_map(|&byte| table.get(usize::from(byte)).copied().flatten()).collect()
}

/// The bytes of `a-z`, `[:upper:]`, `\n`.
fn set(spelled: &str) -> Vec<u8> {
    let spelled = match spelled {
        "[:upper:]" => Cow::Borrowed("A-Z"),
        "[:lower:]" => Cow::Borrowed("a-z"),
        "[:digit:]" => Cow::Borrowed("0-9"),
        "[:space:]" => Cow::Borrowed(" \t\n\r"),
        other => Cow::Owned(super::expand::escapes(other)),
    };
    let mut cursor = Cursor::new(spelled.as_bytes());
    let mut bytes = Vec::new();
    while let Some(first) = cursor.next() {
        match (cursor.peek(), cursor.peek_at(1)) {
            (Some(b'-'), Some(last)) if last >= first => {
                cursor.take(2);
                bytes.extend(first..=last);
            }
            _ => bytes.push(first),
        }
        if bytes.len() > 512 {
            break;
        }
    }
    bytes
}

/// `sed s/from/to/g` where `from` is plain text.
fn edited(arguments: &[Word<'_>], text: Vec<u8>) -> Option<Vec<u8>> {
    let mut text = String::from_utf8(text).ok()?;
    let scripts = arguments.iter().filter(|word| !word.text.starts_with('-')).flat_map(|word| word.text.split(';'));
    for script in scripts.take(STAGES) {
        let mut parts = script.trim().strip_prefix('s')?.chars();
        let sign = parts.next()?;
        let mut parts = parts.as_str().split(sign);
        let (from, to, flags) = (parts.next()?, parts.next()?, parts.next().unwrap_or(""));
        if from.is_empty() || from.contains(['[', '*', '\\', '^', '$', '.', '(']) {
            return None;
        }
        text = if flags.contains('g') { text.replace(from, to) } else { text.replacen(from, to, 1) };
        if text.len() > LONGEST {
            return None;
        }
    }
    Some(text.into_bytes())
}
