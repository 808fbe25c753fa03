//! Patterns, parsed.
//!
//! New-form patterns match bytes with ASCII classes, without regard to case: `\s`, `\d`, `\w` and `\b` are ASCII, `.` and
//! `[^x]` are any byte but LF and `x`. Letters beyond ASCII, alone or in a class, are matched as characters and without
//! regard to case too. Old-form patterns keep the Unicode classes that Python gave them.

use std::borrow::Cow;

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::Hir;
use regex_syntax::hir::translate::TranslatorBuilder;
use serde::{Deserialize, Serialize};

/// How deep groups may stand in one another.
const NEST_LIMIT: u32 = 100;

/// Whose semantics a pattern has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Bytes, ASCII classes.
    New,
    /// Python's: characters, Unicode classes.
    Old,
}

/// Parses `pattern`; the error is for people.
pub(super) fn parse(pattern: &str, dialect: Dialect) -> Result<Hir, String> {
    let mut ast =
        ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(pattern).map_err(|error| error.to_string())?;
    strays(&mut ast);
    let unicode = dialect == Dialect::Old;
    if !unicode {
        beyond_ascii(&mut ast);
    }
    TranslatorBuilder::new()
        .unicode(unicode)
        .utf8(unicode)
        .case_insensitive(true)
        .build()
        .translate(pattern, &ast)
        .map_err(|error| error.to_string())
}

/// One alternative of a pattern: its text is the flags that the pattern begins with, and a stretch of the pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alternative {
    flags: u32,
    start: u32,
    end: u32,
}

impl Alternative {
    /// The alternative as a pattern.
    pub(super) fn of(self, pattern: &str) -> Cow<'_, str> {
        let part = |start: u32, end: u32| pattern.get(start as usize..end as usize).unwrap_or(pattern);
        let own = part(self.start, self.end);
        if self.flags == 0 { own.into() } else { [part(0, self.flags), own].concat().into() }
    }
}

/// The alternatives of a pattern that is nothing but `a|b|c` or `(?:a|b|c)`; of any other, itself.
///
/// Each can then be looked for by its own literals, and in windows of its own size.
pub(super) fn alternatives(pattern: &str) -> Vec<Alternative> {
    let offset = |place: ast::Position| u32::try_from(place.offset).unwrap_or(u32::MAX);
    let whole = Alternative { flags: 0, start: 0, end: u32::try_from(pattern.len()).unwrap_or(u32::MAX) };
    let Ok(ast) = ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(pattern) else { return vec![whole] };
    let (mut ast, mut flags) = (&ast, 0);
    loop {
        match ast {
            Ast::Concat(parts) => match parts.asts.as_slice() {
                [Ast::Flags(set), only] if flags == 0 => (ast, flags) = (only, offset(set.span.end)),
                _ => return vec![whole],
            },
            Ast::Group(group) if !matches!(&group.kind, ast::GroupKind::NonCapturing(set) if !set.items.is_empty()) => {
                ast = &group.ast;
            }
            // Flags in the middle would reach from one alternative into the next.
            Ast::Alternation(parts) if parts.asts.len() <= MAX_ALTERNATIVES && !parts.asts.iter().any(has_flags) => {
                let part =
                    |part: &Ast| Alternative { flags, start: offset(part.span().start), end: offset(part.span().end) };
                return parts.asts.iter().map(part).collect();
            }
            _ => return vec![whole],
        }
    }
}

/// More alternatives than this are words of a list, not patterns of their own.
const MAX_ALTERNATIVES: usize = 16;

fn has_flags(ast: &Ast) -> bool {
    match ast {
        Ast::Flags(_) => true,
        Ast::Concat(parts) => parts.asts.iter().any(|part| matches!(part, Ast::Flags(_))),
        _ => false,
    }
}

/// Signs that folding makes letters of another block: the Kelvin sign a `k`, the long s an `s`, the Ångström sign an `å`.
const STRAYS: [char; 3] = ['\u{17f}', '\u{212a}', '\u{212b}'];

/// Takes the strays out of ranges beyond ASCII and matches them as they are: `[\u2100-\u214F]`, without regard to case,
/// would match every `k`. Python has it so too.
fn strays(ast: &mut Ast) {
    match ast {
        Ast::ClassBracketed(class) if !class.negated => {
            let mut apart = Vec::new();
            if let ast::ClassSet::Item(item) = &mut class.kind {
                take_strays(item, &mut apart);
            }
            if !apart.is_empty() {
                let span = class.span;
                let class = std::mem::replace(ast, Ast::empty(span));
                *ast = either(span, class, apart);
            }
        }
        Ast::Repetition(repetition) => strays(&mut repetition.ast),
        Ast::Group(group) => strays(&mut group.ast),
        Ast::Alternation(parts) => parts.asts.iter_mut().for_each(strays),
        Ast::Concat(parts) => parts.asts.iter_mut().for_each(strays),
        _ => {}
    }
}

