//! The way of a message: bytes, message, fields, views, findings, verdict, effect.

mod case;
mod lift;
mod raise;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use vanguard_wire::{Body, Fault, Limits, Message, Packet, Tape, canonical, reply};

use crate::authority::{Objection, Ruling};
use crate::behaviour::{Behaviour, Deed, Effects, Watch};
use crate::checks::{Check, Checks};
use crate::deadline::Deadline;
use crate::denial::Denial;
use crate::fields::each_field;
use crate::finding::{Action, Evidence, Finding, Layer, RuleInfo};
use crate::hosts::Hosts;
use crate::meaning::{Asking, Counsel, Masker, Passing, Question, questions};
use crate::memo::Memo;
use crate::pairs::Pairs;
use crate::pins;
use crate::policy::{DenyAs, Policy, Profile};
use crate::redact::{Cut, Seal, apply};
use crate::role::{Heard, Roles};
use crate::rules::{RuleSet, ScanScratch, Target};
use crate::session::{Exchange, Session, SessionFault};
use crate::verdict::{Answer, Coverage, Decision, Effect, Flow, Judged, Permit, Timing, Verdict};
use crate::views::{Chain, ViewLimits, each_view};
use crate::zone::{Guard, Zone};
use case::{Case, Findings};

pub use case::{MAX_ACTING, MAX_FINDINGS};
pub use raise::Word;

/// How long the inspection of a message may take for each megabyte that it begins, unless [`Engine::within`] says otherwise.
/// Generous, since the clock also counts while others run: a quarter of a second refused a source file on a busy machine.
pub const INSPECTION: Duration = Duration::from_millis(1_500);
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
    rules: Arc<RuleSet>,
    policy: Policy,
    limits: Limits,
    views: ViewLimits,
    inspection: Duration,
    checks: Checks,
    seal: Seal,
    mark: Arc<str>,
    advised: Option<Advised>,
}

/// Who is asked by the edge, about what.
#[derive(Debug, Clone)]
struct Advised {
    counsel: Arc<dyn Counsel>,
    asking: Asking,
    masker: Arc<Masker>,
}

impl Engine {
    /// An engine over compiled rules.
    pub fn new(rules: RuleSet, policy: Policy, limits: Limits) -> Self {
        let (views, checks, seal) = (ViewLimits::default(), Checks::new(), Seal::default());
        let mark = Arc::default();
        let inspection = INSPECTION;
        Self { rules: Arc::new(rules), policy, limits, views, inspection, checks, seal, mark, advised: None }
    }

    /// The same engine for a server that is to keep to `zones`.
    #[must_use]
    pub fn in_zones(&self, zones: Vec<Zone>) -> Self {
        let policy = Policy { zones, ..self.policy.clone() };
        let Self { limits, views, inspection, .. } = *self;
        let (rules, checks, seal) = (Arc::clone(&self.rules), Checks::new(), self.seal.clone());
        let (mark, advised) = (Arc::clone(&self.mark), self.advised.clone());
        Self { rules, policy, limits, views, inspection, checks, seal, mark, advised }
    }

    /// The same engine, which refuses what takes it longer than `inspection` for each megabyte of a message begun.
    #[must_use]
    pub fn within(self, inspection: Duration) -> Self {
        Self { inspection, ..self }
    }

    /// The same engine, known by `mark`: the digest of all that it was built from.
    #[must_use]
    pub fn marked(self, mark: &str) -> Self {
        Self { mark: mark.into(), ..self }
    }

    /// The same engine, which says what is worth asking `counsel` about.
    #[must_use]
    pub fn advised(self, counsel: Arc<dyn Counsel>, asking: Asking) -> Self {
        let masker = Arc::new(Masker::new(Arc::clone(&self.rules), self.views, self.seal.clone()));
        Self { advised: Some(Advised { counsel, asking, masker }), ..self }
    }

    /// Who is to be asked, and what is asked, if anything is.
    pub fn counsel(&self) -> Option<(&Arc<dyn Counsel>, &Asking)> {
        self.advised.as_ref().map(|advised| (&advised.counsel, &advised.asking))
    }

