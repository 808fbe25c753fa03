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
