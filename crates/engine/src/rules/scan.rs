//! One pass over a view, then patterns where their literals stand.

use std::ops::Range;
use std::sync::Arc;

use crate::detect::{Look, Signs};
use crate::role::Roles;
use crate::views::{Chain, ViewKind};

use super::checks;
use super::compile::{Engine, Lazy, Mask, Matcher, Probe, Rule};
use super::index::{Asked, Lane, Literals, Place};
use super::needles::{Claims, Use};
use super::pattern::{Linear, Memory};
use super::{BudgetExceeded, Direction, RuleSet, Target};

/// How much text round a match `unless` looks at.
const UNLESS_REACH: usize = 256;
/// Matches of one view beyond which those of a guarding rule are not all wanted any more: more than are cut out one by one.
const MAX_HITS: usize = 1_024;
/// What a match that fails its checks costs, in bytes read: a text of nothing but look-alikes must not take for ever.
const CHECK_COST: usize = 4 << 10;
/// The most lanes that are kept: an ordinary session makes a dozen. Each takes 80 to 220 kilobytes, by how many literals
/// concern it.
const LANES: usize = 32;
/// Bytes that patterns may read of any message.
const BUDGET_BASE: u64 = 4 << 20;
/// And for each byte of its views.
const BUDGET_PER_BYTE: u64 = 12;

/// Room to scan in: one a thread, reused, so that scanning allocates nothing once warm.
#[derive(Debug, Default)]
pub struct ScanScratch {
    /// The rule set that all below is about.
    set: u64,
    scan: u32,
    /// By rule: the last scan that needs nothing more of it.
    settled: Vec<u32>,
    claims: Claims,
    /// By slot: how far a pattern has come.
    progress: Vec<Progress>,
    waiting: Vec<Place>,
    hits: Vec<(usize, Range<usize>)>,
    memory: Memory,
    lanes: Vec<Arc<Lane>>,
    allowance: u64,
}

/// How far one pattern has come in one view.
#[derive(Debug, Default, Clone, Copy)]
struct Progress {
    /// The scan this is about; any other is out of date.
    scan: u32,
    /// The window that waits to be searched; empty for none.
    start: usize,
    end: usize,
    /// Where a literal of each of its sets stood last; empty for nowhere.
    seen: [(usize, usize); 2],
}

impl ScanScratch {
    /// Gives the next message a fresh budget. To be called once a message, before its first view.
    pub fn begin_message(&mut self) {
        self.allowance = BUDGET_BASE;
    }

    fn begin_view(&mut self, set: &RuleSet, bytes: usize) {
        if self.set != set.serial || self.scan == u32::MAX {
            *self = Self { set: set.serial, allowance: self.allowance, ..Self::default() };
            self.settled.resize(set.rules.len(), 0);
            self.progress.resize(set.slots, Progress::default());
        }
        self.scan = self.scan.saturating_add(1);
        self.waiting.clear();
        self.hits.clear();
        self.allowance = self.allowance.saturating_add((bytes as u64).saturating_mul(BUDGET_PER_BYTE));
    }

    fn lane(&mut self, set: &RuleSet, mask: Mask, again: bool) -> Arc<Lane> {
        if let Some(lane) = self.lanes.iter().find(|lane| lane.mask == mask && lane.again == again) {
            return Arc::clone(lane);
        }
        if self.lanes.len() >= LANES {
            self.lanes.clear();
        }
        let lane = Arc::new(Lane::of(set, mask, again));
        self.lanes.push(Arc::clone(&lane));
        lane
    }
}

