//! Names by pattern, as OPA's library reads them: `*` and `?` stop at what separates, `**` does not.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

use regex::RegexBuilder;
use regorus::Value;

use super::{Given, text};

/// Whether a pattern is read here as OPA reads it; a reason why it is not. One that is none is, too.
pub(in super::super) fn readable(pattern: &str) -> Result<(), String> {
    translated(pattern, &[]).map(drop)
}

/// Separators: a point, where the list is empty, and none where there is no list.
fn separators(value: Option<&Value>) -> Option<Vec<char>> {
    match value? {
        Value::Null => Some(Vec::new()),
        Value::Array(separators) if separators.is_empty() => Some(vec!['.']),
        Value::Array(separators) => separators
            .iter()
            .map(|separator| {
                let mut characters = separator.as_string().ok()?.chars();
                characters.next().filter(|_| characters.next().is_none())
            })
            .collect(),
        _ => None,
    }
}

pub(super) fn matches(arguments: &[Value]) -> Given {
    let (Some(pattern), Some(separators), Some(text)) =
        (text(arguments.first()), separators(arguments.get(1)), text(arguments.get(2)))
    else {
        return Ok(None);
    };
    let Some(pattern) = translated(pattern, &separators)? else { return Ok(None) };
    let regex =
        RegexBuilder::new(&pattern).dot_matches_new_line(true).build().map_err(|_| "this pattern is too large")?;
    Ok(Some(regex.is_match(text).into()))
}

/// The pattern as a regular expression; nothing where it is none.
fn translated(pattern: &str, separators: &[char]) -> Result<Option<String>, String> {
    let any = if separators.is_empty() {
        ".".to_owned()
    } else {
        separators.iter().fold("[^".to_owned(), |class, c| class + &literal(*c)) + "]"
    };
    let (mut out, mut rest, mut open) = (String::from("\\A(?:"), pattern.chars().peekable(), 0_u32);
    while let Some(c) = rest.next() {
        match c {
            '*' => {
                let mut stars = 1;
                while rest.next_if_eq(&'*').is_some() {
                    stars += 1;
                }
                out.push_str(if stars > 1 { "." } else { &any });
                out.push('*');
            }
            '?' => out.push_str(&any),
            '\\' => match rest.next() {
                Some(c) => out.push_str(&literal(c)),
                None => return Ok(None),
            },
            '{' => {
                open += 1;
                out.push_str("(?:");
            }
            '}' if open > 0 => {
                open -= 1;
                out.push(')');
            }
            '}' => return Err("a `}` that closes nothing is not held to OPA: write `\\}`".to_owned()),
            ',' if open > 0 => out.push('|'),
            '[' => match class(&mut rest)? {
                Some(class) => out.push_str(&class),
                None => return Ok(None),
            },
            c => out.push_str(&literal(c)),
        }
    }
    out.push_str(")\\z");
    Ok((open == 0).then_some(out))
}

/// A class behind its bracket: some characters, or one range.
fn class(rest: &mut Peekable<Chars<'_>>) -> Result<Option<String>, String> {
    let mut written = String::from("[");
    if rest.next_if_eq(&'!').is_some() {
        written.push('^');
    }
    let mut members = Vec::new();
    loop {
        match rest.next() {
            Some(']') => break,
            Some('\\') => match rest.next() {
                Some(c) => members.push(c),
                None => return Ok(None),
            },
            Some('[') => return Err("a `[` in a class is not held to OPA: write `\\[`".to_owned()),
            Some(c) => members.push(c),
            None => return Ok(None),
        }
    }
    match members.as_slice() {
        [low, '-', high] if low <= high => {
            let _ = write!(written, "{}-{}", literal(*low), literal(*high));
        }
        members if members.is_empty() || members.contains(&'-') => return Ok(None),
        members => written.extend(members.iter().map(|c| literal(*c))),
    }
    written.push(']');
    Ok(Some(written))
}

fn literal(c: char) -> String {
    format!("\\x{{{:x}}}", u32::from(c))
}