    /// What it is known by.
    pub fn mark(&self) -> &str {
        &self.mark
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
        let behaviour = self.policy.behaviour.iter().flat_map(Behaviour::infos);
        self.checks.all().chain(behaviour).map(|info| &**info)
    }

    /// Why no policy decision point may lift what a rule found, where that is so.
    pub fn never_lifted(&self, rule: &str) -> Option<&'static str> {
        let behaves = || self.policy.behaviour.iter().flat_map(Behaviour::infos).any(|info| info.id == rule);
        let counts = || behaves().then_some("it counts what was done, which an exception would not undo");
        self.checks.never_lifted(rule).or_else(counts)
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
        let ms = begun.checked_div(1_000_000).unwrap_or_default();
        let bench = Bench { engine: self, session, flow, now, ms, deadline: Some(&deadline) };
        let Outcome { decisions, answers, redacted, questions } = match &packet {
            Ok(Packet::Single(message)) => bench.single(message, line, &mut scratch.work),
            Ok(Packet::Batch(messages)) => bench.batch(messages, line, &mut scratch.work),
            Err(fault) => bench.unreadable(line, fault),
        };
        let effect = match redacted {
            _ if !decisions.iter().all(|d| d.verdict.passes()) => Effect::Refuse(answers),
            Some(redacted) => Effect::Forward(Permit::new(Cow::Owned(redacted), hold(&decisions))),
            None => Effect::Forward(Permit::new(canonical(line), hold(&decisions))),
        };
        let judged = clock.monotonic_ns();
        let timing = Timing { parse_ns: parsed.saturating_sub(begun), judge_ns: judged.saturating_sub(parsed) };
        Judged { effect, decisions, timing, questions }
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
        let bench = Bench { engine: self, session, flow, now: 0, ms: 0, deadline: None };
        let Outcome { decisions, answers, .. } = bench.unreadable(head, &fault);
        let (effect, timing) = (Effect::Refuse(answers), Timing::default());
        Judged { effect, decisions, timing, questions: Vec::new() }
    }
}

/// What has a server do something for who asks.
const ACTS: [&str; 3] = ["tools/call", "resources/read", "prompts/get"];

/// How long limits hold a line up.
fn hold(decisions: &[Decision]) -> Duration {
    let held = decisions.iter().filter_map(|decision| decision.past.as_ref()).map(|past| past.held_ms).max();
    Duration::from_millis(held.unwrap_or_default())
}

/// What comes of one line.
#[derive(Default)]
struct Outcome {
    decisions: Vec<Decision>,
    /// What is sent if it is refused.
    answers: Vec<Answer>,
    /// What is sent in its place if something was cut out of it.
    redacted: Option<Vec<u8>>,
    /// What is worth asking about if it passes.
    questions: Vec<Question>,
}

/// What comes of one message.
struct Decided {
    decision: Decision,
    /// What is to be cut out of the line if it is to redact.
    cuts: Vec<Cut>,
    /// What its answer must know of it.
    deed: Option<Deed>,
    questions: Vec<Question>,
}

/// One line under judgment.
struct Bench<'e> {
    engine: &'e Engine,
    session: &'e Session,
    flow: Flow,
    now: i64,
    /// Milliseconds of the clock, of which only differences mean anything.
    ms: u64,
    deadline: Option<&'e Deadline<'e>>,
}

