//! Where engines look for expressions.

use std::ops::Range;

use super::super::Signs;

/// What stands between two delimiters.
pub(super) struct Piece<'t> {
    /// The delimiters and what is between them.
    pub(super) range: Range<usize>,
    pub(super) body: &'t str,
    /// The opening one.
    pub(super) open: &'static str,
    /// Whether its value is put in its place: it is no statement.
    pub(super) is_output: bool,
}

/// Opening delimiters, what closes them, and whether they give out a value.
#[rustfmt::skip]
const DELIMITERS: &[(&str, &str, bool)] = &[
    ("{{", "}}", true), ("{%", "%}", false), ("${", "}", true), ("#{", "}", true), ("%{", "}", true), ("*{", "}", true), ("~{", "}", true), ("@{", "}", true),
    ("@(", ")", true), ("<%=", "%>", true), ("<%", "%>", false), ("<#", ">", false), ("<@", ">", false), ("[#", "]", false), ("[=", "]", true), ("[[", "]]", true),
    ("#set", "\n", false), ("#evaluate", "\n", false), ("#foreach", "\n", false), ("#if(", "\n", false), ("#include(", "\n", false),
    ("{php}", "{/php}", false), ("{system(", "}", true), ("{exec(", "}", true), ("{if ", "}", false), ("{self::", "}", true), ("{Smarty", "}", true),
    ("{$smarty", "}", true), ("{@", "}", true), ("<!--#", "-->", false), ("@System", "\n", false), ("$class.", "\n", false),
];

/// The longest expression that is read.
const LONGEST: usize = 2048;

/// Whether a text of these bytes may hold an expression.
pub(super) fn may_be_in(signs: &Signs) -> bool {
    signs.any(b"{<[@#$")
}

/// The expressions of a text, outermost ones only.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    // Two searches side by side, each going over the text once: most delimiters hold a brace, the rest begin with these.
    let mut brackets = memchr::memchr3_iter(b'{', b'<', b'[', text.as_bytes()).peekable();
    let mut signs = memchr::memchr3_iter(b'@', b'#', b'$', text.as_bytes()).peekable();
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let (bracket, sign) = (brackets.peek().copied(), signs.peek().copied());
            let hit = match (bracket, sign) {
                (Some(bracket), Some(sign)) => bracket.min(sign),
                (one, other) => one.or(other)?,
            };
            if bracket == Some(hit) {
                brackets.next()
            } else {
                signs.next()
            };
            let Some((start, (open, close, is_output))) =
                opening(text.as_bytes(), hit).filter(|(start, _)| *start >= at)
            else {
                continue;
            };
            let inside = start.saturating_add(open.len());
            let rest = text.get(inside..).unwrap_or("");
            let rest = rest.get(..rest.floor_char_boundary(LONGEST)).unwrap_or("");
            let length = end(rest, close);
            let end = text.ceil_char_boundary(inside.saturating_add(length).saturating_add(close.len()));
            // What is not closed is looked into again: `{{ {{ 7*7 }}`.
            at = if length < rest.len() { end } else { inside };
            return Some(Piece { range: start..end, body: rest.get(..length).unwrap_or(""), open, is_output });
        }
    })
}

type Delimiter = (&'static str, &'static str, bool);

/// The delimiter that opens at a byte, or one before it.
fn opening(bytes: &[u8], hit: usize) -> Option<(usize, Delimiter)> {
    let next = bytes.get(hit.saturating_add(1)).copied().unwrap_or(0);
    let before = hit.checked_sub(1).and_then(|before| bytes.get(before));
    let (start, may_open) = match bytes.get(hit)? {
        b'{' if matches!(before, Some(b'%' | b'*' | b'~')) => (hit.saturating_sub(1), true),
        b'{' => (hit, matches!(next, b'{' | b'%' | b'p' | b's' | b'e' | b'i' | b'S' | b'$' | b'@')),
        b'<' => (hit, matches!(next, b'%' | b'#' | b'@' | b'!')),
        b'[' => (hit, matches!(next, b'#' | b'=' | b'[')),
        b'@' => (hit, matches!(next, b'{' | b'(' | b'S')),
        b'#' => (hit, matches!(next, b'{' | b's' | b'e' | b'f' | b'i')),
        _ => (hit, matches!(next, b'{' | b'c')),
    };
    let here = may_open.then(|| bytes.get(start..)).flatten()?;
    let longest = DELIMITERS.iter().filter(|(open, ..)| here.starts_with(open.as_bytes()));
    longest.max_by_key(|(open, ..)| open.len()).map(|&delimiter| (start, delimiter))
}

/// Where a body ends: at its closing delimiter, outside strings and inner braces.
fn end(body: &str, close: &str) -> usize {
    let bytes = body.as_bytes();
    let first = close.bytes().next();
    let mut depth = 0_usize;
    let mut quote = None;
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate() {
        if escaped {
            escaped = false;
            continue;
        }
        match byte {
            b'\\' => escaped = true,
            b'"' | b'\'' if quote.is_none() => quote = Some(byte),
            _ if quote == Some(byte) => quote = None,
            _ if quote.is_some() => {}
            _ if Some(byte) == first
                && depth == 0
                && bytes.get(at..).is_some_and(|rest| rest.starts_with(close.as_bytes())) =>
            {
                return at;
            }
            b'{' | b'(' => depth = depth.saturating_add(1),
            b'}' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    // A quote that is an apostrophe: the first closing delimiter, then.
    body.find(close).unwrap_or(body.len())
}
