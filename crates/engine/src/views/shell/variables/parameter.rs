//! `${…}` and what it does to a value.

use super::{Expansion, Variables};

impl Variables {
    /// Expands what stands between the braces of `${…}`.
    pub(in super::super) fn braced(&mut self, inside: &str) -> Expansion {
        let end = name_end(inside);
        let (name, rest) = inside.split_at_checked(end).unwrap_or((inside, ""));
        if name.starts_with("IFS") {
            return Expansion::Blank;
        }
        if name.is_empty() {
            return self.special(rest);
        }
        if name.bytes().all(|byte| byte.is_ascii_digit()) && rest.is_empty() {
            return self.value(name).map_or(Expansion::Nothing, Expansion::Text);
        }
        if let Some(default) = [":-", ":=", ":+", "-", "=", "+"].iter().find_map(|sign| rest.strip_prefix(sign)) {
            let value = if rest.trim_start_matches(':').starts_with('+') { None } else { self.value(name) };
            return Expansion::Text(value.filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned()));
        }
        if let Some(slice) = rest.strip_prefix(':') {
            return self.slice(name, slice);
        }
        match self.value(name) {
            Some(value) if rest.is_empty() => Expansion::Text(value),
            Some(value) => Expansion::Text(changed(value, rest)),
            None => Expansion::Unknown,
        }
    }

    /// `${@}`, `${!name}`.
    fn special(&mut self, rest: &str) -> Expansion {
        if let Some(name) = rest.strip_prefix('!') {
            let target = self.value(name);
            return target.and_then(|name| self.value(&name)).map_or(Expansion::Unknown, Expansion::Text);
        }
        if matches!(rest, "@" | "*") {
            return self.value(rest).map_or(Expansion::Nothing, Expansion::Text);
        }
        Expansion::Unknown
    }

    /// `${name:offset:length}`; the first character of a path is a slash, whatever the path.
    fn slice(&mut self, name: &str, slice: &str) -> Expansion {
        let (offset, length) = slice.split_once(':').unwrap_or((slice, ""));
        let Ok(offset) = offset.trim().parse::<isize>() else { return Expansion::Unknown };
        let length = length.trim().parse::<usize>().unwrap_or(usize::MAX);
        let value = match name {
            "HOME" | "PWD" | "OLDPWD" | "PATH" | "SHELL" if offset == 0 && length == 1 => Some("/".to_owned()),
            _ => self.value(name),
        };
        let Some(value) = value else { return Expansion::Unknown };
        // A negative offset counts from the end.
        let start = match usize::try_from(offset) {
            Ok(start) => start,
            Err(_) => value.chars().count().saturating_sub(offset.unsigned_abs()),
        };
        Expansion::Text(value.chars().skip(start).take(length).collect())
    }
}

/// Where the name ends: letters and digits, and the subscript of an array.
fn name_end(inside: &str) -> usize {
    let end = inside.bytes().position(|byte| !(byte.is_ascii_alphanumeric() || byte == b'_')).unwrap_or(inside.len());
    let subscript = inside.get(end..).filter(|rest| rest.starts_with('[')).and_then(|rest| rest.find(']'));
    end.saturating_add(subscript.map_or(0, |at| at.saturating_add(1)))
}

/// A value after `^^`, `,,`, `@U`, `#prefix`, `%suffix`, `/from/to`.
fn changed(value: String, operation: &str) -> String {
    match operation {
        "^^" | "@U" => return value.to_uppercase(),
        ",," | "@L" => return value.to_lowercase(),
        "^" | "@u" => return with_first(&value, |c| c.to_ascii_uppercase()),
        "," => return with_first(&value, |c| c.to_ascii_lowercase()),
        _ => {}
    }
    for sign in ["##", "#"] {
        if let Some(pattern) = operation.strip_prefix(sign) {
            return without_prefix(&value, pattern, sign.len() > 1).to_owned();
        }
    }
    for sign in ["%%", "%"] {
        if let Some(pattern) = operation.strip_prefix(sign) {
            return without_suffix(&value, pattern, sign.len() > 1).to_owned();
        }
    }
    substituted(value, operation)
}

fn with_first(value: &str, change: impl Fn(char) -> char) -> String {
    let mut letters = value.chars();
    letters.next().map(change).into_iter().chain(letters).collect()
}

/// Removes a plain prefix, or all up to the first (`longest`: the last) sign after a `*`.
fn without_prefix<'v>(value: &'v str, pattern: &str, longest: bool) -> &'v str {
    match pattern.strip_prefix('*') {
        Some(sign) if !sign.is_empty() => {
            let at = if longest { value.rfind(sign) } else { value.find(sign) };
            at.and_then(|at| value.get(at.saturating_add(sign.len())..)).unwrap_or(value)
        }
        _ => value.strip_prefix(pattern).unwrap_or(value),
    }
}

/// Removes a plain suffix, or all from the last (`longest`: the first) sign before a `*`.
fn without_suffix<'v>(value: &'v str, pattern: &str, longest: bool) -> &'v str {
    match pattern.strip_suffix('*') {
        Some(sign) if !sign.is_empty() => {
            let at = if longest { value.find(sign) } else { value.rfind(sign) };
            at.and_then(|at| value.get(..at)).unwrap_or(value)
        }
        _ => value.strip_suffix(pattern).unwrap_or(value),
    }
}

/// `${name//from/to}` and `${name/from/to}`, without patterns.
fn substituted(value: String, rest: &str) -> String {
    let (all, rest) = match (rest.strip_prefix("//"), rest.strip_prefix('/')) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        _ => return value,
    };
    let (from, to) = rest.split_once('/').unwrap_or((rest, ""));
    if from.is_empty() || to.len() > from.len().saturating_add(8) {
        return value;
    }
    if all { value.replace(from, to) } else { value.replacen(from, to, 1) }
}
