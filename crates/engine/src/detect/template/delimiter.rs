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
/// How many expressions are read to the end of that without an end of their own. No engine computes one that is not closed, and
/// where braces or quotation marks do not pair, the first closing delimiter closes those that follow.
const ODD: usize = 128;

/// Whether a text of these bytes may hold an expression.
pub(super) fn may_be_in(signs: &Signs) -> bool {
    signs.any(b"{<[@#$")
}

/// The expressions of a text, outermost ones only.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    // Two searches side by side, each going over the text once: most delimiters hold a brace, the rest begin with these.
    let mut brackets = memchr::memchr3_iter(b'{', b'<', b'[', text.as_bytes()).peekable();
    let mut signs = memchr::memchr3_iter(b'@', b'#', b'$', text.as_bytes()).peekable();
    let (mut at, mut odd) = (0_usize, ODD);
    let mut closings = Closings { text, next: [0; DELIMITERS.len()] };
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
            let Some((start, n)) = opening(text.as_bytes(), hit).filter(|(start, _)| *start >= at) else { continue };
            let Some(&(open, close, is_output)) = DELIMITERS.get(n) else { continue };
            let inside = start.saturating_add(open.len());
            let rest = text.get(inside..).unwrap_or("");
            let rest = rest.get(..rest.floor_char_boundary(LONGEST)).unwrap_or("");
            let first = closings.next(n, inside).filter(|first| first.saturating_add(close.len()) <= rest.len());
            if first.is_none() && odd == 0 {
                at = inside;
                continue;
            }
            let paired = if odd > 0 && first.is_some() { end(rest, close) } else { None };
            odd = odd.saturating_sub(usize::from(paired.is_none()));
            let length = paired.or(first).unwrap_or(rest.len());
            let end = text.ceil_char_boundary(inside.saturating_add(length).saturating_add(close.len()));
            // What is not closed is looked into again: `{{ {{ 7*7 }}`.
            at = if length < rest.len() { end } else { inside };
            return Some(Piece { range: start..end, body: rest.get(..length).unwrap_or(""), open, is_output });
        }
    })
}

/// Where the closing delimiters stand: each is looked for once over the text.
struct Closings<'t> {
    text: &'t str,
    /// By delimiter: the first at or after the place that was asked for last.
    next: [usize; DELIMITERS.len()],
}

impl Closings<'_> {
    /// How far behind `inside` the delimiter is closed for the first time.
    fn next(&mut self, delimiter: usize, inside: usize) -> Option<usize> {
        let next = self.next.get_mut(delimiter)?;
        if *next < inside {
            let close = DELIMITERS.get(delimiter)?.1;
            let found = memchr::memmem::find(self.text.as_bytes().get(inside..)?, close.as_bytes());
            *next = found.map_or(usize::MAX, |found| inside.saturating_add(found));
        }
        next.checked_sub(inside)
    }
}

/// The delimiter that opens at a byte, or one before it, by its place in [`DELIMITERS`].
fn opening(bytes: &[u8], hit: usize) -> Option<(usize, usize)> {
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
    let head = u16::from_le_bytes(*here.first_chunk()?);
    let mut alike = HEADS.iter().fold(0_u32, |alike, (known, bit)| alike | if *known == head { *bit } else { 0 });
    let mut best = None;
    while alike != 0 {
        let n = alike.trailing_zeros() as usize;
        alike &= alike.wrapping_sub(1);
        let length = DELIMITERS.get(n).map_or(0, |(open, ..)| open.len());
        if best.is_none_or(|(_, longest)| length > longest) && opens_with(here, n) {
            best = Some((n, length));
        }
    }
    best.map(|(n, _)| (start, n))
}

fn opens_with(here: &[u8], delimiter: usize) -> bool {
    DELIMITERS.get(delimiter).is_some_and(|(open, ..)| here.starts_with(open.as_bytes()))
}

/// The first two bytes of each of [`DELIMITERS`], and a bit for it: a text of nothing else is held against all at once.
static HEADS: [(u16, u32); DELIMITERS.len()] = heads();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated at compile time")]
const fn heads() -> [(u16, u32); DELIMITERS.len()] {
    let mut heads = [(0, 0); DELIMITERS.len()];
    let mut at = 0;
    while at < heads.len() {
        let open = DELIMITERS[at].0.as_bytes();
        heads[at] = (u16::from_le_bytes([open[0], open[1]]), 1 << at);
        at += 1;
    }
    heads
}

/// Where a body ends: at its closing delimiter, outside strings and inner braces. Nowhere, where a quote is an apostrophe.
fn end(body: &str, close: &str) -> Option<usize> {
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
                return Some(at);
            }
            b'{' | b'(' => depth = depth.saturating_add(1),
            b'}' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}
