//! The way of a message: bytes, message, fields, views, findings, verdict, effect.

use std::borrow::Cow;
use std::time::Duration;

use vanguard_wire::{Body, Fault, Limits, Message, Packet, Tape, canonical, reply};

use crate::checks::{Check, Checks};
use crate::deadline::Deadline;
use crate::denial::Denial;
use crate::fields::{Field, each_field};
use crate::finding::{Action, Evidence, Finding, Layer, RuleInfo};
use crate::hosts::{Hosts, Lead, Led};
use crate::memo::{Looked, Memo};
use crate::pairs::Pairs;
use crate::policy::{DenyAs, Place, Policy, Profile};
use crate::redact::{Cut, Marks, Seal, apply};
use crate::role::{Heard, Roles, name::sends_outward};
use crate::rules::{Direction, Rule, RuleSet, ScanScratch, Target};
use crate::session::{Exchange, Session, SessionFault};
use crate::verdict::{Answer, Coverage, Decision, Effect, Flow, Judged, Permit, Timing, Verdict};
use crate::views::{Chain, ViewLimits, each_view, each_view_while};
use crate::zone::{Found, Guard};

/// The most findings of one message that are kept; beyond it only a finding that asks for more than all before.
pub const MAX_FINDINGS: usize = 64;
/// How long the inspection of a message may take for each megabyte that it begins, unless [`Engine::within`] says otherwise.
/// Generous, since the clock also counts while others run: a quarter of a second refused a source file on a busy machine.
pub const INSPECTION: Duration = Duration::from_millis(1_500);
/// The most views that something acts on, in one message: beyond it the message is an attack on its reader.
pub const MAX_ACTING: usize = 16_384;
/// How much of a message is looked at, in bytes of views, although it is refused already: to tell what else is in it.
const ENOUGH: usize = 256 << 10;

/// The clock, as an argument: decisions replay.
pub trait Clock: Sync {
    /// Nanoseconds from an arbitrary start; only differences mean anything.
    fn monotonic_ns(&self) -> u64;
    /// Unix time in seconds.
    fn unix_seconds(&self) -> i64;
}

/// Memory that one thread uses again for every message.
#[derive(Debug, Default)]
pub struct Scratch {
    tape: Tape,
    work: Work,
}

/// What a thread reads messages with.
#[derive(Debug, Default)]
struct Work {
    heard: Heard,
    looks: Looks,
}

/// What it looks at values with.
#[derive(Debug, Default)]
struct Looks {
    scan: ScanScratch,
    memo: Memo,
}

/// Rules and policy, ready to judge. Shared by all sessions and threads.
#[derive(Debug)]
pub struct Engine {
    rules: RuleSet,
    policy: Policy,
    limits: Limits,
    views: ViewLimits,
    inspection: Duration,
    checks: Checks,
    seal: Seal,
}

impl Engine {
    /// An engine over compiled rules.
    pub fn new(rules: RuleSet, policy: Policy, limits: Limits) -> Self {
        let (views, checks, seal) = (ViewLimits::default(), Checks::new(), Seal::default());
        Self { rules, policy, limits, views, inspection: INSPECTION, checks, seal }
    }

    /// The same engine, which refuses what takes it longer than `inspection` for each megabyte of a message begun.
    #[must_use]
    pub fn within(self, inspection: Duration) -> Self {
        Self { inspection, ..self }
    }

    /// The rules it judges by.
    pub fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// The policy it judges by.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The limits it reads by.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What is known of the checks that no pack holds.
    pub fn checks(&self) -> impl Iterator<Item = &RuleInfo> {
        self.checks.all().map(|info| &**info)
    }

