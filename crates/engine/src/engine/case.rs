//! One message under inspection: its fields, their views, and what is found in them.

use vanguard_wire::Message;

use super::{Bench, Looks};
use crate::behaviour::{Effects, Noted};
use crate::checks::{Check, Said};
use crate::fields::Field;
use crate::finding::{Action, Evidence, Finding, Layer};
use crate::hosts::{Lead, Led};
use crate::meaning::{Ground, Suspicion};
use crate::memo::Looked;
use crate::pairs::Pairs;
use crate::pins::{Difference, Drift, Known, Watch};
use crate::policy::{Place, Profile};
use crate::redact::{Cut, Marks};
use crate::role::{Roles, name::sends_outward};
use crate::rules::{Direction, Rule, ScanScratch, Target};
use crate::session::Exchange;
use crate::verdict::Coverage;
use crate::views::{each_view, each_view_while};
use crate::zone::Found;

/// The most findings of one message that are kept; beyond it only a finding that asks for more than all before.
pub const MAX_FINDINGS: usize = 64;
/// The most views that something acts on, in one message: beyond it the message is an attack on its reader.
pub const MAX_ACTING: usize = 16_384;
/// How much of a message is looked at, in bytes of views, although it is refused already: to tell what else is in it.
const ENOUGH: usize = 256 << 10;

/// One message under inspection.
pub(super) struct Case<'b, 'e> {
    pub(super) bench: &'b Bench<'e>,
    pub(super) exchange: &'b Exchange,
    pub(super) findings: Findings,
    pub(super) coverage: Coverage,
    /// What must not be passed on, in bytes of the line.
    pub(super) cuts: Vec<Cut>,
    pub(super) pairs: Pairs,
    /// Views so far that something acts on.
    pub(super) acting: usize,
    /// Bytes of views so far.
    pub(super) inspected: usize,
    /// Whether some budget is spent: what was not seen may hide anything.
    pub(super) exhausted: bool,
    /// Whether not all was looked at since it was refused anyway.
    pub(super) settled: bool,
    /// Whether a policy decision point has said that the call may be made.
    pub(super) ruled: bool,
}

/// What was found so far: bounded, and never at the price of a harder finding.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Finding>,
    pub(super) hardest: Option<Action>,
}

impl Findings {
    pub(super) fn add(&mut self, finding: Finding) {
        let asks = finding.effective();
        if self.keeps(asks) {
            self.hardest = self.hardest.max(Some(asks));
            self.list.push(finding);
        }
    }

    /// Whether a finding that asks for this is kept. Else a flood of warnings would hide the one that refuses.
    fn keeps(&self, asks: Action) -> bool {
        self.list.len() < MAX_FINDINGS || Some(asks) > self.hardest
    }

    /// Whether nothing that comes could change the verdict, nor be kept, or need be after so many bytes. What only warns
    /// where the proxy `monitors` must not hide what refuses there, too.
    fn is_settled(&self, inspected: usize, monitors: bool) -> bool {
        let refused = self.hardest == Some(Action::Block) && !monitors;
        !self.keeps(Action::Block) || (refused && inspected > ENOUGH)
    }
}

impl Case<'_, '_> {
    /// Takes note of a path that does not keep to its zones.
    pub(super) fn breach(&mut self, field: &Field<'_, '_>, found: &Found) {
        self.note(Check::Zone(found.breach), found.action, field, &found.evidence);
    }

    /// Adds a finding of the engine's own in a field.
    pub(super) fn note(&mut self, check: Check, action: Action, field: &Field<'_, '_>, evidence: &str) {
        let pointer = field.place.pointer();
        let own = self.bench.own_finding(check, action);
        let tool = self.exchange.tool.as_deref();
        self.place(own, tool, pointer, &field.text, evidence);
    }

    /// Adds it where it was made, unless the policy has turned it off, and says what it asks for.
    fn place(&mut self, own: Finding, tool: Option<&str>, pointer: String, value: &str, evidence: &str) -> Action {
        let who = self.bench.session.who();
        let place = Place { tool, pointer: &pointer, value, who, now: self.bench.now };
        let excepted = self.bench.engine.policy.excepted(&own.rule.id, &place).map(Into::into);
        let finding = Finding { evidence: Evidence::new(evidence, false), pointer, excepted, ..own };
        let asks = finding.effective();
        if asks > Action::Off {
            self.findings.add(finding);
        }
        asks
    }

    /// Takes note of what who calls a tool lacks.
    pub(super) fn access(&mut self, message: &Message<'_, '_>) {
        let bench = self.bench;
        let Some(tool) = bench.engine.policy.limited(message, bench.flow) else { return };
        for (lack, what) in bench.engine.policy.lacking(bench.session.who(), &tool) {
            let own = self.bench.own_finding(Check::Access(lack), Action::Block);
            self.place(own, Some(&tool), "/params/name".to_owned(), &tool, &what);
        }
    }