impl RuleSet {
    /// Finds what rules match in one view of one field: each rule once at most, in the order of [`RuleSet::rules`],
    /// with the byte range in the view.
    /// A view that reads as the field came, `as_it_came`, is scanned only for rules that did not see it so.
    ///
    /// # Errors
    ///
    /// [`BudgetExceeded`] when patterns would have to read too much: the message must not pass.
    pub fn scan(
        &self,
        view: &str,
        chain: &Chain,
        as_it_came: bool,
        target: &Target<'_>,
        scratch: &mut ScanScratch,
        hit: &mut dyn FnMut(&Rule, Range<usize>),
    ) -> Result<(), BudgetExceeded> {
        let kind = chain.kind();
        let mask = Mask::new(target.roles, target.direction, Some(&[kind]));
        let again = as_it_came && !chain.0.is_empty();
        if again && !self.index.not_raw.is_some_and(|rules| rules.meets(mask)) {
            return Ok(());
        }
        scratch.begin_view(self, view.len());
        let lane = scratch.lane(self, mask, again);
        let mut scan = Scan {
            set: self,
            view,
            target,
            shell: kind == ViewKind::Shell,
            prose: target.direction != Direction::REQUEST || target.roles == Roles::TEXT,
            lane: &lane,
            scratch,
        };
        scan.literals(&self.index.literals)?;
        scan.flush()?;
        let signs = Signs::of(view);
        for (asked, kinds) in self.index.families.iter().zip(&lane.kinds).filter(|(_, kinds)| **kinds != 0) {
            scan.detect(asked, *kinds, chain, &signs)?;
        }
        if !self.index.old.is_empty() && chain.0.is_empty() {
            scan.old_rules(&self.index.old)?;
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

/// One scan under way.
struct Scan<'s> {
    set: &'s RuleSet,
    view: &'s str,
    target: &'s Target<'s>,
    shell: bool,
    prose: bool,
    lane: &'s Lane,
    scratch: &'s mut ScanScratch,
}

impl Scan<'_> {
    fn literals(&mut self, literals: &Literals) -> Result<(), BudgetExceeded> {
        let (lane, mut claims) = (self.lane, std::mem::take(&mut self.scratch.claims));
        let found = literals.needles.find(self.view.as_bytes(), &lane.needles, &mut claims, &mut |literal, at| {
            let mut left = Use::Spent;
            for place in literals.places(literal) {
                if !lane.wants(place.rule()) || self.is_decided(*place) {
                    continue;
                }
                self.note(*place, &at)?;
                if !self.is_decided(*place) {
                    left = Use::Live;
                }
            }
            Ok(left)
        });
        self.scratch.claims = claims;
        found
    }

    /// Whether a further literal changes nothing for a pattern: its rule is settled, or it will be searched for in all of
    /// the view.
    fn is_decided(&self, place: Place) -> bool {
        let waiting = self.scratch.progress.get(place.slot());
        self.is_settled(place.rule())
            || waiting.is_some_and(|p| p.scan == self.scratch.scan && p.start == 0 && p.end >= self.view.len())
    }

    fn is_settled(&self, rule: usize) -> bool {
        self.scratch.settled.get(rule) == Some(&self.scratch.scan)
    }

    fn settle(&mut self, rule: usize) {
        if let Some(settled) = self.scratch.settled.get_mut(rule) {
            *settled = self.scratch.scan;
        }
    }

    /// A literal stands at `at`: once each of the pattern's sets has one near enough, widens the window that waits to be
    /// searched, or searches it and begins another.
    fn note(&mut self, place: Place, at: &Range<usize>) -> Result<(), BudgetExceeded> {
        let scan = self.scratch.scan;
        let Some(progress) = self.scratch.progress.get_mut(place.slot()) else { return Ok(()) };
        if progress.scan != scan {
            *progress = Progress { scan, ..Progress::default() };
        }
        let mut other = None;
        if place.paired {
            let [first, second] = &mut progress.seen;
            let (own, others) = if place.gate == 0 { (first, second) } else { (second, first) };
            *own = (at.start, at.end);
            if others.1 == 0 {
                return Ok(());
            }
            other = Some(others.0..others.1);
        }
        let Some(rule) = self.set.rules.get(place.rule()) else { return Ok(()) };
        let waiting = progress.start..progress.end;
        if waiting.is_empty() && !rule.concerns_tool(self.target.tool) {
            self.settle(place.rule());
            return Ok(());
        }
        let Some(probe) = rule.probes().get(place.probe()) else { return Ok(()) };
        let window = probe.hint.window(self.prose, self.view.as_bytes(), place.gate.into(), at, other.as_ref());
        let Some(window) = window else { return Ok(()) };
        if waiting.is_empty() {
            self.scratch.waiting.push(place);
        } else if window.start <= waiting.end {
            progress.start = waiting.start.min(window.start);
            progress.end = waiting.end.max(window.end);
            return Ok(());
        }
        (progress.start, progress.end) = (window.start, window.end);
        if waiting.is_empty() { Ok(()) } else { self.search(place, rule, probe, waiting) }
    }

    /// Searches every window that still waits.
    fn flush(&mut self) -> Result<(), BudgetExceeded> {
        let mut next = 0;
        while let Some(place) = self.scratch.waiting.get(next).copied() {
            next = next.saturating_add(1);
            let Some(rule) = self.set.rules.get(place.rule()).filter(|_| !self.is_settled(place.rule())) else {
                continue;
            };
            let Some(probe) = rule.probes().get(place.probe()) else { continue };
            let waiting = self.scratch.progress.get(probe.pattern.slot).map(|progress| progress.start..progress.end);
            if let Some(waiting) = waiting {
                self.search(place, rule, probe, waiting)?;
            }
        }
        Ok(())
    }

    /// Runs a pattern over one window, and settles its rule when there is nothing more to learn of it in this view.
    fn search(&mut self, place: Place, rule: &Rule, probe: &Probe, window: Range<usize>) -> Result<(), BudgetExceeded> {
        let mut rest = window;
        while let Some(found) = self.find(rule, &probe.pattern, rest.clone())? {
            let secret = compiled(rule, &probe.pattern)?.secret(
                &mut self.scratch.memory,
                probe.pattern.slot,
                self.view,
                found.clone(),
            );
            // What follows the secret may begin another match.
            let next = secret.end;
            self.consider(place.rule(), rule, &found, secret)?;
            if self.is_settled(place.rule()) {
                return Ok(());
            }
            rest.start = next.max(found.start.saturating_add(1));
            if rest.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Takes a match as a hit, or not, by the rule's conditions, and settles the rule when no other match could change that.
    /// What a guarding rule finds is wanted all, not only the first.
    fn consider(
        &mut self,
        n: usize,
        rule: &Rule,
        found: &Range<usize>,
        secret: Range<usize>,
    ) -> Result<(), BudgetExceeded> {
        let secret = self.on_characters(&secret);
        let whole = self.on_characters(found);
        let shown = checks::Match {
            text: self.view.get(whole).unwrap_or_default(),
            secret: self.view.get(secret.clone()).unwrap_or_default(),
            leaves: self.target.direction == Direction::REQUEST,
        };
        if !checks::pass(&rule.conditions.checks, shown) {
            return self.spend(rule, CHECK_COST);
        }
        for companion in &rule.conditions.also {
            if !self.matches(rule, companion, 0..self.view.len())? {
                self.settle(n);
                return Ok(());
            }
        }
        let excused = match &rule.conditions.unless {
            Some(unless) => self.matches(rule, unless, self.round(found))?,
            None => false,
        };
        if !excused {
            self.scratch.hits.push((n, secret));
            if !rule.guards || self.scratch.hits.len() > MAX_HITS {
                self.settle(n);
            }
        }
        Ok(())
    }

    /// Has a family of detectors look at the view, and hands what it finds to the rules that ask for it.
    fn detect(&mut self, asked: &Asked, kinds: u64, chain: &Chain, signs: &Signs) -> Result<(), BudgetExceeded> {
        let Target { roles, direction, tool, .. } = *self.target;
        let look =
            Look { view: self.view, signs, chain, roles, direction, tool, meaning: self.set.meaning.as_ref(), kinds };
        let mut outcome = Ok(());
        (asked.family.look)(&look, &mut |kind, range| {
            for &n in asked.rules.get(kind).map_or(&[][..], Vec::as_slice) {
                let Some(rule) = self.set.rules.get(n) else { continue };
                if outcome.is_ok() && self.lane.wants(n) && !self.is_settled(n) && rule.concerns_tool(tool) {
                    outcome = self.consider(n, rule, &range, range.clone());
                }
            }
        });
        outcome
    }

    fn find(&mut self, rule: &Rule, lazy: &Lazy, range: Range<usize>) -> Result<Option<Range<usize>>, BudgetExceeded> {
        let found = compiled(rule, lazy)?.find(&mut self.scratch.memory, lazy.slot, self.view, range.clone());
        let read = found.as_ref().map_or(range.end, |found| found.end).saturating_sub(range.start);
        self.spend(rule, read)?;
        Ok(found)
    }

    fn matches(&mut self, rule: &Rule, lazy: &Lazy, range: Range<usize>) -> Result<bool, BudgetExceeded> {
        self.spend(rule, range.len())?;
        Ok(compiled(rule, lazy)?.matches(&mut self.scratch.memory, lazy.slot, self.view, range))
    }

    fn old_rules(&mut self, rules: &[usize]) -> Result<(), BudgetExceeded> {
        let at = (self.target.pointer)();
        for n in rules {
            let Some(rule) = self.set.rules.get(*n) else { continue };
            let Matcher::Old { pointers, slot, engine } = &rule.matcher else { continue };
            let concerned = pointers
                .iter()
                .any(|pointer| at.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
            if !concerned {
                continue;
            }
            self.spend(rule, self.view.len())?;
            let found = match engine {
                Engine::Linear(linear) => linear.find(&mut self.scratch.memory, *slot, self.view, 0..self.view.len()),
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
        // A line break that a match begins or ends with does not make it part of another line.
        let text = bytes.get(found.clone()).unwrap_or_default();
        let leading = text.iter().take_while(|&&byte| byte == b'\n').count();
        let trailing = text.iter().rev().take_while(|&&byte| byte == b'\n').count();
        let found = if leading < text.len() {
            found.start.saturating_add(leading)..found.end.saturating_sub(trailing)
        } else {
            found.clone()
        };
        let before =
            bytes.get(..found.start).and_then(|head| memchr::memrchr(b'\n', head)).map_or(0, |n| n.saturating_add(1));
        let after = bytes
            .get(found.end..)
            .and_then(|tail| memchr::memchr(b'\n', tail))
            .map_or(bytes.len(), |n| found.end.saturating_add(n));
        before..after
    }

    /// Patterns match bytes; what is reported begins and ends between characters.
    fn on_characters(&self, found: &Range<usize>) -> Range<usize> {
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

fn compiled<'r>(rule: &Rule, lazy: &'r Lazy) -> Result<&'r Linear, BudgetExceeded> {
    lazy.get().ok_or_else(|| exceeded(rule, "a pattern is too large"))
}

fn exceeded(rule: &Rule, what: &'static str) -> BudgetExceeded {
    BudgetExceeded { rule: rule.info.id.to_string(), what }
}
