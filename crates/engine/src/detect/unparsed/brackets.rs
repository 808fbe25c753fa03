//! Whether quotes, comments and brackets close: the least that any grammar of a language asks.

use crate::byteset::ByteSet;

/// How a language quotes and comments.
#[derive(Clone, Copy)]
pub(super) struct Language {
    is_shell: bool,
    /// What is a part of a word and nothing else.
    letters: &'static ByteSet,
    /// Those, and the blank.
    plain: &'static ByteSet,
}

/// POSIX shells and bash.
pub(super) const SHELL: Language = Language { is_shell: true, letters: &SHELL_LETTERS, plain: &SHELL_PLAIN };
/// SQL of any dialect.
pub(super) const SQL: Language = Language { is_shell: false, letters: &LETTERS, plain: &PLAIN };

static LETTERS: ByteSet = ByteSet::of(b"_.,=:+%@").and_alphanumeric();
/// The signs of options, paths and patterns, too.
static SHELL_LETTERS: ByteSet = LETTERS.and(b"-/*?[]~^!");
static PLAIN: ByteSet = LETTERS.and(b" ");
static SHELL_PLAIN: ByteSet = SHELL_LETTERS.and(b" ");

/// The deepest nesting that is followed.
const DEPTH: usize = 256;

/// Whether everything that `text` opens is closed, and nothing else.
pub(super) fn close(text: &str, language: Language) -> bool {
    let bytes = text.as_bytes();
    let has_cases = language.is_shell && memchr::memmem::find(bytes, b"case ").is_some();
    let plain = if has_cases { language.letters } else { language.plain };
    let mut open: Vec<u8> = Vec::new();
    let mut at = 0_usize;
    // Whether a word or a command may begin here.
    let (mut begins_word, mut begins_command, mut patterns) = (true, true, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        // Most of a text: letters say nothing, but for a `case` where a word begins; nor does a blank, but that one does.
        if plain.has(byte) && !(has_cases && begins_word && byte == b'c') {
            let length = rest.iter().position(|byte| !plain.has(*byte)).unwrap_or(rest.len());
            let run = rest.get(..length).unwrap_or_default();
            begins_word = run.ends_with(b" ");
            begins_command &= run.iter().all(|byte| *byte == b' ');
            at = at.saturating_add(length);
            continue;
        }
        if byte == b' ' {
            begins_word = true;
            begins_command &= patterns == 0;
            at = at.saturating_add(1);
            continue;
        }
        let inside_double = open.last() == Some(&b'"');
        let step = match byte {
            b'\\' if language.is_shell => 2,
            b'"' if language.is_shell && inside_double => {
                open.pop();
                1
            }
            b'"' if language.is_shell => {
                open.push(b'"');
                1
            }
            b'\'' | b'"' if !inside_double => match quoted(
                rest,
                byte,
                language.is_shell && !text.get(..at).is_some_and(|before| before.ends_with('$')),
            ) {
                Some(length) => length,
                None => return false,
            },
            b'`' => match quoted(rest, b'`', false) {
                Some(length) => length,
                None => return false,
            },
            b'#' if begins_word && !inside_double => line(rest),
            b'-' if !language.is_shell && rest.starts_with(b"--") => line(rest),
            b'/' if !language.is_shell && rest.starts_with(b"/*") => match memchr::memmem::find(rest, b"*/") {
                Some(end) => end.saturating_add(2),
                None => return false,
            },
            b'$' if !language.is_shell => match dollar(rest) {
                Some(length) => length,
                None => return false,
            },
            b'<' if language.is_shell && rest.starts_with(b"<<<") => 3,
            b'<' if language.is_shell && !inside_double && rest.starts_with(b"<<") && open.is_empty() => {
                match here_document(rest) {
                    Some(length) => length,
                    None => return false,
                }
            }
            // Inside a text in double quotes only `$(` and `${` count.
            b'$' if language.is_shell && matches!(rest.get(1), Some(b'(' | b'{')) => {
                open.push(if rest.get(1) == Some(&b'(') { b')' } else { b'}' });
                2
            }
            _ if inside_double => 1,
            b'(' => {
                open.push(b')');
                1
            }
            b'{' if language.is_shell && begins_word => {
                open.push(b'}');
                1
            }
            b')' | b'}' if open.last() == Some(&byte) => {
                open.pop();
                1
            }
            b')' if language.is_shell && patterns > 0 => 1,
            b')' => return false,
            b'|' | b'&' if language.is_shell && begins_command && !rest.starts_with(b"&>") => return false,
            b'c' if language.is_shell && begins_word && rest.starts_with(b"case ") => {
                patterns = patterns.saturating_add(1);
                5
            }
            _ => 1,
        };
        if open.len() > DEPTH {
            return false;
        }
        begins_word = byte.is_ascii_whitespace() || matches!(byte, b';' | b'|' | b'&' | b'(' | b')');
        begins_command = match byte {
            b';' | b'\n' | b'(' | b'{' => true,
            _ if byte.is_ascii_whitespace() => begins_command,
            _ => false,
        } && patterns == 0;
        at = at.saturating_add(step);
    }
    open.is_empty() && !(language.is_shell && text.trim_end().ends_with('|') && !text.trim_end().ends_with("\\|"))
}

/// The length of a quoted text, its quotes with it.
fn quoted(rest: &[u8], quote: u8, is_literal: bool) -> Option<usize> {
    let escape = if is_literal { quote } else { b'\\' };
    let mut at = 1_usize;
    loop {
        at = at.saturating_add(memchr::memchr2(quote, escape, rest.get(at..)?)?).saturating_add(1);
        if rest.get(at.saturating_sub(1)) == Some(&quote) {
            return Some(at);
        }
        at = at.saturating_add(1);
    }
}

fn line(rest: &[u8]) -> usize {
    memchr::memchr(b'\n', rest).unwrap_or(rest.len())
}

/// `$tag$ … $tag$` of `PostgreSQL`, or a sign of its own.
fn dollar(rest: &[u8]) -> Option<usize> {
    let name = rest.get(1..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let mark = rest.get(..name.saturating_add(2)).filter(|mark| mark.ends_with(b"$") && mark.len() > 1);
    let Some(mark) = mark else { return Some(1) };
    let body = rest.get(mark.len()..)?;
    memchr::memmem::find(body, mark).map(|end| end.saturating_add(mark.len().saturating_mul(2)))
}

/// The length of a here-document from its `<<` to its last line.
fn here_document(rest: &[u8]) -> Option<usize> {
    let head = rest.get(..line(rest))?;
    let word = head.get(2..)?;
    let word = word.strip_prefix(b"-").unwrap_or(word).trim_ascii_start();
    let word: Vec<u8> = word
        .iter()
        .copied()
        .take_while(|byte| !byte.is_ascii_whitespace() && !b";|&>)".contains(byte))
        .filter(|byte| !b"'\"\\".contains(byte))
        .collect();
    // `1 << 2`
    if word.first().is_none_or(|first| !first.is_ascii_alphabetic() && *first != b'_') {
        return Some(2);
    }
    let mut length = head.len();
    for body in rest.get(head.len()..)?.split_inclusive(|&byte| byte == b'\n') {
        length = length.saturating_add(body.len());
        if body.trim_ascii() == word {
            return Some(length.saturating_sub(usize::from(body.ends_with(b"\n"))));
        }
    }
    None
}
