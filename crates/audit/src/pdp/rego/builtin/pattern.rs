//! Regular expressions, in the syntax of Go and with its meaning: `\d`, `\w`, `\s` and `\b` are of ASCII.

mod syntax;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use regex::{Captures, Regex, RegexBuilder};
use regorus::Value;

use super::number::whole;
use super::{Given, text};
use syntax::{Wrong, translated};

/// The most patterns that a thread keeps ready.
const MAX_KEPT: usize = 64;
/// The most memory of one.
const MAX_SIZE: usize = 4 * 1024 * 1024;

/// One that is ready, with the names of its groups; none where it is no pattern.
type Ready = Option<Rc<Pattern>>;

struct Pattern {
    regex: Regex,
    names: Vec<Option<String>>,
}

thread_local! {
    static KEPT: RefCell<HashMap<String, Ready>> = RefCell::default();
}

/// Whether a pattern is read here as OPA reads it; a reason why it is not. One that is none is, too.
pub(in super::super) fn readable(pattern: &str) -> Result<(), String> {
    ready(pattern).map(drop)
}

fn ready(pattern: &str) -> Result<Ready, String> {
    if let Some(ready) = KEPT.with_borrow(|kept| kept.get(pattern).cloned()) {
        return Ok(ready);
    }
    let ready = match translated(pattern) {
        Ok((pattern, names)) => {
            let regex = RegexBuilder::new(&pattern).size_limit(MAX_SIZE).build();
            Some(Rc::new(Pattern { regex: regex.map_err(|_| "this pattern is too large")?, names }))
        }
        Err(Wrong::Invalid) => None,
        Err(Wrong::NotHeld(what)) => return Err(format!("{what} in a pattern is not held to OPA")),
    };
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(pattern.to_owned(), ready.clone());
    });
    Ok(ready)
}

/// The pattern and the text that it is looked for in, in whichever order they stand.
fn with<'v>(pattern: Option<&Value>, text_in: Option<&'v Value>) -> Result<Option<(Rc<Pattern>, &'v str)>, String> {
    let (Some(pattern), Some(text)) = (text(pattern), text(text_in)) else { return Ok(None) };
    Ok(ready(pattern)?.map(|pattern| (pattern, text)))
}

pub(super) fn is_valid(arguments: &[Value]) -> Given {
    let Some(pattern) = text(arguments.first()) else { return Ok(Some(false.into())) };
    Ok(Some(ready(pattern)?.is_some().into()))
}

pub(super) fn matches(arguments: &[Value]) -> Given {
    let found = with(arguments.first(), arguments.get(1))?;
    Ok(found.map(|(pattern, text)| pattern.regex.is_match(text).into()))
}

/// How many are looked for: all where it is less than nothing.
fn most(of: Option<&Value>) -> Option<usize> {
    whole(of).map(|most| usize::try_from(most).unwrap_or(usize::MAX))
}

pub(super) fn find_n(arguments: &[Value]) -> Given {
    let (Some((pattern, text)), Some(most)) = (with(arguments.first(), arguments.get(1))?, most(arguments.get(2)))
    else {
        return Ok(None);
    };
    let found = pattern.regex.find_iter(text).take(most).map(|found| found.as_str().into());
    Ok(Some(found.collect::<Vec<Value>>().into()))
}

pub(super) fn find_all(arguments: &[Value]) -> Given {
    let (Some((pattern, text)), Some(most)) = (with(arguments.first(), arguments.get(1))?, most(arguments.get(2)))
    else {
        return Ok(None);
    };
    let groups = |captures: Captures<'_>| {
        let groups = captures.iter().map(|group| group.map_or("", |group| group.as_str()).into());
        groups.collect::<Vec<Value>>().into()
    };
    Ok(Some(pattern.regex.captures_iter(text).take(most).map(groups).collect::<Vec<Value>>().into()))
}

/// What stands between matches, by the steps of Go's `Split`.
pub(super) fn split(arguments: &[Value]) -> Given {
    let (Some(pattern_text), Some((pattern, text))) =
        (text(arguments.first()), with(arguments.first(), arguments.get(1))?)
    else {
        return Ok(None);
    };
    if text.is_empty() && !pattern_text.is_empty() {
        return Ok(Some(vec![Value::from("")].into()));
    }
    let (mut parts, mut begin, mut end) = (Vec::<Value>::new(), 0, 0);
    for found in pattern.regex.find_iter(text) {
        end = found.start();
        if found.end() != 0 {
            parts.push(text[begin..end].into());
        }
        begin = found.end();
    }
    if end != text.len() {
        parts.push(text[begin..].into());
    }
    Ok(Some(parts.into()))
}

pub(super) fn replace(arguments: &[Value]) -> Given {
    let (Some((pattern, text)), Some(by)) = (with(arguments.get(1), arguments.first())?, text(arguments.get(2))) else {
        return Ok(None);
    };
    let replaced = pattern.regex.replace_all(text, |captures: &Captures<'_>| expanded(by, captures, &pattern.names));
    Ok(Some(replaced.into_owned().into()))
}

/// A replacement with `$1`, `${name}` and `$$` in it, as Go's `Expand` has it.
fn expanded(template: &str, captures: &Captures<'_>, names: &[Option<String>]) -> String {
    let (mut expanded, mut rest) = (String::new(), template);
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else if let Some((name, after)) = name(after) {
            let number = name.parse::<usize>().ok().filter(|_| !name.starts_with('0') || name == "0");
            let group = match number {
                Some(number) => captures.get(number),
                None => {
                    (0..names.len()).filter(|at| names[*at].as_deref() == Some(name)).find_map(|at| captures.get(at))
                }
            };
            expanded.push_str(group.map_or("", |group| group.as_str()));
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    expanded
}

/// The name behind a `$`, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let (inside, braced) = text.strip_prefix('{').map_or((text, false), |inside| (inside, true));
    let end = inside.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(inside.len());
    let (name, after) = inside.split_at(end);
    let after = if braced { after.strip_prefix('}')? } else { after };
    (!name.is_empty()).then_some((name, after))
}