    /// Judges one line of bytes that travels `flow`-wards in `session`.
    pub fn judge<'m>(
        &self,
        session: &Session,
        flow: Flow,
        line: &'m [u8],
        scratch: &mut Scratch,
        clock: &dyn Clock,
    ) -> Judged<'m> {
        let begun = clock.monotonic_ns();
        let packet = vanguard_wire::read(line, &self.limits, &mut scratch.tape);
        let parsed = clock.monotonic_ns();
        // Only exceptions expire.
        let now = if self.policy.exceptions.is_empty() { 0 } else { clock.unix_seconds() };
        let inspection = u64::try_from(self.inspection.as_nanos()).unwrap_or(u64::MAX);
        let deadline = Deadline::new(clock, begun, inspection, line.len());
        let bench = Bench { engine: self, session, flow, now, deadline: Some(&deadline) };
        let Outcome { decisions, answers, redacted } = match &packet {
            Ok(Packet::Single(message)) => bench.single(message, line, &mut scratch.work),
            Ok(Packet::Batch(messages)) => bench.batch(messages, line, &mut scratch.work),
            Err(fault) => bench.unreadable(line, fault),
        };
        let effect = match redacted {
            _ if !decisions.iter().all(|d| d.verdict.passes()) => Effect::Refuse(answers),
            Some(redacted) => Effect::Forward(Permit::new(Cow::Owned(redacted))),
            None => Effect::Forward(Permit::new(canonical(line))),
        };
        let judged = clock.monotonic_ns();
        let timing = Timing { parse_ns: parsed.saturating_sub(begun), judge_ns: judged.saturating_sub(parsed) };
        Judged { effect, decisions, timing }
    }

    /// Gives `sink` every view of every field of a message as rules get it: the view, the decodings that led to it, whether
    /// it reads as the field came, and the field. To measure rules with; [`Engine::judge`] is what judges.
    pub fn survey(
        &self,
        session: &Session,
        flow: Flow,
        line: &[u8],
        scratch: &mut Scratch,
        sink: &mut dyn FnMut(&str, &Chain, bool, &Target<'_>),
    ) {
        let Ok(Packet::Single(message)) = vanguard_wire::read(line, &self.limits, &mut scratch.tape) else { return };
        let exchange = session.open(&message, flow);
        each_field(&message, flow, &exchange, &self.policy.roles, &mut scratch.work.heard, &mut |field| {
            if field.roles.contains(Roles::OPAQUE) {
                return;
            }
            let pointer = || field.place.pointer();
            let tool = exchange.tool.as_deref();
            let target = Target { roles: field.roles, direction: field.direction, tool, pointer: &pointer };
            each_view(&field.text, field.roles, &self.views, &mut |view, chain| {
                sink(view, chain, view == field.text, &target);
            });
        });
    }

    /// Refuses a line that was too long to be read, of which only its first and last bytes were kept.
    pub fn judge_oversize(&self, session: &Session, flow: Flow, head: &[u8], tail: &[u8]) -> Judged<'static> {
        let fault = Fault::oversize(head, tail, &self.limits);
        let bench = Bench { engine: self, session, flow, now: 0, deadline: None };
        let Outcome { decisions, answers, .. } = bench.unreadable(head, &fault);
        Judged { effect: Effect::Refuse(answers), decisions, timing: Timing::default() }
    }
}

/// What comes of one line.
#[derive(Default)]
struct Outcome {
    decisions: Vec<Decision>,
    /// What is sent if it is refused.
    answers: Vec<Answer>,
    /// What is sent in its place if something was cut out of it.
    redacted: Option<Vec<u8>>,
}

/// One line under judgment.
struct Bench<'e> {
    engine: &'e Engine,
    session: &'e Session,
    flow: Flow,
    now: i64,
    deadline: Option<&'e Deadline<'e>>,
}

