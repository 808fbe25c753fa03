//! One pass over a view, then patterns where their literals stand.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError, MatchKind};

use crate::finding::Action;
use crate::role::Roles;
use crate::views::{Chain, ViewKind};

use super::compile::{Engine, Mask, Matcher, Rule};
use super::pattern::Linear;
use super::{BudgetExceeded, Direction, RuleSet, Target};

/// How far from its literal a match in prose may begin or end when its pattern sets no bound.
const PROSE_REACH: usize = 2048;
/// How far a bound may reach in prose.
const PROSE_BOUND: usize = 1024;
/// How much text round a match `unless` looks at.
const UNLESS_REACH: usize = 256;
/// Bytes that patterns may read of any message.
const BUDGET_BASE: u64 = 4 << 20;
/// And for each byte of its views.
const BUDGET_PER_BYTE: u64 = 24;

/// The automata: one for short fields that do something, one for prose.
///
/// Most text is prose, and most rules do not concern it: their literals would only cost it time.
#[derive(Debug)]
pub(super) struct Lanes {
    operational: Lane,
    prose: Lane,
    /// Old-form rules, by index.
    old: Vec<usize>,
}

/// One automaton over the literals of some rules.
#[derive(Debug, Default)]
struct Lane {
    automaton: Option<AhoCorasick>,
    /// For each literal the rules, by index, that require it.
    rules: Vec<Vec<usize>>,
}

impl Lanes {
    pub(super) fn build(rules: &[Rule], literals: &[Vec<Vec<u8>>]) -> Result<Self, BuildError> {
        let towards_model = Direction::RESPONSE | Direction::DESCRIPTION;
        let on = |rule: &Rule| rule.action != Action::Off;
        let operational = |rule: &Rule| rule.direction.intersects(Direction::REQUEST) && rule.roles != Roles::TEXT;
        let prose = |rule: &Rule| rule.direction.intersects(towards_model) || rule.roles.intersects(Roles::TEXT);
        Ok(Self {
            operational: Lane::build(rules, literals, &|rule| on(rule) && operational(rule))?,
            prose: Lane::build(rules, literals, &|rule| on(rule) && prose(rule))?,
            old: rules.iter().enumerate().filter(|(_, rule)| rule.is_old_form() && on(rule)).map(|(n, _)| n).collect(),
        })
    }

    /// The lanes that together hold every rule that can concern `target`.
    fn of(&self, target: &Target<'_>) -> impl Iterator<Item = &Lane> {
        let request = target.direction.intersects(Direction::REQUEST);
        let beyond_text = target.roles.intersects(Roles::TEXT.complement());
        let prose = target.roles.intersects(Roles::TEXT) || target.direction != Direction::REQUEST;
        let operational = (request && beyond_text).then_some(&self.operational);
        operational.into_iter().chain(prose.then_some(&self.prose))
    }
}

