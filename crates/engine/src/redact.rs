//! Redaction: placeholders in place of what must not be passed on, and every other byte of the line as it came.
//!
//! What a rule found in a field as it came is cut out there. What it found in a decoding is looked for piece by piece: the
//! smallest piece of the field that decodes to it is cut out whole. The outcome is read again by the same rules; where one
//! still finds something, or no piece was to blame, the whole field goes.

use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::Arc;

use memchr::memmem;

use crate::finding::RuleInfo;
use crate::role::Roles;
use crate::secret;
use crate::views::{Chain, ViewLimits, each_view};

/// The most secrets of one field that are cut out one by one; beyond it the whole field goes.
const MAX_MARKS: usize = 1_000;
/// The most different ones that hide in decodings: each is looked for in the field.
const MAX_HIDDEN: usize = 32;
/// The most pieces of one field that are decoded to find what hides in them.
const MAX_PIECES: usize = 512;

/// Tells secrets apart without giving anything of them away: equal ones have equal tags, as long as this key lives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seal(RandomState);

impl Seal {
    /// What stands in place of `secret`.
    fn placeholder(&self, rule: &RuleInfo, secret: &str) -> String {
        let name = rule.id.to_ascii_lowercase();
        let name = name.strip_prefix("sec-").unwrap_or(&name);
        format!("[REDACTED:{name}:{:04x}]", self.0.hash_one(secret) & 0xffff)
    }
}

/// What is to be cut out of one field.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// In the field as it came.
    shown: Vec<(Range<usize>, Arc<RuleInfo>)>,
    /// In one of its decodings: the secret itself.
    hidden: Vec<(String, Arc<RuleInfo>)>,
    /// There are too many.
    overflow: bool,
}

/// One stretch of a text and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

impl Marks {
    /// Marks what `rule` found at `span` of a view.
    pub(crate) fn add(&mut self, rule: &Arc<RuleInfo>, view: &str, chain: &Chain, span: Range<usize>) {
        if self.overflow || self.shown.len() >= MAX_MARKS || self.hidden.len() >= MAX_HIDDEN {
            self.overflow = true;
            return;
        }
        let covered = |(known, _): &(Range<usize>, _)| known.start <= span.start && span.end <= known.end;
        if chain.0.is_empty() && self.shown.last().is_some_and(covered) {
            return;
        }
        let span = secret::whole(view, span);
        if chain.0.is_empty() {
            self.shown.push((span, Arc::clone(rule)));
            return;
        }
        let secret = view.get(span).unwrap_or_default();
        if !secret.is_empty() && !self.hidden.iter().any(|(known, _)| known == secret) {
            self.hidden.push((secret.to_owned(), Arc::clone(rule)));
        }
    }

    /// Forgets what `rule` marked, since an exception lets it pass.
    pub(crate) fn forget(&mut self, rule: &RuleInfo) {
        self.shown.retain(|(_, known)| known.id != rule.id);
        self.hidden.retain(|(_, known)| known.id != rule.id);
    }

    fn first_rule(&self) -> Option<&Arc<RuleInfo>> {
        self.shown.first().map(|(_, rule)| rule).or(self.hidden.first().map(|(_, rule)| rule))
    }

    /// The cuts that take all marks out of `text`, in order and apart; none where nothing is marked. `is_clean` says
    /// whether the text that they leave shows nothing any more.
    pub(crate) fn cuts(
        self,
        text: &str,
        roles: Roles,
        limits: &ViewLimits,
        seal: &Seal,
        is_clean: &mut dyn FnMut(&str) -> bool,
    ) -> Vec<Cut> {
        let Some(first) = self.first_rule().cloned() else { return Vec::new() };
        let everything = || vec![Cut { range: 0..text.len(), with: seal.placeholder(&first, text) }];
        if self.overflow {
            return everything();
        }
        let mut cuts: Vec<Cut> = Vec::new();
        for (range, rule) in &self.shown {
            let with = seal.placeholder(rule, text.get(range.clone()).unwrap_or_default());
            cuts.push(Cut { range: range.clone(), with });
        }
        let Some(hidden) = self.pieces(text, roles, limits, seal) else { return everything() };
        cuts.extend(hidden);
        let cuts = apart(cuts);
        if is_clean(&apply(text, &cuts)) { cuts } else { everything() }
    }

    /// The pieces of `text` that hide something; `None` where something hides in none of them.
    fn pieces(&self, text: &str, roles: Roles, limits: &ViewLimits, seal: &Seal) -> Option<Vec<Cut>> {
        let mut cuts = Vec::new();
        let mut wanted: Vec<(&str, String)> = Vec::new();
        for (secret, rule) in &self.hidden {
            let with = seal.placeholder(rule, secret);
            let mut open = memmem::find_iter(text.as_bytes(), secret).take(MAX_MARKS).peekable();
            if open.peek().is_none() {
                wanted.push((secret, with));
                continue;
            }
            cuts.extend(open.map(|at| Cut { range: at..at.saturating_add(secret.len()), with: with.clone() }));
        }
        let mut budget = MAX_PIECES;
        for is_edge in [is_mark as fn(char) -> bool, char::is_whitespace] {
            let shortest = wanted.iter().map(|(secret, _)| secret.len()).min().unwrap_or(usize::MAX);
            let mut seen = vec![false; wanted.len()];
            for (at, piece) in text.split(is_edge).map(|piece| (offset(text, piece), piece)) {
                if piece.len() < shortest {
                    continue;
                }
                budget = budget.checked_sub(1)?;
                let mut hides = None;
                each_view(piece, roles, limits, &mut |view, _| {
                    for ((secret, with), seen) in wanted.iter().zip(&mut seen) {
                        if view.contains(secret) {
                            *seen = true;
                            hides.get_or_insert_with(|| with.clone());
                        }
                    }
                });
                cuts.extend(hides.map(|with| Cut { range: at..at.saturating_add(piece.len()), with }));
            }
            let mut seen = seen.iter();
            wanted.retain(|_| seen.next() == Some(&false));
        }
        wanted.is_empty().then_some(cuts)
    }
}

/// What stands between the values of a text, whatever its format. No encoding needs one of these but HTML, whose pieces
/// are found between blanks.
fn is_mark(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '"' | '\'' | '`' | ',' | ';' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '&' | '?')
}

/// Where `piece` begins in the `text` that it is a piece of.
fn offset(text: &str, piece: &str) -> usize {
    (piece.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// Cuts in order, those that touch made one.
fn apart(mut cuts: Vec<Cut>) -> Vec<Cut> {
    cuts.retain(|cut| !cut.range.is_empty());
    cuts.sort_by_key(|cut| (cut.range.start, std::cmp::Reverse(cut.range.end)));
    let mut apart: Vec<Cut> = Vec::with_capacity(cuts.len());
    for cut in cuts {
        match apart.last_mut() {
            Some(last) if cut.range.start < last.range.end => last.range.end = last.range.end.max(cut.range.end),
            _ => apart.push(cut),
        }
    }
    apart
}

/// `text` with its cuts made; they must be in order and apart.
pub(crate) fn apply(text: &str, cuts: &[Cut]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for cut in cuts {
        out.push_str(text.get(at..cut.range.start).unwrap_or_default());
        out.push_str(&cut.with);
        at = cut.range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests;