impl Bench<'_> {
    fn single(&self, message: &Message<'_, '_>, line: &[u8], work: &mut Work) -> Outcome {
        let exchange = self.session.open(message, self.flow);
        let (mut decision, cuts) = self.decide(message, &exchange, work);
        let redacted = self.redact(line, cuts, std::slice::from_mut(&mut decision));
        if decision.verdict.passes() {
            self.session.register(message, self.flow, &exchange);
            self.session.learn(message, self.flow, &exchange);
            return Outcome { decisions: vec![decision], redacted, ..Outcome::default() };
        }
        let answers = self.refusal(message, &exchange, &decision).into_iter().collect();
        Outcome { decisions: vec![decision], answers, ..Outcome::default() }
    }

    /// The line with its cuts made, where all of it passes and something is to be cut out. A line that then cannot be read
    /// in one way any more must not pass: the decision that asked for the cuts becomes a refusal.
    fn redact(&self, line: &[u8], mut cuts: Vec<Cut>, decisions: &mut [Decision]) -> Option<Vec<u8>> {
        let asked = decisions.iter().any(|decision| decision.verdict == Verdict::Redact);
        if !asked || !decisions.iter().all(|decision| decision.verdict.passes()) {
            return None;
        }
        cuts.sort_by_key(|cut| cut.range.start);
        let redacted = apply(std::str::from_utf8(line).ok()?, &cuts);
        let redacted = canonical(redacted.as_bytes()).into_owned();
        if vanguard_wire::read(&redacted, &self.engine.limits, &mut Tape::default()).is_ok() {
            return Some(redacted);
        }
        for decision in decisions.iter_mut().filter(|decision| decision.verdict == Verdict::Redact) {
            let finding = Finding { action: Action::Block, ..self.own_finding(Check::Uninspected, Action::Block) };
            decision.findings.insert(0, finding);
            decision.verdict = Verdict::Block;
        }
        None
    }

    /// A batch passes whole or not at all: a server that read half of it would have read another message.
    fn batch(&self, messages: &[Message<'_, '_>], line: &[u8], work: &mut Work) -> Outcome {
        let exchanges: Vec<Exchange> = messages
            .iter()
            .map(|message| {
                let mut exchange = self.session.open(message, self.flow);
                if exchange.fault.is_none() && !self.session.speaks_batches() {
                    exchange.fault = Some(SessionFault::BatchNotSpoken);
                }
                // Requests of one batch must not share an id either, so each is in flight before the next is opened.
                self.session.register(message, self.flow, &exchange);
                exchange
            })
            .collect();
        let mut all_cuts = Vec::new();
        let mut decisions = Vec::with_capacity(messages.len());
        for (message, exchange) in messages.iter().zip(&exchanges) {
            let (decision, cuts) = self.decide(message, exchange, work);
            decisions.push(decision);
            all_cuts.extend(cuts);
        }
        let redacted = self.redact(line, all_cuts, &mut decisions);
        if decisions.iter().all(|d| d.verdict.passes()) {
            for (message, exchange) in messages.iter().zip(&exchanges) {
                self.session.learn(message, self.flow, exchange);
            }
            return Outcome { decisions, redacted, ..Outcome::default() };
        }
        let mut back = Vec::new();
        let mut onward = Vec::new();
        for ((message, exchange), decision) in messages.iter().zip(&exchanges).zip(&mut decisions) {
            self.session.withdraw(message, self.flow, exchange);
            if decision.verdict.passes() {
                decision.findings.push(self.own_finding(Check::Batch, Action::Block));
                decision.verdict = Verdict::Block;
            }
            match self.refusal(message, exchange, decision) {
                Some(answer) if answer.flow == self.flow => onward.push(answer.line),
                Some(answer) => back.push(answer.line),
                None => {}
            }
        }
        let answers = [(self.flow.reversed(), back), (self.flow, onward)]
            .into_iter()
            .filter(|(_, lines)| !lines.is_empty())
            .map(|(flow, lines)| Answer { flow, line: reply::batch(&lines) })
            .collect();
        Outcome { decisions, answers, ..Outcome::default() }
    }

    /// Fields, views, rules, policy: one message's decision, and what is to be cut out of the line if it is to redact.
    fn decide(&self, message: &Message<'_, '_>, exchange: &Exchange, work: &mut Work) -> (Decision, Vec<Cut>) {
        let mut case = Case {
            bench: self,
            exchange,
            findings: Findings::default(),
            coverage: Coverage::default(),
            cuts: Vec::new(),
            pairs: Pairs::default(),
            acting: 0,
            inspected: 0,
            exhausted: false,
        };
        if let Some(fault) = exchange.fault {
            case.findings.add(Finding { layer: Layer::Wire, ..self.own_finding(Check::Session(fault), Action::Block) });
        }
        case.access(message);
        let Work { heard, looks } = work;
        looks.scan.begin_message();
        let mut zones = Guard::over(&self.engine.policy, self.session, exchange, self.flow, message);
        let mut hosts = self.session.directory().map(Hosts::new);
        each_field(message, self.flow, exchange, &self.engine.policy.roles, heard, &mut |field| {
            if let Some(zones) = &mut zones {
                zones.look(&field, &mut |found| case.breach(&field, &found));
            }
            case.inspect(&field, looks);
            if let Some(hosts) = &mut hosts {
                hosts.gather(&field, &self.engine.views);
            }
        });
        let pairs = std::mem::take(&mut case.pairs);
        let who = self.session.who();
        match pairs.find(self.engine, (exchange.tool.as_deref(), who, self.now), &mut looks.scan) {
            Ok(split) => split.into_iter().for_each(|finding| case.findings.add(finding)),
            Err(_) => case.exhausted = true,
        }
        // To ask for a name is to tell it to others: of what is refused nobody is told.
        if let Some(hosts) = hosts.filter(|_| case.findings.hardest < Some(Action::Review) && !case.exhausted) {
            hosts.resolve(&mut |led| case.led(&led, looks));
        }
        if case.exhausted {
            case.findings.add(self.own_finding(Check::Budget, Action::Block));
        }
        let Case { findings: Findings { list: mut findings, .. }, coverage, cuts, .. } = case;
        findings.sort_by_key(|f| std::cmp::Reverse((f.effective(), f.rule.severity)));
        let (verdict, would_be) = self.engine.policy.compose(&findings);
        let decision = Decision {
            flow: self.flow,
            method: exchange.method.as_deref().map(str::to_owned),
            tool: exchange.tool.as_deref().map(str::to_owned),
            id: message.id().map(|id| id.lexeme().to_owned()),
            verdict,
            would_be,
            findings,
            places: zones.map(Guard::into_places).unwrap_or_default(),
            coverage,
        };
        (decision, cuts)
    }

    /// The answer in place of a refused message: to whoever waits for one.
    fn refusal(&self, message: &Message<'_, '_>, exchange: &Exchange, decision: &Decision) -> Option<Answer> {
        let policy = &self.engine.policy;
        let (flow, id) = match (&message.body, exchange.fault) {
            (Body::Notification { .. }, _) | (_, Some(SessionFault::Unsolicited)) => return None,
            // With its own id the answer would end the other request.
            (Body::Request { .. }, Some(SessionFault::IdInUse)) => (self.flow.reversed(), None),
            (Body::Request { id, .. }, _) => (self.flow.reversed(), Some(id.lexeme())),
            (Body::Response { .. } | Body::Error { .. }, _) => (self.flow, Some(exchange.request_id.as_deref()?)),
        };
        let denial = Denial::of(decision, policy.expose_block_reason);
        let as_result = policy.deny_as == DenyAs::ToolResult
            && flow == Flow::ToClient
            && exchange.method.as_deref() == Some("tools/call");
        let line = match id {
            Some(id) if as_result => reply::tool_error(id, &denial.message),
            id => reply::error(id, policy.code(), &denial.message, Some(&denial.data)),
        };
        Some(Answer { flow, line })
    }

    /// The decision on bytes that are no message, and the answer to whoever waits for one.
    fn unreadable(&self, line: &[u8], fault: &Fault) -> Outcome {
        let near = line.get(fault.offset.saturating_sub(24)..).unwrap_or_default();
        let near = String::from_utf8_lossy(near.get(..near.len().min(64)).unwrap_or_default());
        let finding = Finding {
            rule: self.engine.checks.wire(fault.kind),
            layer: Layer::Wire,
            action: Action::Block,
            pointer: fault.pointer.clone(),
            span: fault.offset..fault.offset,
            chain: Chain::default(),
            evidence: Evidence::new(&near, false),
            excepted: None,
        };
        let decision = Decision {
            flow: self.flow,
            method: None,
            tool: None,
            id: fault.id.clone(),
            verdict: Verdict::Block,
            would_be: None,
            findings: vec![finding],
            places: Vec::new(),
            coverage: Coverage::default(),
        };
        let message = format!("[McpVanguard] REFUSED — {fault}");
        let data = Denial::data(fault.kind.code(), None);
        let error = |id: Option<&str>| reply::error(id, i64::from(fault.kind.rpc_code()), &message, Some(&data));
        // A broken response must not be answered with its id: the sender would take that for an answer to a request of
        // its own. Whoever waits for it is told instead.
        let is_request = memchr::memmem::find(line, b"\"method\"").is_some();
        let answer = match (self.flow, fault.id.as_deref()) {
            (_, Some(id)) if !is_request => {
                self.session.take(id, self.flow).map(|waiting| Answer { flow: self.flow, line: error(Some(&waiting)) })
            }
            (Flow::ToServer, id) => Some(Answer { flow: Flow::ToClient, line: error(id) }),
            (Flow::ToClient, Some(id)) => Some(Answer { flow: Flow::ToServer, line: error(Some(id)) }),
            (Flow::ToClient, None) => None,
        };
        Outcome { decisions: vec![decision], answers: answer.into_iter().collect(), ..Outcome::default() }
    }

    fn own_finding(&self, check: Check, own: Action) -> Finding {
        let rule = self.engine.checks.own(check);
        Finding {
            action: self.engine.policy.action(&rule.id, own),
            rule,
            layer: Layer::L1,
            pointer: String::new(),
            span: 0..0,
            chain: Chain::default(),
            evidence: Evidence::default(),
            excepted: None,
        }
    }
}