impl Lane {
    fn build(rules: &[Rule], literals: &[Vec<Vec<u8>>], wanted: &dyn Fn(&Rule) -> bool) -> Result<Self, BuildError> {
        let mut pairs: Vec<(&[u8], usize)> = Vec::new();
        for (n, (_, literals)) in rules.iter().zip(literals).enumerate().filter(|(_, (rule, _))| wanted(rule)) {
            pairs.extend(literals.iter().map(|literal| (literal.as_slice(), n)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut needles: Vec<&[u8]> = Vec::new();
        let mut by_needle: Vec<Vec<usize>> = Vec::new();
        for (literal, rule) in pairs {
            if needles.last() != Some(&literal) {
                needles.push(literal);
                by_needle.push(Vec::new());
            }
            if let Some(rules) = by_needle.last_mut() {
                rules.push(rule);
            }
        }
        if needles.is_empty() {
            return Ok(Self::default());
        }
        let automaton = AhoCorasickBuilder::new()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&needles)?;
        Ok(Self { automaton: Some(automaton), rules: by_needle })
    }
}

/// Room to scan in: one a thread, reused, so that scanning allocates nothing once warm.
#[derive(Debug, Default)]
pub struct ScanScratch {
    scan: u32,
    rules: Vec<Progress>,
    touched: Vec<usize>,
    hits: Vec<(usize, Range<usize>)>,
    allowance: u64,
}

impl ScanScratch {
    /// Gives the next message a fresh budget. To be called once a message, before its first view.
    pub fn begin_message(&mut self) {
        self.allowance = BUDGET_BASE;
    }
}

/// How far one rule has come in one view.
#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    /// The scan this is about; any other is out of date.
    scan: u32,
    /// Nothing more to learn in this view.
    settled: bool,
    /// The window that waits to be searched.
    start: usize,
    end: usize,
}

impl RuleSet {
    /// Finds what rules match in one view of one field: each rule once at most, in the order of [`RuleSet::rules`],
    /// with the byte range in the view.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`] when patterns would have to read too much: the message must not pass.
    pub fn scan(
        &self,
        view: &str,
        chain: &Chain,
        target: &Target<'_>,
        scratch: &mut ScanScratch,
        hit: &mut dyn FnMut(&Rule, Range<usize>),
    ) -> Result<(), BudgetExceeded> {
        let kind = chain.kind();
        scratch.begin(self.rules.len(), view.len());
        let mut scan = Scan {
            set: self,
            view,
            target,
            shell: kind == ViewKind::Shell,
            prose: target.direction != Direction::REQUEST || target.roles == Roles::TEXT,
            mask: Mask::new(target.roles, target.direction, Some(&[kind])),
            scratch,
        };
        for lane in self.lanes.of(target) {
            scan.lane(lane)?;
        }
        scan.flush()?;
        if !self.lanes.old.is_empty() && chain.0.is_empty() {
            scan.old_rules(&self.lanes.old)?;
        }
        scratch.hits.sort_unstable_by_key(|(rule, range)| (*rule, range.start));
        for (n, range) in scratch.hits.drain(..) {
            if let Some(rule) = self.rules.get(n) {
                hit(rule, range);
            }
        }
        Ok(())
    }
}

impl ScanScratch {
    fn begin(&mut self, rules: usize, bytes: usize) {
        if self.rules.len() < rules || self.scan == u32::MAX {
            self.rules.clear();
            self.rules.resize(rules, Progress::default());
            self.scan = 0;
        }
        self.scan = self.scan.saturating_add(1);
        self.touched.clear();
        self.hits.clear();
        self.allowance = self.allowance.saturating_add((bytes as u64).saturating_mul(BUDGET_PER_BYTE));
    }
}

/// One scan under way.
struct Scan<'s> {
    set: &'s RuleSet,
    view: &'s str,
    target: &'s Target<'s>,
    shell: bool,
    prose: bool,
    mask: Mask,
    scratch: &'s mut ScanScratch,
}