    /// Takes note of what was said of the session's texts after they had passed, where a call with these `effects` acts.
    pub(super) fn suspected(&mut self, effects: Option<Effects>) {
        if !effects.is_some_and(|effects| effects.intersects(Effects::SENDS | Effects::RUNS)) {
            return;
        }
        let bench = self.bench;
        let mut found = Vec::new();
        bench.session.risk().each(bench.ms, &mut |ground, suspicion| found.push((ground, suspicion.clone())));
        for (ground, Suspicion { action, evidence, .. }) in found {
            let said = if ground == Ground::Scored { Said::Before } else { Said::Nothing };
            let own = Finding { layer: Layer::L2, ..bench.own_finding(Check::Meaning(said), action) };
            let tool = self.exchange.tool.as_deref();
            self.place(own, tool, String::new(), "", &evidence);
        }
    }

    /// Takes note of what shows only over time.
    pub(super) fn behaved(&mut self, noted: Noted) {
        let Noted { info, action, pointer, evidence } = noted;
        let action = self.bench.engine.policy.action(&info.id, action);
        let own = Finding { rule: info, layer: Layer::L3, action, ..self.bench.own_finding(Check::Budget, action) };
        let tool = self.exchange.tool.as_deref();
        self.place(own, tool, pointer, "", &evidence);
    }

    /// Holds what a server says of itself against its pins, and has what passes pinned. It comes last: what is refused for any
    /// reason is not what a person has seen.
    pub(super) fn pins(&mut self, watch: &Watch<'_, '_, '_>) {
        let Known { book, mut trouble } = watch.known();
        let mut seen = watch.look(&book, &mut |found| self.drifted(&found));
        if self.exhausted || self.findings.hardest >= Some(Action::Review) {
            seen.refused();
        }
        if !seen.is_empty()
            && let Err(why) = watch.keep(seen)
        {
            trouble.get_or_insert(why);
        }
        if let Some(trouble) = trouble {
            let (pointer, evidence) = (String::new(), trouble.to_string());
            self.drifted(&Difference { drift: Drift::Store, pointer, tool: None, evidence });
        }
    }

    /// Takes note of something that is not as it was pinned, and says whether it passes.
    fn drifted(&mut self, found: &Difference<'_>) -> bool {
        let strict = self.bench.engine.policy.profile == Profile::Strict;
        let own = self.bench.own_finding(Check::Pin(found.drift), found.drift.action(strict));
        let own = Finding { layer: Layer::L3, ..own };
        self.place(own, found.tool, found.pointer.clone(), found.tool.unwrap_or_default(), &found.evidence)
            < Action::Review
    }

    /// Takes note of where a host name leads, and judges the address in its place.
    pub(super) fn led(&mut self, led: &Led<'_, '_>, looks: &mut Looks) {
        let action = led.lead.action(self.bench.engine.policy.profile == Profile::Strict);
        self.note(Check::Host(led.lead), action, &led.field, &led.evidence);
        if led.lead == Lead::Inward {
            self.inspect(&led.field, looks);
        }
    }

    /// Looks at one field, unless it was looked at a moment ago and was clean.
    pub(super) fn inspect(&mut self, field: &Field<'_, '_>, looks: &mut Looks) {
        if field.roles.contains(Roles::OPAQUE) {
            self.coverage.opaque = self.coverage.opaque.saturating_add(1);
            return;
        }
        self.coverage.fields = self.coverage.fields.saturating_add(1);
        if field.direction == Direction::REQUEST {
            self.pairs.add(&field.text);
        }
        let monitors = self.bench.engine.policy.profile == Profile::Monitor;
        if self.exhausted || self.findings.is_settled(self.inspected, monitors) {
            self.settled = true;
            self.coverage.truncated = self.coverage.truncated.saturating_add(1);
            return;
        }
        let (rules, tool) = (&self.bench.engine.rules, self.exchange.tool.as_deref());
        if let Some(looked) = looks.memo.recall(rules, field, tool) {
            let acting = if field.roles == Roles::TEXT { 0 } else { looked.views as usize };
            self.acting = self.acting.saturating_add(acting);
            self.inspected = self.inspected.saturating_add(looked.bytes);
            self.coverage.views = self.coverage.views.saturating_add(looked.views);
            self.exhausted |= self.acting > MAX_ACTING;
        } else if let Some(looked) = self.look(field, &mut looks.scan) {
            looks.memo.keep(rules, field, tool, looked);
        }
    }

