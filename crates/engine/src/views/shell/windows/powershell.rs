//! PowerShell's ways to write a string in pieces, each folded where all of its parts are constant.
//!
//! Works on tokens: strings become one token, and an operator between two strings joins them. One pass, a stack of
//! what was written, no backtracking.

use super::super::super::cursor::Cursor;

/// The longest string that is put together, and how often: each time it is written anew.
const LONGEST: usize = 4096;
const FOLDS: usize = 2048;

/// The text with constant strings joined; `None` where there are none.
pub(super) fn joined(text: &str) -> Option<String> {
    if memchr::memchr2(b'\'', b'"', text.as_bytes()).is_none() && !has(text, "char]") {
        return None;
    }
    if !["+", " -f", "join", "eplace", "char]", "EPLACE", "JOIN", " -F", "[-"].iter().any(|sign| text.contains(sign)) {
        return None;
    }
    let mut folder =
        Folder { cursor: Cursor::new(text.as_bytes()), out: Vec::new(), last: None, changed: false, folds: 0 };
    folder.run();
    let Folder { out, changed, .. } = folder;
    changed.then(|| String::from_utf8_lossy(&out).into_owned())
}

fn has(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|at| at.eq_ignore_ascii_case(word.as_bytes()))
}

struct Folder<'t> {
    cursor: Cursor<'t>,
    out: Vec<u8>,
    /// The string written last, if nothing but blanks or a closing bracket follows it: where it begins, and what it holds.
    last: Option<(usize, String)>,
    changed: bool,
    folds: usize,
}

impl Folder<'_> {
    fn run(&mut self) {
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b'\'' | b'"' => match string(&mut self.cursor) {
                    Some(text) => self.write(text),
                    None => self.copy(1),
                },
                b'[' => match character(&mut self.cursor) {
                    Some(c) => {
                        self.changed = true;
                        self.write(c.to_string());
                    }
                    None => match self.indexed() {
                        Some(()) => {}
                        None => self.copy(1),
                    },
                },
                b'+' => self.plus(),
                b'-' => self.operator(),
                b'.' => self.method(),
                b' ' | b'\t' => {
                    self.out.push(byte);
                    self.cursor.take(1);
                }
                b')' => {
                    self.cursor.take(1);
                    if !self.unwrap() {
                        self.out.push(byte);
                    }
                }
                _ => self.copy(1),
            }
        }
    }

    /// Takes bytes that end what can be joined.
    fn copy(&mut self, count: usize) {
        let taken = self.cursor.take(count);
        self.out.extend_from_slice(taken);
        self.last = None;
    }

    fn write(&mut self, text: String) {
        let start = self.out.len();
        self.folds = self.folds.saturating_add(text.len() / 256);
        self.out.push(b'\'');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\'');
        self.last = Some((start, text));
    }

    /// Replaces the string written last, and what followed it.
    fn replace(&mut self, text: String) {
        let Some((start, _)) = self.last.take() else { return };
        self.out.truncate(start);
        self.changed = true;
        self.folds = self.folds.saturating_add(1);
        self.write(text);
        if self.folds > FOLDS {
            self.last = None;
        }
    }

    /// Takes the brackets off `('a')`, unless they are what runs it: `&('a')`, `f('a')`.
    fn unwrap(&mut self) -> bool {
        if self.closes() || self.folds > FOLDS {
            return false;
        }
        let Some((start, text)) = self.last.clone() else { return false };
        let before = self.out.get(..start).unwrap_or_default();
        let Some((b'(', before)) = before.split_last() else { return false };
        let runs = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'&' | b'.' | b']');
        if before.iter().rev().find(|byte| **byte != b' ').is_some_and(runs) {
            return false;
        }
        self.out.truncate(start.saturating_sub(1));
        self.write(text);
        true
    }

    /// Whether brackets stand behind the last string, so that what replaces it must leave them.
    fn closes(&self) -> bool {
        let Some((start, text)) = &self.last else { return true };
        let end = start.saturating_add(text.len()).saturating_add(2);
        self.out.get(end..).unwrap_or_default().contains(&b')')
    }

    /// `'a' + 'b'`, `'a' + [char]98`.
    fn plus(&mut self) {
        let mut after = self.cursor;
        after.take(1);
        after.take_while(|byte| byte.is_ascii_whitespace());
        if self.last.is_some() && !self.closes() {
            let right = string(&mut after).or_else(|| character(&mut after).map(String::from));
            if let (Some(right), Some((_, left))) = (right, self.last.as_ref())
                && left.len() <= LONGEST
            {
                let whole = format!("{left}{right}");
                self.cursor = after;
                self.replace(whole);
                return;
            }
        }
        self.copy(1);
    }

    /// `-f 'x','y'`, `-replace 'x','y'`, `-join('a','b')`, `'a','b' -join ''`.
    fn operator(&mut self) {
        let mut after = self.cursor;
        after.take(1);
        let name = after.take_while(|byte| byte.is_ascii_alphabetic()).to_ascii_lowercase();
        after.take_while(|byte| matches!(byte, b' ' | b'\t'));
        match name.as_slice() {
            b"f" if self.last.is_some() && !self.closes() => {
                let values = list(&mut after);
                let Some((_, format)) = self.last.clone().filter(|_| !values.is_empty()) else { return self.copy(1) };
                self.cursor = after;
                self.replace(formatted(&format, &values));
            }
            b"replace" | b"creplace" | b"ireplace" if self.last.is_some() && !self.closes() => {
                after.take_while(|byte| byte == b'(');
                let pair = list(&mut after);
                match (pair.first(), self.last.clone()) {
                    (Some(from), Some((_, text))) if !from.is_empty() => {
                        let to = pair.get(1).map_or("", String::as_str);
                        if to.len() > from.len().saturating_add(8) {
                            return self.copy(1);
                        }
                        self.cursor = after;
                        self.replace(text.replace(from.as_str(), to));
                    }
                    _ => self.copy(1),
                }
            }
            b"join" => {
                let bracket = after.eat(b"(");
                let parts = list(&mut after);
                if parts.len() > 1 {
                    if bracket {
                        after.take_while(|byte| byte == b' ');
                        after.eat(b")");
                    }
                    self.cursor = after;
                    self.changed = true;
                    self.write(parts.concat());
                } else {
                    self.copy(1);
                }
            }
            _ => self.copy(1),
        }
    }

    /// `'x'.replace('a','b')`.
    fn method(&mut self) {
        let mut after = self.cursor;
        after.take(1);
        let name = after.take_while(|byte| byte.is_ascii_alphabetic()).to_ascii_lowercase();
        if name == b"replace" && after.eat(b"(") && !self.closes() {
            let pair = list(&mut after);
            if let (Some(from), Some(to), Some((_, text))) = (pair.first(), pair.get(1), self.last.clone())
                && !from.is_empty()
                && to.len() <= from.len().saturating_add(8)
                && after.eat(b")")
            {
                self.cursor = after;
                self.replace(text.replace(from.as_str(), to));
                return;
            }
        }
        self.copy(1);
    }

    /// `'xei'[-1..-3] -join ''`: read backwards.
    fn indexed(&mut self) -> Option<()> {
        let (_, text) = self.last.clone().filter(|_| !self.closes())?;
        let mut after = self.cursor;
        after.eat(b"[");
        if !after.eat(b"-1..") {
            return None;
        }
        after.take_while(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'-' | b'(' | b'$' | b'.') || byte.is_ascii_alphabetic()
        });
        if !after.eat(b"]") {
            return None;
        }
        let mut join = after;
        join.take_while(|byte| byte == b' ');
        let joins = join.rest().get(..5).is_some_and(|word| word.eq_ignore_ascii_case(b"-join"));
        if joins {
            join.take(5);
            join.take_while(|byte| byte == b' ');
            string(&mut join)?;
            after = join;
        }
        self.cursor = after;
        self.replace(text.chars().rev().collect());
        Some(())
    }
}