impl Bench<'_> {
    fn single(&self, message: &Message<'_, '_>, line: &[u8], work: &mut Work) -> Outcome {
        let exchange = self.session.open(message, self.flow);
        let Decided { mut decision, cuts, deed, questions } = self.decide(message, &exchange, work);
        let redacted = self.redact(line, cuts, std::slice::from_mut(&mut decision));
        if decision.verdict.passes() {
            self.session.register(message, self.flow, &exchange, deed);
            self.session.learn(message, self.flow, &exchange);
            return Outcome { decisions: vec![decision], redacted, questions, ..Outcome::default() };
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
                self.session.register(message, self.flow, &exchange, None);
                exchange
            })
            .collect();
        let mut all_cuts = Vec::new();
        let mut decisions = Vec::with_capacity(messages.len());
        let mut questions = Vec::new();
        for (message, exchange) in messages.iter().zip(&exchanges) {
            let Decided { decision, cuts, deed, questions: more } = self.decide(message, exchange, work);
            let of = decisions.len();
            questions.extend(more.into_iter().map(|question| question.about(of)));
            if decision.verdict.passes() {
                self.session.register(message, self.flow, exchange, deed);
            }
            decisions.push(decision);
            all_cuts.extend(cuts);
        }
        let redacted = self.redact(line, all_cuts, &mut decisions);
        if decisions.iter().all(|d| d.verdict.passes()) {
            for (message, exchange) in messages.iter().zip(&exchanges) {
                self.session.learn(message, self.flow, exchange);
            }
            return Outcome { decisions, redacted, questions, ..Outcome::default() };
        }
        let answers = self.refuse_batch(messages, &exchanges, &mut decisions);
        Outcome { decisions, answers, ..Outcome::default() }
    }

    /// The answers to a batch of which some message is refused: all of its requests are taken out of flight.
    fn refuse_batch(
        &self,
        messages: &[Message<'_, '_>],
        exchanges: &[Exchange],
        decisions: &mut [Decision],
    ) -> Vec<Answer> {
        let mut back = Vec::new();
        let mut onward = Vec::new();
        for ((message, exchange), decision) in messages.iter().zip(exchanges).zip(decisions) {
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
        [(self.flow.reversed(), back), (self.flow, onward)]
            .into_iter()
            .filter(|(_, lines)| !lines.is_empty())
            .map(|(flow, lines)| Answer { flow, line: reply::batch(&lines) })
            .collect()
    }

    /// Fields, views, rules, behaviour, policy: one message's decision.
    fn decide(&self, message: &Message<'_, '_>, exchange: &Exchange, work: &mut Work) -> Decided {
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
            settled: false,
            ruled: false,
        };
        if let Some(fault) = exchange.fault {
            case.findings.add(Finding { layer: Layer::Wire, ..self.own_finding(Check::Session(fault), Action::Block) });
        }
        case.access(message);
        let effects = self.effects(message, exchange);
        case.suspected(effects);
        let Work { heard, looks } = work;
        looks.scan.begin_message();
        let mut zones = Guard::over(&self.engine.policy, self.session, exchange, self.flow, message);
        let mut hosts = self.session.directory().map(Hosts::new);
        let behaviour = self.engine.policy.behaviour.as_ref();
        let mut watch = Watch::over(behaviour, self.session, exchange, self.flow, message);
        each_field(message, self.flow, exchange, &self.engine.policy.roles, heard, &mut |field| {
            if let Some(zones) = &mut zones {
                zones.look(&field, &mut |found| case.breach(&field, &found));
            }
            case.inspect(&field, looks);
            if let Some(hosts) = &mut hosts {
                hosts.gather(&field, &self.engine.views);
            }
            if let Some(watch) = &mut watch {
                watch.gather(&field);
            }
        });
        let pairs = std::mem::take(&mut case.pairs);
        let who = self.session.who();
        match pairs.find(self.engine, (exchange.tool.as_deref(), who, self.now), &mut looks.scan) {
            Ok(split) => split.into_iter().for_each(|finding| case.findings.add(finding)),
            Err(_) => case.exhausted = true,
        }
        case.lift(message);
        // To ask for a name is to tell it to others: of what is refused nobody is told.
        if let Some(hosts) = hosts.filter(|_| case.findings.hardest < Some(Action::Review) && !case.exhausted) {
            hosts.resolve(&mut |led| case.led(&led, looks));
            case.lift(message);
        }
        if let Some(watch) = pins::Watch::over(self.session, exchange, self.flow, message) {
            case.pins(&watch);
        }
        if case.exhausted {
            case.findings.add(self.own_finding(Check::Budget, Action::Block));
        }
        let (deed, mut past) = watch.map_or((None, None), |watch| {
            let refused = !self.engine.policy.compose(&case.findings.list).0.passes();
            let (noted, deed, past) = watch.pass(self.ms, &case.findings.list, refused, &self.engine.views);
            for noted in noted {
                case.behaved(noted);
            }
            (Some(deed), Some(Box::new(past)))
        });
        let Case { findings: Findings { list: mut findings, .. }, coverage, cuts, ruled, .. } = case;
        sort(&mut findings);
        let (verdict, would_be) = self.engine.policy.compose(&findings);
        if let Some(past) =
            past.as_mut().filter(|_| !verdict.passes() || self.engine.policy.profile == Profile::Monitor)
        {
            past.held_ms = 0;
        }
        let mut asked = Vec::new();
        if let Some(Advised { asking, masker, .. }) = &self.engine.advised
            && verdict.passes()
            && would_be.is_none()
        {
            let (flow, views) = (self.flow, &self.engine.views);
            let passing = Passing { message, flow, exchange, effects, findings: &findings, views };
            asked = questions(&passing, asking.about, masker, &mut |sink| {
                each_field(message, flow, exchange, &self.engine.policy.roles, heard, &mut |field| sink(&field));
            });
        }
        let mut decision = Decision {
            flow: self.flow,
            method: exchange.method.as_deref().map(str::to_owned),
            tool: exchange.tool.as_deref().map(str::to_owned),
            id: message.id().map(|id| id.lexeme().to_owned()),
            trace: exchange.trace.map(Box::new),
            verdict,
            would_be,
            findings,
            places: zones.map(Guard::into_places).unwrap_or_default(),
            past,
            coverage,
        };
        self.ask(message, ruled, &mut decision);
        if !decision.verdict.passes() {
            asked.clear();
        }
        Decided { decision, cuts, deed, questions: asked }
    }

    /// What a call does, where that is asked for.
    fn effects(&self, message: &Message<'_, '_>, exchange: &Exchange) -> Option<Effects> {
        self.engine.advised.as_ref()?;
        let is_call = matches!(message.body, Body::Request { .. } | Body::Notification { .. })
            && exchange.method.as_deref() == Some("tools/call");
        let tool = exchange.tool.as_deref().filter(|_| is_call && self.flow == Flow::ToServer)?;
        let behaviour = self.engine.policy.behaviour.as_ref();
        Some(behaviour.map_or_else(
            || Effects::of(tool, exchange.tool_roles.as_deref()),
            |behaviour| behaviour.effects_of(tool, exchange),
        ))
    }

    /// Whether a message would have the server do something.
    fn acts(&self, message: &Message<'_, '_>) -> bool {
        let acts = match &message.body {
            Body::Request { method, .. } | Body::Notification { method, .. } => ACTS.contains(&&**method),
            Body::Response { .. } | Body::Error { .. } => false,
        };
        acts && self.flow == Flow::ToServer
    }

    /// Asks who else has a say in it and has not `ruled`, where the message would have the server do something and nothing speaks against it here.
    fn ask(&self, message: &Message<'_, '_>, ruled: bool, decision: &mut Decision) {
        let Some(authority) = self.session.authority() else { return };
        if ruled || !self.acts(message) || !decision.verdict.passes() {
            return;
        }
        let (objection, action, evidence) = match authority.rule(decision, self.session.who()) {
            Ruling::Allows | Ruling::Excepts { .. } => return,
            Ruling::Denies(reason) => (Objection::Denied, Action::Block, reason),
            Ruling::Silent { why, passes: false } => (Objection::Silent, Action::Block, why),
            Ruling::Silent { why, passes: true } => (Objection::Silent, Action::Warn, why),
        };
        let own = self.own_finding(Check::Authority(objection), action);
        decision.findings.insert(0, Finding { evidence: Evidence::new(&evidence, false), ..own });
        (decision.verdict, decision.would_be) = self.engine.policy.compose(&decision.findings);
        if let Some(past) = decision.past.as_mut().filter(|_| !decision.verdict.passes()) {
            past.held_ms = 0;
        }
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
            trace: None,
            verdict: Verdict::Block,
            would_be: None,
            findings: vec![finding],
            places: Vec::new(),
            past: None,
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

/// What asks for most comes first.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_key(|f| std::cmp::Reverse((f.effective(), f.rule.severity)));
}
