//! Where engines look for expressions.

use std::ops::Range;

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

/// The expressions of a text, outermost ones only.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let (start, (open, close, is_output)) = opening(text, at)?;
        let inside = start.saturating_add(open.len());
        let rest = text.get(inside..).unwrap_or("");
        let rest = rest.get(..rest.floor_char_boundary(LONGEST)).unwrap_or("");
        let length = end(rest, close);
        let end = text.ceil_char_boundary(inside.saturating_add(length).saturating_add(close.len()));
        // What is not closed is looked into again: `{{ {{ 7*7 }}`.
        at = if length < rest.len() { end } else { inside };
        Some(Piece { range: start..end, body: rest.get(..length).unwrap_or(""), open, is_output })
    })
}

/// The first opening delimiter from byte `from` on.
fn opening(text: &str, from: usize) -> Option<(usize, (&'static str, &'static str, bool))> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        // Most hold a brace; the others begin with one of these.
        let brackets = memchr::memchr3(b'{', b'<', b'[', rest);
        let signs = memchr::memchr3(b'@', b'#', b'$', rest.get(..brackets.unwrap_or(rest.len()))?);
        let hit = at.saturating_add(signs.or(brackets)?);
        let start = if hit > from
            && bytes.get(hit) == Some(&b'{')
            && matches!(bytes.get(hit.saturating_sub(1)), Some(b'%' | b'*' | b'~'))
        {
            hit.saturating_sub(1)
        } else {
            hit
        };
        let here = bytes.get(start..)?;
        let longest = DELIMITERS
            .iter()
            .filter(|(open, ..)| here.starts_with(open.as_bytes()))
            .max_by_key(|(open, ..)| open.len());
        if let Some(&delimiter) = longest {
            return Some((start, delimiter));
        }
        at = hit.saturating_add(1);
    }
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