/// Reads a quoted string; nothing where it is open or holds something that is expanded.
fn string(cursor: &mut Cursor<'_>) -> Option<String> {
    let mut after = *cursor;
    let sign = after.next().filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let inside = after.take_until(sign);
    after.next()?;
    if inside.len() > LONGEST || (sign == b'"' && inside.contains(&b'$')) {
        return None;
    }
    let text = String::from_utf8_lossy(inside).into_owned();
    *cursor = after;
    Some(if sign == b'"' { text.replace('`', "") } else { text })
}

/// Reads `'a','b'`, a list of strings or characters.
fn list(cursor: &mut Cursor<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    while parts.len() < 64 {
        let mut after = *cursor;
        if !parts.is_empty() {
            after.take_while(|byte| byte == b' ');
            if !after.eat(b",") {
                break;
            }
            after.take_while(|byte| byte == b' ');
        }
        let Some(part) = string(&mut after).or_else(|| character(&mut after).map(String::from)) else { break };
        parts.push(part);
        *cursor = after;
    }
    parts
}

/// Reads `[char]105`, `[char]0x69`, `[char](105)`, `[char]'i'`.
fn character(cursor: &mut Cursor<'_>) -> Option<char> {
    let mut after = *cursor;
    let cast = after.take(6);
    if !cast.eq_ignore_ascii_case(b"[char]") {
        return None;
    }
    after.take_while(|byte| matches!(byte, b' ' | b'('));
    let code = if after.eat(b"0x") || after.eat(b"0X") { after.number(16, 1, 4) } else { after.number(10, 1, 5) };
    let bracketed = cursor.rest().get(6..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"("));
    if bracketed {
        after.take_while(|byte| byte == b' ');
        after.eat(b")");
    }
    let c = code.and_then(char::from_u32)?;
    *cursor = after;
    Some(c)
}

/// `"{1}{0}" -f 'x','y'`.
fn formatted(format: &str, values: &[String]) -> String {
    let mut out = String::with_capacity(format.len());
    let mut parts = format.split('{');
    out.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let (number, rest) = part.split_once('}').unwrap_or((part, ""));
        match number.trim().parse::<usize>().ok().and_then(|at| values.get(at)) {
            Some(value) if out.len() <= LONGEST => out.push_str(value),
            _ => {}
        }
        out.push_str(rest);
    }
    out
}