/// Splits the ranges of `item` round the strays that lie in them, which go to `apart`.
fn take_strays(item: &mut ast::ClassSetItem, apart: &mut Vec<char>) {
    if let ast::ClassSetItem::Union(union) = item {
        for item in &mut union.items {
            take_strays(item, apart);
        }
        return;
    }
    let ast::ClassSetItem::Range(range) = &*item else { return };
    let (span, last) = (range.span, range.end.c);
    if range.start.c.is_ascii() {
        return;
    }
    let sign = |c| ast::Literal { span, kind: ast::LiteralKind::Verbatim, c };
    let mut parts = ast::ClassSetUnion { span, items: Vec::new() };
    let mut first = Some(range.start.c);
    for stray in STRAYS {
        let Some(start) = first.filter(|start| (*start..=last).contains(&stray)) else { continue };
        apart.push(stray);
        let before = (start..stray).next_back();
        if let Some(end) = before {
            parts.push(ast::ClassSetItem::Range(ast::ClassSetRange { span, start: sign(start), end: sign(end) }));
        }
        first = (stray..=last).nth(1);
    }
    if parts.items.is_empty() && first == Some(range.start.c) {
        return;
    }
    if let Some(start) = first {
        parts.push(ast::ClassSetItem::Range(ast::ClassSetRange { span, start: sign(start), end: sign(last) }));
    }
    *item = ast::ClassSetItem::Union(parts);
}

/// `class`, or one of `signs` in this very case.
fn either(span: ast::Span, class: Ast, signs: Vec<char>) -> Ast {
    let group = |flags, ast| {
        let kind = ast::GroupKind::NonCapturing(ast::Flags { span, items: flags });
        Ast::group(ast::Group { span, kind, ast: Box::new(ast) })
    };
    let flag = |kind| ast::FlagsItem { span, kind };
    let case = vec![flag(ast::FlagsItemKind::Negation), flag(ast::FlagsItemKind::Flag(ast::Flag::CaseInsensitive))];
    let sign = |c| Ast::literal(ast::Literal { span, kind: ast::LiteralKind::Verbatim, c });
    let signs = Ast::alternation(ast::Alternation { span, asts: signs.into_iter().map(sign).collect() });
    let asts = vec![class, group(case, signs)];
    group(Vec::new(), Ast::alternation(ast::Alternation { span, asts }))
}

/// Turns Unicode on for the letters and classes that hold something beyond ASCII, and only for them.
fn beyond_ascii(ast: &mut Ast) {
    let wrap = match ast {
        Ast::Literal(literal) => beyond(literal),
        Ast::ClassBracketed(class) => set_beyond(&class.kind),
        Ast::Repetition(repetition) => return beyond_ascii(&mut repetition.ast),
        Ast::Group(group) => return beyond_ascii(&mut group.ast),
        Ast::Alternation(parts) => return parts.asts.iter_mut().for_each(beyond_ascii),
        Ast::Concat(parts) => return parts.asts.iter_mut().for_each(beyond_ascii),
        Ast::Empty(_) | Ast::Flags(_) | Ast::Dot(_) | Ast::Assertion(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) => {
            false
        }
    };
    if wrap {
        let span = *ast.span();
        let unicode = ast::FlagsItem { span, kind: ast::FlagsItemKind::Flag(ast::Flag::Unicode) };
        let kind = ast::GroupKind::NonCapturing(ast::Flags { span, items: vec![unicode] });
        let inner = std::mem::replace(ast, Ast::empty(span));
        *ast = Ast::group(ast::Group { span, kind, ast: Box::new(inner) });
    }
}

/// `\xff` is a byte; anything else above ASCII is a character.
fn beyond(literal: &ast::Literal) -> bool {
    !literal.c.is_ascii() && literal.byte().is_none()
}

fn set_beyond(set: &ast::ClassSet) -> bool {
    match set {
        ast::ClassSet::Item(item) => item_beyond(item),
        ast::ClassSet::BinaryOp(op) => set_beyond(&op.lhs) || set_beyond(&op.rhs),
    }
}

fn item_beyond(item: &ast::ClassSetItem) -> bool {
    match item {
        ast::ClassSetItem::Literal(literal) => beyond(literal),
        ast::ClassSetItem::Range(range) => beyond(&range.start) || beyond(&range.end),
        ast::ClassSetItem::Bracketed(class) => set_beyond(&class.kind),
        ast::ClassSetItem::Union(union) => union.items.iter().any(item_beyond),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::pattern::{self, Memory};

    #[test]
    fn a_range_beyond_ascii_matches_its_strays_and_no_ordinary_letter() {
        // FS-009 of 1.5.0: it stopped every path with a `k` in it.
        let signs = r"[\u0410-\u044F\u0510-\u0513\u2100-\u214F\u13A0-\u13FF\u0100-\u0200]";
        for (pattern, dialect) in
            [(signs, Dialect::Old), (signs, Dialect::New), (r"(?:x[ſ-ſ]|[\u212a-\u212b]+)", Dialect::Old)]
        {
            let linear = pattern::compile(&parse(pattern, dialect).unwrap()).unwrap();
            let found = |text: &str| linear.matches(&mut Memory::default(), 0, text, 0..text.len());
            for ordinary in ["/tmp/skål/Kai/sk", "KSÅksåxs", "xS"] {
                assert!(!found(ordinary), "{pattern} matches {ordinary}");
            }
            for sign in ["a/\u{212a}ey", "\u{212b}", "x\u{17f}"] {
                assert!(found(sign), "{pattern} does not match {sign}");
            }
        }
        let linear = pattern::compile(&parse(signs, Dialect::Old).unwrap()).unwrap();
        assert!(linear.matches(&mut Memory::default(), 0, "\u{42f}\u{44f}\u{2113}", 0..7));
        let ascii = pattern::compile(&parse("[a-\u{200}]", Dialect::Old).unwrap()).unwrap();
        assert!(ascii.matches(&mut Memory::default(), 0, "K", 0..1), "a range that begins in ASCII holds its letters");
    }
}
