//! What of a question may leave the machine: its texts without their secrets.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::finding::mask;
use crate::redact::{Cut, Marks, Seal};
use crate::role::Roles;
use crate::rules::{Direction, Rule, RuleSet, ScanScratch, Target};
use crate::views::{Chain, ViewLimits, each_view};

use super::question::{Part, Subject};

/// A question as it may be sent to others.
///
/// INVARIANT: made by [`super::Question::masked`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    pub(super) subject: Subject,
    pub(super) text: String,
}

impl Masked {
    /// What it is about.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The tool, the places in the message, and what stands there.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Takes a secret: the rule, the view, how it came to be, and where in it.
type Hit<'h> = dyn FnMut(&Rule, &str, &Chain, Range<usize>) + 'h;

/// Takes secrets out of texts, by the rules that guard them.
pub(crate) struct Masker {
    rules: Arc<RuleSet>,
    views: ViewLimits,
    seal: Seal,
    scratch: Mutex<ScanScratch>,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Masker").finish_non_exhaustive()
    }
}

impl Masker {
    pub(crate) fn new(rules: Arc<RuleSet>, views: ViewLimits, seal: Seal) -> Self {
        Self { rules, views, seal, scratch: Mutex::default() }
    }

    /// The part's text without what is secret in it. What stands around the text is looked at, too: the half of a key is no key that a
    /// rule knows.
    pub(super) fn mask(&self, part: &Part) -> String {
        if part.roles.contains(Roles::SECRET) {
            return "[a credential]".to_owned();
        }
        let scratch = &mut *self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        scratch.begin_message();
        let mut marks = Marks::default();
        let mut whole = self.each_secret(part, &part.around, scratch, &mut |rule, view, chain, span| {
            marks.add(&rule.info, view, chain, span);
        });
        let cuts = marks.cuts(&part.around, part.roles, &self.views, &self.seal, &mut |text| {
            let mut clean = true;
            whole &= self.each_secret(part, text, scratch, &mut |_, _, _, _| clean = false);
            clean
        });
        if !whole {
            return "[not looked through]".to_owned();
        }
        mask(&within(&part.around, &part.core, &cuts)).into_owned()
    }

    /// Calls `hit` with each secret in a text of `part`. False where it could not be looked through.
    fn each_secret(&self, part: &Part, text: &str, scratch: &mut ScanScratch, hit: &mut Hit<'_>) -> bool {
        let mut whole = true;
        let pointer = || part.pointer.clone();
        let tool = part.tool.as_deref();
        // A rule that guards one way only knows a secret whichever way it goes.
        let ways = [(part.roles, Direction::REQUEST), (part.roles | Roles::TEXT, Direction::RESPONSE)];
        for (roles, direction) in ways {
            let target = Target { roles, direction, tool, pointer: &pointer };
            let stats = each_view(text, roles, &self.views, &mut |view, chain| {
                let scanned = self.rules.scan(view, chain, view == text, &target, scratch, &mut |rule, span| {
                    if rule.guards || rule.secret {
                        hit(rule, view, chain, span);
                    }
                });
                whole &= scanned.is_ok();
            });
            whole &= !stats.overrun;
        }
        whole
    }
}

/// The `core` of a text with the cuts that touch it made.
fn within(text: &str, core: &Range<usize>, cuts: &[Cut]) -> String {
    let mut out = String::with_capacity(core.len());
    let mut at = core.start;
    for cut in cuts.iter().filter(|cut| cut.range.start < core.end && cut.range.end > core.start) {
        out.push_str(text.get(at..cut.range.start.max(at)).unwrap_or_default());
        out.push_str(&cut.with);
        at = cut.range.end.min(core.end);
    }
    out.push_str(text.get(at..core.end).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reaches_over_an_edge_is_cut_out_as_far_as_it_lies_within() {
        let cut = |range: Range<usize>| Cut { range, with: "*".to_owned() };
        assert_eq!(within("0123456789", &(2..8), &[cut(0..3), cut(5..6), cut(7..10)]), "*34*6*");
        assert_eq!(within("0123456789", &(2..8), &[cut(0..2), cut(8..9)]), "234567");
        assert_eq!(within("0123456789", &(2..8), &[cut(0..10)]), "*");
    }
}
