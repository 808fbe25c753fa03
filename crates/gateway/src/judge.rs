//! One line's judgment, and what stands in for it where there can be none.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock};

use vanguard_engine::finding::{Action, Confidence, Evidence, Finding, Layer, RuleInfo, Severity};
use vanguard_engine::verdict::{Answer, Coverage, Decision, Effect, Flow, Judged, Timing, Verdict};
use vanguard_engine::views::Chain;
use vanguard_engine::{Clock, Engine, Scratch, Session};
use vanguard_wire::{Body, Limits, Line, Message, Packet, Tape, read, reply, salvage_cut_id, salvage_id};

use crate::conversation::Conversation;

/// Judges `line`. Fails closed: a panic of the engine refuses the message, and so does an audit that must be written and can't.
pub(crate) fn judge<'m>(talk: &Conversation, flow: Flow, line: &Line<'m>, scratch: &mut Scratch) -> Judged<'m> {
    let engine = talk.seat.engine();
    // The client's message is refused unseen, so that nobody waits for an answer that the server will never give.
    // The server's is judged first, since the session must learn that its request is answered.
    if flow == Flow::ToServer && talk.log.must_refuse() {
        return refuse(flow, line, &AUDIT_FAILED, engine.policy().code());
    }
    let judged = judge_or_refuse(&engine, &talk.session, flow, line, scratch, &talk.clock);
    if matches!(judged.effect, Effect::Forward(_)) && talk.log.must_refuse() {
        return refuse(flow, line, &AUDIT_FAILED, engine.policy().code());
    }
    judged
}

fn judge_or_refuse<'m>(
    engine: &Engine,
    session: &Session,
    flow: Flow,
    line: &Line<'m>,
    scratch: &mut Scratch,
    clock: &dyn Clock,
) -> Judged<'m> {
    let judged = catch_unwind(AssertUnwindSafe(|| match *line {
        Line::Message(bytes) => engine.judge(session, flow, bytes, scratch, clock),
        Line::Oversize { head, tail, .. } => engine.judge_oversize(session, flow, head, tail),
    }));
    judged.unwrap_or_else(|_| {
        // Whatever it held when the engine fell over.
        *scratch = Scratch::default();
        refuse(flow, line, &ENGINE_PANIC, engine.policy().code())
    })
}

/// Refuses `line` for a reason of the gateway's own: every request in it is answered with an error, every response replaced by one.
fn refuse(flow: Flow, line: &Line<'_>, rule: &Arc<RuleInfo>, code: i64) -> Judged<'static> {
    // The engine may have fallen over in the reader.
    let parts = catch_unwind(|| parts(line, flow)).unwrap_or_else(|_| Parts::unreadable(line, flow));
    let answers =
        [Flow::ToServer, Flow::ToClient].into_iter().filter_map(|way| parts.answer(way, rule, code)).collect();
    let decisions = parts.members.into_iter().map(|part| part.decision(flow, rule)).collect();
    Judged { effect: Effect::Refuse(answers), decisions, timing: Timing::default(), questions: Vec::new() }
}

/// What a refusal must know of a line.
struct Parts {
    members: Vec<Part>,
    /// Whether they came as a batch, and must be answered as one.
    batch: bool,
}

fn parts(line: &Line<'_>, flow: Flow) -> Parts {
    let Line::Message(bytes) = *line else { return Parts::unreadable(line, flow) };
    let mut tape = Tape::default();
    match read(bytes, &Limits::default(), &mut tape) {
        Ok(Packet::Single(message)) => Parts { members: vec![Part::of(&message, flow)], batch: false },
        Ok(Packet::Batch(messages)) => {
            Parts { members: messages.iter().map(|message| Part::of(message, flow)).collect(), batch: true }
        }
        Err(_) => Parts::unreadable(line, flow),
    }
}

impl Parts {
    /// A line that could not be read as a message: taken for a request of the client, for a response of the server.
    fn unreadable(line: &Line<'_>, flow: Flow) -> Self {
        let id = match *line {
            Line::Message(bytes) => salvage_id(bytes),
            Line::Oversize { head, tail, .. } => salvage_cut_id(head, tail),
        };
        let answer = (flow == Flow::ToServer || id.is_some()).then_some(Flow::ToClient);
        Self { members: vec![Part { id, method: None, answer }], batch: false }
    }

    fn answer(&self, way: Flow, rule: &RuleInfo, code: i64) -> Option<Answer> {
        let waiting = self.members.iter().filter(|part| part.answer == Some(way));
        let mut errors: Vec<_> = waiting.map(|part| part.error(rule, code)).collect();
        let line = if self.batch && !errors.is_empty() { reply::batch(&errors) } else { errors.pop()? };
        Some(Answer { flow: way, line })
    }
}

/// What a refusal must know of one message.
struct Part {
    id: Option<String>,
    method: Option<String>,
    /// Which way its error goes; `None`: nobody waits for one.
    answer: Option<Flow>,
}

impl Part {
    fn of(message: &Message<'_, '_>, flow: Flow) -> Self {
        let (id, method, answer) = match &message.body {
            Body::Request { id, method, .. } => (Some(id.lexeme()), Some(method), Some(flow.reversed())),
            Body::Notification { method, .. } => (None, Some(method), None),
            Body::Response { id, .. } => (Some(id.lexeme()), None, Some(flow)),
            Body::Error { id, .. } => (id.as_ref().map(|id| id.lexeme()), None, id.as_ref().map(|_| flow)),
        };
        Self { id: id.map(str::to_owned), method: method.map(|method| method.clone().into_owned()), answer }
    }

    fn error(&self, rule: &RuleInfo, code: i64) -> Vec<u8> {
        let message = format!("[McpVanguard] BLOCKED — {}", rule.message);
        let data = format!(r#"{{"blocked_by":"McpVanguard","rule":"{}"}}"#, rule.id);
        reply::error(self.id.as_deref(), code, &message, Some(&data))
    }

    fn decision(self, flow: Flow, rule: &Arc<RuleInfo>) -> Decision {
        Decision {
            flow,
            method: self.method,
            tool: None,
            id: self.id,
            trace: None,
            verdict: Verdict::Block,
            would_be: None,
            findings: vec![Finding {
                rule: Arc::clone(rule),
                layer: Layer::Gateway,
                action: Action::Block,
                pointer: String::new(),
                span: 0..0,
                chain: Chain::default(),
                evidence: Evidence::default(),
                excepted: None,
            }],
            places: Vec::new(),
            past: None,
            coverage: Coverage::default(),
        }
    }
}

static ENGINE_PANIC: LazyLock<Arc<RuleInfo>> = LazyLock::new(|| {
    rule(
        "ENGINE-PANIC",
        "The engine failed while it judged this message",
        "This message could not be judged. Report it as a bug of McpVanguard.",
    )
});

static AUDIT_FAILED: LazyLock<Arc<RuleInfo>> = LazyLock::new(|| {
    rule(
        "AUDIT-FAILED",
        "The audit log cannot be written",
        "The audit log cannot be written, so nothing may pass. Free disk space or mend its path, then try again.",
    )
});

fn rule(id: &'static str, title: &'static str, message: &'static str) -> Arc<RuleInfo> {
    Arc::new(RuleInfo {
        id: Cow::Borrowed(id),
        title: Cow::Borrowed(title),
        family: Cow::Borrowed("gateway"),
        message: Cow::Borrowed(message),
        severity: Severity::Critical,
        confidence: Confidence::High,
        references: vec![Cow::Borrowed("CWE-636")],
        tune: None,
    })
}

#[cfg(test)]
mod tests;
