//! Patterns, compiled.
//!
//! New-form patterns match bytes with ASCII classes, without regard to case: `\s`, `\d`, `\w` and `\b` are ASCII, `.` and
//! `[^x]` are any byte but LF and `x`. Letters beyond ASCII, alone or in a class, are matched as characters and without
//! regard to case too. Old-form patterns keep the Unicode classes that Python gave them.

use std::ops::Range;

use regex_automata::Input;
use regex_automata::meta;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;
use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{self, Ast};
use regex_syntax::hir::Hir;
use regex_syntax::hir::translate::TranslatorBuilder;

/// The most memory of one compiled pattern.
const NFA_BYTES: usize = 2 << 20;
/// The most memory of one pattern's lazily built automaton; more would be rebuilt for ever on hostile text.
const CACHE_BYTES: usize = 1 << 20;
/// The most steps of a backtracking pattern on one field.
const BACKTRACK_STEPS: usize = 200_000;

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
    let mut ast = ParserBuilder::new().nest_limit(100).build().parse(pattern).map_err(|error| error.to_string())?;
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

/// Compiles what [`parse`] gave.
pub(super) fn compile(pattern: &Hir) -> Result<Linear, String> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(NFA_BYTES))
        .hybrid_cache_capacity(CACHE_BYTES)
        .onepass(false)
        .dfa(false)
        .utf8_empty(false)
        .which_captures(WhichCaptures::Implicit);
    meta::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build_from_hir(pattern)
        .map(Linear)
        .map_err(|error| match error.size_limit() {
            Some(limit) => format!("compiled, it takes more than {limit} bytes"),
            None => error.to_string(),
        })
}

/// A pattern that takes time linear in the text.
#[derive(Debug)]
pub(super) struct Linear(meta::Regex);

impl Linear {
    /// The first match within `range` of `text`; what stands round it still counts for `^`, `$` and `\b`.
    pub(super) fn find(
        &self,
        memory: &mut Memory,
        slot: usize,
        text: &str,
        range: Range<usize>,
    ) -> Option<Range<usize>> {
        let input = Input::new(text.as_bytes()).range(range);
        memory.lend(slot, &self.0, |cache| self.0.search_with(cache, &input)).map(|found| found.range())
    }

    /// Whether it matches within `range` of `text`.
    pub(super) fn matches(&self, memory: &mut Memory, slot: usize, text: &str, range: Range<usize>) -> bool {
        let input = Input::new(text.as_bytes()).range(range).earliest(true);
        memory.lend(slot, &self.0, |cache| self.0.search_half_with(cache, &input)).is_some()
    }
}

/// The automata that patterns build while they search: one thread's, kept from one search to the next, and bounded,
/// since a text that sets off every pattern would otherwise keep them all.
#[derive(Debug, Default)]
pub(super) struct Memory {
    caches: Vec<Option<meta::Cache>>,
    bytes: usize,
}

impl Memory {
    /// The most bytes kept.
    const MAX: usize = 4 << 20;

    fn lend<T>(&mut self, slot: usize, regex: &meta::Regex, search: impl FnOnce(&mut meta::Cache) -> T) -> T {
        if self.bytes > Self::MAX {
            self.caches.clear();
            self.bytes = 0;
        }
        if self.caches.len() <= slot {
            self.caches.resize_with(slot.saturating_add(1), || None);
        }
        let Some(kept) = self.caches.get_mut(slot) else { return search(&mut regex.create_cache()) };
        let before = kept.as_ref().map_or(0, meta::Cache::memory_usage);
        let cache = kept.get_or_insert_with(|| regex.create_cache());
        let found = search(cache);
        self.bytes = self.bytes.saturating_add(cache.memory_usage()).saturating_sub(before);
        found
    }
}

/// A pattern with back-references or look-around, whose time is bounded by a limit instead.
#[derive(Debug)]
pub(super) struct Backtracking(fancy_regex::Regex);

impl Backtracking {
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        fancy_regex::RegexBuilder::new(pattern)
            .case_insensitive(true)
            .backtrack_limit(BACKTRACK_STEPS)
            .delegate_size_limit(NFA_BYTES)
            .delegate_dfa_size_limit(CACHE_BYTES)
            .build()
            .map(Self)
            .map_err(|error| error.to_string())
    }

    /// The first match, or an error when the limit was reached before the answer was known.
    pub(super) fn find(&self, text: &str) -> Result<Option<Range<usize>>, &'static str> {
        match self.0.find(text) {
            Ok(found) => Ok(found.map(|found| found.range())),
            Err(_) => Err("a pattern with back-references or look-around took too many steps"),
        }
    }
}