/// One message under inspection.
struct Case<'b, 'e> {
    bench: &'b Bench<'e>,
    exchange: &'b Exchange,
    findings: Findings,
    coverage: Coverage,
    /// What must not be passed on, in bytes of the line.
    cuts: Vec<Cut>,
    pairs: Pairs,
    /// Views so far that something acts on.
    acting: usize,
    /// Bytes of views so far.
    inspected: usize,
    /// Whether some budget is spent: what was not seen may hide anything.
    exhausted: bool,
}

/// What was found so far: bounded, and never at the price of a harder finding.
#[derive(Default)]
struct Findings {
    list: Vec<Finding>,
    hardest: Option<Action>,
}

impl Findings {
    fn add(&mut self, finding: Finding) {
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
    fn breach(&mut self, field: &Field<'_, '_>, found: &Found) {
        self.note(Check::Zone(found.breach), found.action, field, &found.evidence);
    }

    /// Adds a finding of the engine's own in a field.
    fn note(&mut self, check: Check, action: Action, field: &Field<'_, '_>, evidence: &str) {
        let pointer = field.place.pointer();
        let own = self.bench.own_finding(check, action);
        let tool = self.exchange.tool.as_deref();
        self.place(own, tool, pointer, &field.text, evidence);
    }

    /// Adds it where it was made, unless the policy has turned it off.
    fn place(&mut self, own: Finding, tool: Option<&str>, pointer: String, value: &str, evidence: &str) {
        let who = self.bench.session.who();
        let place = Place { tool, pointer: &pointer, value, who, now: self.bench.now };
        let excepted = self.bench.engine.policy.excepted(&own.rule.id, &place).map(Into::into);
        if own.action > Action::Off {
            self.findings.add(Finding { evidence: Evidence::new(evidence, false), pointer, excepted, ..own });
        }
    }

    /// Takes note of what who calls a tool lacks.
    fn access(&mut self, message: &Message<'_, '_>) {
        let bench = self.bench;
        let Some(tool) = bench.engine.policy.limited(message, bench.flow) else { return };
        for (lack, what) in bench.engine.policy.lacking(bench.session.who(), &tool) {
            let own = self.bench.own_finding(Check::Access(lack), Action::Block);
            self.place(own, Some(&tool), "/params/name".to_owned(), &tool, &what);
        }
    }

    /// Takes note of where a host name leads, and judges the address in its place.
    fn led(&mut self, led: &Led<'_, '_>, looks: &mut Looks) {
        let action = led.lead.action(self.bench.engine.policy.profile == Profile::Strict);
        self.note(Check::Host(led.lead), action, &led.field, &led.evidence);
        if led.lead == Lead::Inward {
            self.inspect(&led.field, looks);
        }
    }

    /// Looks at one field, unless it was looked at a moment ago and was clean.
    fn inspect(&mut self, field: &Field<'_, '_>, looks: &mut Looks) {
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
                    layer: Layer::L1,
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