impl Scan<'_> {
    fn lane(&mut self, lane: &Lane) -> Result<(), BudgetExceeded> {
        let Some(automaton) = &lane.automaton else { return Ok(()) };
        for found in automaton.find_overlapping_iter(self.view) {
            let Some(rules) = lane.rules.get(found.pattern().as_usize()) else { continue };
            for n in rules {
                let Some(rule) = self.set.rules.get(*n) else { continue };
                if rule.mask.meets(self.mask) {
                    self.note(*n, rule, found.range())?;
                }
            }
        }
        Ok(())
    }

    /// A literal of `rule` stands at `at`: widens the rule's waiting window, or searches it and begins another.
    fn note(&mut self, n: usize, rule: &Rule, at: Range<usize>) -> Result<(), BudgetExceeded> {
        let Matcher::Windows { reach, .. } = &rule.matcher else { return Ok(()) };
        let scan = self.scratch.scan;
        let Some(progress) = self.scratch.rules.get_mut(n) else { return Ok(()) };
        if progress.scan == scan && progress.settled {
            return Ok(());
        }
        let (start, end) = window(*reach, self.prose, self.view.len(), &at);
        if progress.scan != scan {
            let applies =
                rule.tool_globs.as_ref().is_none_or(|globs| self.target.tool.is_some_and(|tool| globs.is_match(tool)));
            *progress = Progress { scan, settled: !applies, start, end };
            if applies {
                self.scratch.touched.push(n);
            }
            return Ok(());
        }
        if start <= progress.end {
            progress.end = progress.end.max(end);
            progress.start = progress.start.min(start);
            return Ok(());
        }
        let waiting = progress.start..progress.end;
        (progress.start, progress.end) = (start, end);
        if self.search(n, rule, waiting)?
            && let Some(progress) = self.scratch.rules.get_mut(n)
        {
            progress.settled = true;
        }
        Ok(())
    }

    /// Searches every window that still waits.
    fn flush(&mut self) -> Result<(), BudgetExceeded> {
        let mut next = 0;
        while let Some(n) = self.scratch.touched.get(next).copied() {
            next = next.saturating_add(1);
            let waiting = self
                .scratch
                .rules
                .get(n)
                .filter(|progress| !progress.settled)
                .map(|progress| progress.start..progress.end);
            if let (Some(waiting), Some(rule)) = (waiting, self.set.rules.get(n)) {
                self.search(n, rule, waiting)?;
            }
        }
        Ok(())
    }

    /// Runs a rule over one window; whether there is nothing more to learn of it in this view.
    fn search(&mut self, n: usize, rule: &Rule, window: Range<usize>) -> Result<bool, BudgetExceeded> {
        let Matcher::Windows { pattern, unless, also, .. } = &rule.matcher else { return Ok(true) };
        self.spend(rule, window.len())?;
        let pattern = compiled(rule, pattern.get())?;
        let mut companions_seen = false;
        for found in pattern.find_all(self.view, window) {
            if !companions_seen {
                for companion in also {
                    self.spend(rule, self.view.len())?;
                    if !compiled(rule, companion.get())?.matches(self.view, 0..self.view.len()) {
                        return Ok(true);
                    }
                }
                companions_seen = true;
            }
            if let Some(unless) = unless {
                let round = self.round(&found);
                self.spend(rule, round.len())?;
                if compiled(rule, unless.get())?.matches(self.view, round) {
                    continue;
                }
            }
            self.scratch.hits.push((n, self.on_characters(found)));
            return Ok(true);
        }
        Ok(false)
    }

    fn old_rules(&mut self, rules: &[usize]) -> Result<(), BudgetExceeded> {
        let at = (self.target.pointer)();
        for n in rules {
            let Some(rule) = self.set.rules.get(*n) else { continue };
            let Matcher::Old { pointers, engine } = &rule.matcher else { continue };
            let concerned = pointers
                .iter()
                .any(|pointer| at.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
            if !concerned {
                continue;
            }
            self.spend(rule, self.view.len())?;
            let found = match engine {
                Engine::Linear(linear) => linear.find_all(self.view, 0..self.view.len()).next(),
                Engine::Backtracking(backtracking) => {
                    backtracking.find(self.view).map_err(|what| exceeded(rule, what))?
                }
            };
            self.scratch.hits.extend(found.map(|found| (*n, found)));
        }
        Ok(())
    }

    /// The text round a match that may excuse it: its whole lines in a list of commands, else a few words either side.
    fn round(&self, found: &Range<usize>) -> Range<usize> {
        if !self.shell {
            return found.start.saturating_sub(UNLESS_REACH)
                ..found.end.saturating_add(UNLESS_REACH).min(self.view.len());
        }
        let bytes = self.view.as_bytes();
        let before =
            bytes.get(..found.start).and_then(|head| memchr::memrchr(b'\n', head)).map_or(0, |n| n.saturating_add(1));
        let after = bytes
            .get(found.end..)
            .and_then(|tail| memchr::memchr(b'\n', tail))
            .map_or(bytes.len(), |n| found.end.saturating_add(n));
        before..after
    }

    /// Patterns match bytes; what is reported begins and ends between characters.
    fn on_characters(&self, found: Range<usize>) -> Range<usize> {
        self.view.floor_char_boundary(found.start)..self.view.ceil_char_boundary(found.end)
    }

    fn spend(&mut self, rule: &Rule, bytes: usize) -> Result<(), BudgetExceeded> {
        match self.scratch.allowance.checked_sub(bytes as u64) {
            Some(rest) => {
                self.scratch.allowance = rest;
                Ok(())
            }
            None => Err(exceeded(rule, "the message sets off too many patterns too often")),
        }
    }
}

/// Where a match that contains the literal at `at` can stand.
fn window(reach: Option<usize>, prose: bool, length: usize, at: &Range<usize>) -> (usize, usize) {
    let reach = match (reach, prose) {
        (Some(reach), true) => reach.min(PROSE_BOUND),
        (Some(reach), false) => reach,
        (None, true) => PROSE_REACH,
        // A command is read whole: padding must not push its parts out of a window.
        (None, false) => return (0, length),
    };
    (at.end.saturating_sub(reach).min(at.start), at.start.saturating_add(reach).max(at.end).min(length))
}

fn compiled<'r>(rule: &Rule, pattern: Option<&'r Linear>) -> Result<&'r Linear, BudgetExceeded> {
    pattern.ok_or_else(|| exceeded(rule, "its pattern is too large"))
}

fn exceeded(rule: &Rule, what: &'static str) -> BudgetExceeded {
    BudgetExceeded { rule: rule.info.id.to_string(), what }
}