    /// Looks at every view of one field with every rule that reads such fields. Says what it took if all was seen and nothing
    /// found.
    fn look(&mut self, field: &Field<'_, '_>, scan: &mut ScanScratch) -> Option<Looked> {
        let monitors = self.bench.engine.policy.profile == Profile::Monitor;
        let engine = self.bench.engine;
        let first = self.findings.list.len();
        let findings = &mut self.findings;
        let acts = usize::from(field.roles != Roles::TEXT);
        let (acting, inspected, exhausted) = (&mut self.acting, &mut self.inspected, &mut self.exhausted);
        let settled = &mut self.settled;
        let (mut bytes, mut clean) = (0_usize, true);
        let mut marks = Marks::default();
        let pointer = || field.place.pointer();
        let target = Target {
            roles: field.roles,
            direction: field.direction,
            tool: self.exchange.tool.as_deref(),
            pointer: &pointer,
        };
        let stats = each_view_while(&field.text, field.roles, &engine.views, &mut |view, chain| {
            *acting = acting.saturating_add(acts);
            *inspected = inspected.saturating_add(view.len());
            bytes = bytes.saturating_add(view.len());
            *exhausted |=
                *acting > MAX_ACTING || self.bench.deadline.is_some_and(|deadline| deadline.is_over(view.len()));
            if *exhausted {
                return false;
            }
            let scanned = engine.rules.scan(view, chain, view == field.text, &target, scan, &mut |rule, span| {
                let action = asks(rule, field, self.exchange.tool.as_deref());
                if action == Action::Off {
                    return;
                }
                clean = false;
                let known = findings.list.iter().skip(first).find(|f| f.rule.id == rule.info.id);
                if action == Action::Redact && known.is_none_or(|finding| finding.excepted.is_none()) {
                    marks.add(&rule.info, view, chain, span.clone());
                }
                // What is to be cut out is marked although it is not kept, and an exception takes the mark back.
                if known.is_some() || !(findings.keeps(action) || action == Action::Redact) {
                    return;
                }
                let matched = view.get(span.clone()).unwrap_or_default();
                let pointer = field.place.pointer();
                let place = Place {
                    tool: self.exchange.tool.as_deref(),
                    pointer: &pointer,
                    value: &field.text,
                    who: self.bench.session.who(),
                    now: self.bench.now,
                };
                let excepted = engine.policy.excepted(&rule.info.id, &place);
                if excepted.is_some() {
                    marks.forget(&rule.info);
                }
                findings.add(Finding {
                    excepted: excepted.map(Into::into),
                    rule: rule.info.clone(),
                    layer: rule.layer(),
                    action,
                    pointer,
                    span,
                    chain: chain.clone(),
                    evidence: Evidence::new(matched, rule.secret),
                });
            });
            *exhausted |= scanned.is_err();
            let goes_on = !*exhausted && !findings.is_settled(*inspected, monitors);
            // What was not looked at is not known to be clean.
            clean &= goes_on;
            *settled |= !goes_on;
            goes_on
        });
        self.exhausted |= stats.overrun;
        self.coverage.views = self.coverage.views.saturating_add(stats.views);
        if self.exhausted {
            return None;
        }
        // What is refused is not passed on without its secrets either.
        if self.findings.hardest <= Some(Action::Redact) {
            self.cut(field, &target, marks, scan);
        }
        if stats.truncated {
            self.coverage.truncated = self.coverage.truncated.saturating_add(1);
            let action = if engine.policy.profile == Profile::Strict { Action::Block } else { Action::Warn };
            let pointer = field.place.pointer();
            self.findings.add(Finding { pointer, ..self.bench.own_finding(Check::Uninspected, action) });
        }
        (clean && !stats.truncated).then_some(Looked { views: stats.views, bytes })
    }
}

impl Case<'_, '_> {
    /// Turns what is marked in a field into cuts of the line.
    fn cut(&mut self, field: &Field<'_, '_>, target: &Target<'_>, marks: Marks, scan: &mut ScanScratch) {
        let engine = self.bench.engine;
        let findings = &self.findings.list;
        let spared = |rule: &Rule| findings.iter().any(|f| f.excepted.is_some() && f.rule.id == rule.info.id);
        let mut is_clean = |text: &str| {
            let mut clean = true;
            each_view(text, field.roles, &engine.views, &mut |view, chain| {
                let mut hit = |rule: &Rule, _| clean &= rule.action != Action::Redact || spared(rule);
                clean &= engine.rules.scan(view, chain, view == text, target, scan, &mut hit).is_ok();
            });
            clean
        };
        let cuts = marks.cuts(&field.text, field.roles, &engine.views, &engine.seal, &mut is_clean);
        let ranges: Vec<_> = cuts.iter().map(|cut| cut.range.clone()).collect();
        let ranges = field.place.source_ranges(&ranges);
        self.cuts.extend(ranges.into_iter().zip(cuts).map(|(range, cut)| Cut { range, ..cut }));
    }
}

/// What `rule` asks for in `field`. A request is never altered: what a guarding rule finds in one is refused where the tool
/// sends outward, and else recorded, since a key in a file that is written may be what was asked for. An argument that is
/// there for a credential may hold one.
fn asks(rule: &Rule, field: &Field<'_, '_>, tool: Option<&str>) -> Action {
    if !rule.guards || field.direction != Direction::REQUEST || rule.action <= Action::Warn {
        return rule.action;
    }
    match rule.action {
        _ if field.roles.contains(Roles::SECRET) => Action::Off,
        Action::Redact if tool.is_some_and(sends_outward) => Action::Block,
        Action::Redact => Action::Warn,
        harder => harder,
    }
}
