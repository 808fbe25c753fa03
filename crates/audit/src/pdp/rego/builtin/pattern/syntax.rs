//! A pattern in Go's syntax, written for the library that matches here.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// Why a pattern is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is none to Go either.
    Invalid,
    /// It may be one, and mean something else here.
    NotHeld(&'static str),
}

/// The most of a count, and of counts of counts.
const MAX_COUNT: u32 = 1_000;
/// The most groups in each other.
const MAX_DEPTH: usize = 200;

/// Scripts that both know under the same name.
const SCRIPTS: [&str; 11] =
    ["Arabic", "Cyrillic", "Devanagari", "Greek", "Han", "Hangul", "Hebrew", "Hiragana", "Katakana", "Latin", "Thai"];
/// Categories that both know under the same name.
const CATEGORIES: [&str; 33] = [
    "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi",
    "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs", "Cc", "Cf",
];
/// What Go knows between `[:` and `:]`.
const CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// The pattern for this library, and the names of its groups.
pub(super) fn translated(pattern: &str) -> Result<(String, Vec<Option<String>>), Wrong> {
    let mut reading =
        Reading { rest: pattern.chars().peekable(), out: String::new(), names: vec![None], open: Vec::new() };
    reading.all()?;
    Ok((reading.out, reading.names))
}

struct Reading<'p> {
    rest: Peekable<Chars<'p>>,
    out: String,
    names: Vec<Option<String>>,
    /// The counts within each open group, multiplied.
    open: Vec<u32>,
}

/// What the last thing was, as far as it matters to what repeats it.
#[derive(Clone, Copy)]
enum Last {
    /// Nothing that can be repeated.
    Nothing,
    /// Something, with so many repetitions in it.
    Thing(u32),
    /// A repetition.
    Repeated,
}

