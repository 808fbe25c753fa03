//! Patterns, compiled.

use std::ops::Range;

use regex_automata::meta;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, HirKind};

/// The most memory of one compiled pattern.
const NFA_BYTES: usize = 2 << 20;
/// The most memory of one pattern's lazily built automaton; more would be rebuilt for ever on hostile text.
const CACHE_BYTES: usize = 1 << 20;
/// The most steps of a backtracking pattern on one field.
const BACKTRACK_STEPS: usize = 200_000;

/// Compiles what [`super::syntax::parse`] gave.
pub(super) fn compile(pattern: &Hir) -> Result<Linear, String> {
    let secret = secret_group(pattern);
    let captures = if secret.is_some() { WhichCaptures::All } else { WhichCaptures::Implicit };
    let config = meta::Config::new()
        .nfa_size_limit(Some(NFA_BYTES))
        .hybrid_cache_capacity(CACHE_BYTES)
        .onepass(false)
        .dfa(false)
        .utf8_empty(false)
        .which_captures(captures);
    meta::Builder::new()
        .configure(config)
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .build_from_hir(pattern)
        .map(|regex| Linear { regex, secret })
        .map_err(|error| match error.size_limit() {
            Some(limit) => format!("compiled, it takes more than {limit} bytes"),
            None => error.to_string(),
        })
}

/// A pattern that takes time linear in the text.
#[derive(Debug)]
pub(super) struct Linear {
    regex: meta::Regex,
    /// The group that is called `secret`.
    secret: Option<usize>,
}

/// The number of the group that is called `secret`.
fn secret_group(pattern: &Hir) -> Option<usize> {
    match pattern.kind() {
        HirKind::Capture(capture) if capture.name.as_deref() == Some("secret") => usize::try_from(capture.index).ok(),
        HirKind::Capture(capture) => secret_group(&capture.sub),
        HirKind::Repetition(repetition) => secret_group(&repetition.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().find_map(secret_group),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => None,
    }
}

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
        memory.lend(slot, &self.regex, |cache| self.regex.search_with(cache, &input)).map(|found| found.range())
    }

    /// The part of the match `found` that is the secret: the group of that name, or all of it.
    pub(super) fn secret(&self, memory: &mut Memory, slot: usize, text: &str, found: Range<usize>) -> Range<usize> {
        let Some(group) = self.secret else { return found };
        let input = Input::new(text.as_bytes()).range(found.clone()).anchored(Anchored::Yes);
        let mut captures = self.regex.create_captures();
        memory.lend(slot, &self.regex, |cache| self.regex.search_captures_with(cache, &input, &mut captures));
        captures.get_group(group).map_or(found, |group| group.range())
    }

    /// Whether it matches within `range` of `text`.
    pub(super) fn matches(&self, memory: &mut Memory, slot: usize, text: &str, range: Range<usize>) -> bool {
        let input = Input::new(text.as_bytes()).range(range).earliest(true);
        memory.lend(slot, &self.regex, |cache| self.regex.search_half_with(cache, &input)).is_some()
    }
}

/// The automata that patterns build while they search: one thread's, kept from one search to the next, and bounded,
/// since a text that sets off every pattern would otherwise keep them all.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// By slot. In boxes: most patterns never search, and a cache is more than a kilobyte before it holds anything.
    caches: Vec<Option<Box<Kept>>>,
    bytes: usize,
    /// Searches so far.
    searches: u64,
}

/// What one pattern has built.
#[derive(Debug)]
struct Kept {
    cache: meta::Cache,
    /// The search that used it last.
    used: u64,
}

impl Memory {
    /// The most bytes kept. A session's patterns take a few megabytes; to build them anew takes longer than all else.
    const MAX: usize = 8 << 20;

    fn lend<T>(&mut self, slot: usize, regex: &meta::Regex, search: impl FnOnce(&mut meta::Cache) -> T) -> T {
        if self.bytes > Self::MAX {
            self.make_room();
        }
        if self.caches.len() <= slot {
            self.caches.resize_with(slot.saturating_add(1), || None);
        }
        let Some(kept) = self.caches.get_mut(slot) else { return search(&mut regex.create_cache()) };
        self.searches = self.searches.saturating_add(1);
        let before = kept.as_ref().map_or(0, |kept| kept.cache.memory_usage());
        let kept = kept.get_or_insert_with(|| Box::new(Kept { cache: regex.create_cache(), used: 0 }));
        kept.used = self.searches;
        let found = search(&mut kept.cache);
        self.bytes = self.bytes.saturating_add(kept.cache.memory_usage()).saturating_sub(before);
        found
    }

    /// Keeps what was used last, as much as half of the room holds.
    fn make_room(&mut self) {
        let mut kept: Vec<(u64, usize)> =
            self.caches.iter().flatten().map(|kept| (kept.used, kept.cache.memory_usage())).collect();
        kept.sort_unstable_by_key(|(used, _)| std::cmp::Reverse(*used));
        let mut bytes = 0_usize;
        let last = kept.iter().find(|(_, size)| {
            bytes = bytes.saturating_add(*size);
            bytes > Self::MAX / 2
        });
        let last = last.map_or(0, |(used, _)| *used);
        for slot in &mut self.caches {
            slot.take_if(|kept| kept.used <= last);
        }
        self.bytes = self.caches.iter().flatten().map(|kept| kept.cache.memory_usage()).sum();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::syntax::{Dialect, parse};

    #[test]
    fn memory_is_bounded_and_what_is_in_use_is_kept() {
        let pattern = compile(&parse("[a-z]{3}[0-9]{2,40}x", Dialect::New).unwrap()).unwrap();
        let mut memory = Memory::default();
        let mut most = 0;
        for slot in 1..4_000 {
            for slot in [0, slot] {
                assert_eq!(pattern.find(&mut memory, slot, "abc123x", 0..7), Some(0..7));
            }
            let one = memory.caches[0].as_ref().expect("it was used a moment ago").cache.memory_usage();
            assert!(memory.bytes <= Memory::MAX + one, "{} bytes", memory.bytes);
            most = most.max(memory.bytes);
        }
        assert!(most > Memory::MAX && memory.caches[1].is_none(), "the bound was met, and what was used least went");
        let kept = memory.caches.iter().flatten().map(|kept| kept.cache.memory_usage()).sum::<usize>();
        assert_eq!(kept, memory.bytes, "what is counted is what is kept");
    }
}
