//! What `$` stands for.

use super::super::cursor::Cursor;
use super::command::Word;
use super::programs;

/// The most assignments that are remembered, and the longest value.
const VARIABLES: usize = 32;
const VALUE: usize = 256;

/// The most expansions of one text: `$a$a$a…` must not multiply it.
const EXPANSIONS: usize = 256;

/// Variables assigned so far. What the environment holds is not known and stays as it is written.
#[derive(Debug, Default)]
pub(super) struct Variables {
    known: Vec<(String, String)>,
    expanded: usize,
}

/// What a parameter expands to.
pub(super) enum Expansion {
    /// A blank: `$IFS`.
    Blank,
    /// This text.
    Text(String),
    /// Nothing: a positional parameter, unset outside a script.
    Nothing,
    /// Not known.
    Unknown,
}

impl Variables {
    /// Remembers `NAME=value`.
    pub(super) fn assign(&mut self, assignment: &str) {
        let Some((name, value)) = assignment.split_once('=') else { return };
        if value.len() > VALUE || value.contains('$') {
            return;
        }
        self.set(name, value);
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        if let Some(known) = self.known.iter_mut().find(|known| known.0 == name) {
            value.clone_into(&mut known.1);
        } else if self.known.len() < VARIABLES {
            self.known.push((name.to_owned(), value.to_owned()));
        }
    }

    fn value(&mut self, name: &str) -> Option<String> {
        let value = self.known.iter().find(|known| known.0 == name).map(|known| known.1.clone())?;
        self.expanded = self.expanded.saturating_add(1);
        (self.expanded <= EXPANSIONS).then_some(value)
    }

    /// Expands `$name`.
    pub(super) fn named(&mut self, name: &str) -> Expansion {
        if name.starts_with("IFS") {
            return Expansion::Blank;
        }
        self.value(name).map_or(Expansion::Unknown, Expansion::Text)
    }

    /// Expands what stands between the braces of `${…}`.
    pub(super) fn braced(&mut self, inside: &str) -> Expansion {
        let end =
            inside.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(inside.len());
        let (name, rest) = inside.split_at_checked(end).unwrap_or((inside, ""));
        if name.starts_with("IFS") {
            return Expansion::Blank;
        }
        if name.is_empty() {
            return if matches!(rest, "@" | "*") { Expansion::Nothing } else { Expansion::Unknown };
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) && rest.is_empty() {
            return Expansion::Nothing;
        }
        if let Some(default) = [":-", ":=", ":+", "-", "=", "+"].iter().find_map(|sign| rest.strip_prefix(sign)) {
            let value = if rest.contains('+') { None } else { self.value(name) };
            return Expansion::Text(value.unwrap_or_else(|| default.to_owned()));
        }
        if let Some(slice) = rest.strip_prefix(':') {
            return self.slice(name, slice);
        }
        match self.value(name) {
            Some(value) if rest.is_empty() => Expansion::Text(value),
            Some(value) => Expansion::Text(substituted(&value, rest)),
            None => Expansion::Unknown,
        }
    }

    /// `${name:offset:length}`; the first character of a path is a slash, whatever the path.
    fn slice(&mut self, name: &str, slice: &str) -> Expansion {
        let (offset, length) = slice.split_once(':').unwrap_or((slice, ""));
        let Ok(offset) = offset.trim().parse::<usize>() else { return Expansion::Unknown };
        let length = length.trim().parse::<usize>().unwrap_or(usize::MAX);
        let value = match name {
            "HOME" | "PWD" | "OLDPWD" | "PATH" | "SHELL" if offset == 0 && length == 1 => Some("/".to_owned()),
            _ => self.value(name),
        };
        value.map_or(Expansion::Unknown, |value| Expansion::Text(value.chars().skip(offset).take(length).collect()))
    }
}

/// `${name//from/to}` and `${name/from/to}`, without patterns.
fn substituted(value: &str, rest: &str) -> String {
    let (all, rest) = match (rest.strip_prefix("//"), rest.strip_prefix('/')) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        _ => return value.to_owned(),
    };
    let (from, to) = rest.split_once('/').unwrap_or((rest, ""));
    if from.is_empty() || to.len() > from.len().saturating_add(8) {
        return value.to_owned();
    }
    if all { value.replace(from, to) } else { value.replacen(from, to, 1) }
}

/// What `$(…)` writes where that is plain to see: `$(echo x)`, `$(printf '\x2f')`, `$(which rm)`.
pub(super) fn output(words: &[Word<'_>]) -> Option<String> {
    if let Some(text) = programs::echoed(words) {
        return Some(text);
    }
    match words {
        [which, program] if which.text == "which" => Some(program.text.to_string()),
        [command, option, program] if command.text == "command" && option.text == "-v" => {
            Some(program.text.to_string())
        }
        _ => None,
    }
}

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