impl Reading<'_> {
    fn all(&mut self) -> Result<(), Wrong> {
        let (mut last, mut within) = (Last::Nothing, 1);
        while let Some(c) = self.rest.next() {
            last = match c {
                '(' => {
                    // Else these are flags that hold from here on.
                    if self.group()? {
                        if self.open.len() >= MAX_DEPTH {
                            return Err(Wrong::NotHeld("so many groups in each other"));
                        }
                        self.open.push(within);
                        within = 1;
                    }
                    Last::Nothing
                }
                ')' => {
                    let outer = self.open.pop().ok_or(Wrong::Invalid)?;
                    self.out.push(')');
                    let inner = within;
                    within = outer.max(inner);
                    Last::Thing(inner)
                }
                '|' => {
                    self.out.push('|');
                    Last::Nothing
                }
                '*' | '+' | '?' => self.repeated(last, &c.to_string(), 1, &mut within)?,
                '{' => match self.count()? {
                    Some((written, most)) => self.repeated(last, &written, most, &mut within)?,
                    None => self.literal('{'),
                },
                '[' => {
                    self.class()?;
                    Last::Thing(1)
                }
                '\\' => self.escape()?,
                '^' | '$' | '.' => {
                    self.out.push(c);
                    Last::Thing(1)
                }
                c => self.literal(c),
            };
        }
        if self.open.is_empty() { Ok(()) } else { Err(Wrong::Invalid) }
    }

    fn literal(&mut self, c: char) -> Last {
        let _ = write!(self.out, "\\x{{{:x}}}", u32::from(c));
        Last::Thing(1)
    }

    fn repeated(&mut self, last: Last, by: &str, most: u32, within: &mut u32) -> Result<Last, Wrong> {
        let Last::Thing(inner) = last else { return Err(Wrong::Invalid) };
        let product = inner.saturating_mul(most.max(1));
        if most > 1 && product > MAX_COUNT {
            return Err(Wrong::Invalid);
        }
        *within = (*within).max(product);
        self.out.push_str(by);
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        }
        Ok(Last::Repeated)
    }

    /// `{2,5}` behind its brace; nothing where the brace stands for itself.
    fn count(&mut self) -> Result<Option<(String, u32)>, Wrong> {
        let mut ahead = self.rest.clone();
        let inside: String = ahead.by_ref().take(12).take_while(|c| *c != '}').collect();
        let (least, most) = inside.split_once(',').map_or((inside.as_str(), None), |(least, most)| (least, Some(most)));
        // Zeros before a number make it none.
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            (digits && (text == "0" || !text.starts_with('0'))).then(|| text.parse().unwrap_or(u32::MAX))
        };
        let (Some(least), Some(most)) = (
            number(least),
            most.map_or(Some(None), |most| if most.is_empty() { Some(None) } else { number(most).map(Some) }),
        ) else {
            return Ok(None);
        };
        if !self.rest.clone().take(inside.chars().count() + 1).any(|c| c == '}') {
            return if inside.len() >= 12 { Err(Wrong::NotHeld("so long a count")) } else { Ok(None) };
        }
        let largest = most.unwrap_or(least);
        if least > MAX_COUNT || largest > MAX_COUNT || largest < least {
            return Err(Wrong::Invalid);
        }
        self.rest = ahead;
        Ok(Some((format!("{{{inside}}}"), largest)))
    }

    /// What opens a group behind its bracket; no where it only sets flags.
    fn group(&mut self) -> Result<bool, Wrong> {
        if self.rest.next_if_eq(&'?').is_none() {
            self.names.push(None);
            self.out.push('(');
            return Ok(true);
        }
        let named = match self.rest.peek() {
            Some('<') => true,
            Some('P') => {
                self.rest.next();
                true
            }
            _ => false,
        };
        if named {
            if self.rest.next() != Some('<') {
                return Err(Wrong::Invalid);
            }
            let mut name = String::new();
            loop {
                match self.rest.next() {
                    Some('>') => break,
                    Some(c) if c.is_ascii_alphanumeric() || c == '_' => name.push(c),
                    // Letters of other scripts are names to some releases of Go.
                    Some(c) if c.is_alphanumeric() => return Err(Wrong::NotHeld("such a name of a group")),
                    _ => return Err(Wrong::Invalid),
                }
            }
            if name.is_empty() || self.names.iter().flatten().any(|own| *own == name) {
                return Err(Wrong::Invalid);
            }
            self.names.push(Some(name));
            self.out.push('(');
            return Ok(true);
        }
        self.flags()
    }

    fn flags(&mut self) -> Result<bool, Wrong> {
        let (mut flags, mut negated, mut after_sign) = (String::new(), false, false);
        loop {
            match self.rest.next() {
                Some(c @ ('i' | 'm' | 's' | 'U')) => {
                    // Twice the same is an error here, and none to Go.
                    if !flags.contains(c) {
                        flags.push(c);
                    } else if negated {
                        return Err(Wrong::NotHeld("a flag that is set and taken back"));
                    }
                    after_sign = true;
                }
                Some('-') if !negated => {
                    (negated, after_sign) = (true, false);
                    flags.push('-');
                }
                Some(_) if negated && !after_sign => return Err(Wrong::Invalid),
                Some(':') => {
                    let _ = write!(self.out, "(?{flags}:");
                    return Ok(true);
                }
                Some(')') => {
                    if !flags.is_empty() {
                        let _ = write!(self.out, "(?{flags})");
                    }
                    return Ok(false);
                }
                _ => return Err(Wrong::Invalid),
            }
        }
    }

    /// What follows a backslash outside of a class.
    fn escape(&mut self) -> Result<Last, Wrong> {
        let Some(&c) = self.rest.peek() else { return Err(Wrong::Invalid) };
        let written = match c {
            'A' => "\\A",
            'z' => "\\z",
            'b' => "(?-u:\\b)",
            'B' => return Err(Wrong::NotHeld("\\B")),
            'd' => "[0-9]",
            'D' => "[^0-9]",
            'w' => "[0-9A-Za-z_]",
            'W' => "[^0-9A-Za-z_]",
            's' => "[\\t\\n\\x{c}\\r\\x{20}]",
            'S' => "[^\\t\\n\\x{c}\\r\\x{20}]",
            'Q' => {
                self.rest.next();
                return self.quoted();
            }
            'p' | 'P' => {
                let class = self.property()?;
                self.out.push_str(&class);
                return Ok(Last::Thing(1));
            }
            _ => {
                let c = self.character()?;
                return Ok(self.literal(c));
            }
        };
        self.rest.next();
        self.out.push_str(written);
        Ok(Last::Thing(1))
    }

    /// `\Q…\E`: each character for itself; the last can be repeated.
    fn quoted(&mut self) -> Result<Last, Wrong> {
        let mut any = false;
        while let Some(c) = self.rest.next() {
            if c == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return if any { Ok(Last::Thing(1)) } else { Err(Wrong::NotHeld("an empty \\Q\\E")) };
            }
            self.literal(c);
            any = true;
        }
        Ok(Last::Thing(1))
    }

    /// A character by its escape, whose backslash is read.
    fn character(&mut self) -> Result<char, Wrong> {
        let c = self.rest.next().ok_or(Wrong::Invalid)?;
        let octal = |c: &char| ('0'..='7').contains(c);
        let number = match c {
            '1'..='7' if !self.rest.peek().is_some_and(octal) => return Err(Wrong::Invalid),
            '0'..='7' => {
                let mut number = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    let Some(digit) = self.rest.next_if(octal) else { break };
                    number = number * 8 + u32::from(digit) - u32::from('0');
                }
                number
            }
            'x' => {
                let digits: String = if self.rest.next_if_eq(&'{').is_some() {
                    let mut closed = false;
                    let digits = self.rest.by_ref().take_while(|c| {
                        closed = *c == '}';
                        !closed
                    });
                    let digits: String = digits.take(16).collect();
                    if !closed || digits.is_empty() {
                        return Err(Wrong::Invalid);
                    }
                    digits
                } else {
                    let digits: String = self.rest.by_ref().take(2).collect();
                    if digits.len() != 2 {
                        return Err(Wrong::Invalid);
                    }
                    digits
                };
                if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(Wrong::Invalid);
                }
                u32::from_str_radix(&digits, 16).map_err(|_| Wrong::Invalid)?
            }
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
            _ => return Err(Wrong::Invalid),
        };
        match char::from_u32(number) {
            Some(c) => Ok(c),
            None if number > u32::from(char::MAX) => Err(Wrong::Invalid),
            None => Err(Wrong::NotHeld("half a character")),
        }
    }

    /// `\p{Greek}`, of which the backslash is read.
    fn property(&mut self) -> Result<String, Wrong> {
        let mut negated = self.rest.next() == Some('P');
        let name: String = match self.rest.next().ok_or(Wrong::Invalid)? {
            '{' => {
                let mut closed = false;
                let name = self.rest.by_ref().take_while(|c| {
                    closed = *c == '}';
                    !closed
                });
                let name = name.collect();
                if !closed {
                    return Err(Wrong::Invalid);
                }
                name
            }
            c => c.to_string(),
        };
        let bare = name.strip_prefix('^');
        negated ^= bare.is_some();
        let name = bare.unwrap_or(&name);
        let is_known = CATEGORIES.contains(&name) || SCRIPTS.contains(&name);
        match (is_known, name) {
            (true, _) => Ok(format!("\\{}{{{name}}}", if negated { 'P' } else { 'p' })),
            (false, "Any") if !negated => Ok("[\\x{0}-\\x{10ffff}]".to_owned()),
            // Of other names each release knows others.
            (false, _) => Err(Wrong::NotHeld("such a \\p")),
        }
    }

    /// A class behind its bracket.
    fn class(&mut self) -> Result<(), Wrong> {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            match self.rest.peek().copied() {
                None => return Err(Wrong::Invalid),
                Some(']') if !first => {
                    self.rest.next();
                    self.out.push(']');
                    return Ok(());
                }
                Some('[') if self.named()? => {}
                Some('\\') if self.family()? => {}
                Some(_) => self.range()?,
            }
            first = false;
        }
    }

    /// `[:alpha:]`, if it is that.
    fn named(&mut self) -> Result<bool, Wrong> {
        let mut ahead = self.rest.clone();
        ahead.next();
        if ahead.next() != Some(':') {
            return Ok(false);
        }
        let inside: String = ahead.collect();
        let Some((name, _)) = inside.split_once(":]") else { return Ok(false) };
        let bare = name.strip_prefix('^').unwrap_or(name);
        if !CLASSES.contains(&bare) {
            return Err(Wrong::Invalid);
        }
        let _ = write!(self.out, "[:{name}:]");
        for _ in 0..name.chars().count() + 4 {
            self.rest.next();
        }
        Ok(true)
    }

    /// `\d` or `\pL` in a class, if it is that.
    fn family(&mut self) -> Result<bool, Wrong> {
        let mut ahead = self.rest.clone();
        ahead.next();
        let written = match ahead.next() {
            Some('d') => "0-9",
            Some('D') => "[^0-9]",
            Some('w') => "0-9A-Za-z_",
            Some('W') => "[^0-9A-Za-z_]",
            Some('s') => "\\t\\n\\x{c}\\r\\x{20}",
            Some('S') => "[^\\t\\n\\x{c}\\r\\x{20}]",
            Some('p' | 'P') => {
                self.rest.next();
                let class = self.property()?;
                self.out.push_str(&class);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        self.rest = ahead;
        self.out.push_str(written);
        Ok(true)
    }

    fn range(&mut self) -> Result<(), Wrong> {
        let low = self.member()?;
        let mut high = low;
        let mut ahead = self.rest.clone();
        if ahead.next() == Some('-') && ahead.peek().is_some_and(|c| *c != ']') {
            self.rest.next();
            high = self.member()?;
        }
        if high < low {
            return Err(Wrong::Invalid);
        }
        let _ = write!(self.out, "\\x{{{:x}}}-\\x{{{:x}}}", u32::from(low), u32::from(high));
        Ok(())
    }

    fn member(&mut self) -> Result<char, Wrong> {
        match self.rest.next().ok_or(Wrong::Invalid)? {
            '\\' => self.character(),
            c => Ok(c),
        }
    }
}
