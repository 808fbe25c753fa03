//! Patterns, compiled.
//!
//! New-form patterns match bytes with ASCII classes, without regard to case: `\s`, `\d`, `\w` and `\b` are ASCII, `.` is
//! any byte but LF. Letters beyond ASCII may stand in a pattern; inside a class, and for their other case, they need
//! `(?u:…)`. Old-form patterns keep the Unicode classes that Python gave them.

use std::ops::Range;

use regex_automata::Input;
use regex_automata::meta;
use regex_automata::util::syntax;
use regex_syntax::hir::Hir;

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
    let unicode = dialect == Dialect::Old;
    regex_syntax::ParserBuilder::new()
        .unicode(unicode)
        .utf8(unicode)
        .case_insensitive(true)
        .nest_limit(100)
        .build()
        .parse(pattern)
        .map_err(|error| error.to_string())
}

/// Compiles what [`parse`] gave.
pub(super) fn compile(pattern: &Hir) -> Result<Linear, String> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(NFA_BYTES))
        .hybrid_cache_capacity(CACHE_BYTES)
        .onepass(false)
        .dfa(false)
        .utf8_empty(false)
        .which_captures(regex_automata::nfa::thompson::WhichCaptures::Implicit);
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
    /// Matches within `range` of `text`; what stands round it still counts for `^`, `$` and `\b`.
    pub(super) fn find_all<'t>(
        &'t self,
        text: &'t str,
        range: Range<usize>,
    ) -> impl Iterator<Item = Range<usize>> + 't {
        self.0.find_iter(Input::new(text.as_bytes()).range(range)).map(|found| found.range())
    }

    /// Whether it matches within `range` of `text`.
    pub(super) fn matches(&self, text: &str, range: Range<usize>) -> bool {
        self.0.is_match(Input::new(text.as_bytes()).range(range).earliest(true))
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
