//! One message's judgment in the middle of an asynchronous program.

use std::cell::RefCell;

use tokio::task::block_in_place;
use vanguard_engine::Scratch;
use vanguard_engine::access::NO_SCOPE;
use vanguard_engine::finding::{Action, Layer};
use vanguard_engine::verdict::{Answer, Decision, Effect, Flow, Judged, Permit};
use vanguard_wire::Line;

use super::caller::Caller;
use crate::conversation::Conversation;
use crate::judge::judge;
use crate::record::Fingerprint;
use crate::report::Event;

/// A message longer than this is judged where it holds up no other.
const INLINE_BYTES: usize = 8 * 1024;

/// What became of a message.
#[derive(Debug)]
pub(super) enum Ruling<T> {
    /// It passed: what the sender made of the permit.
    Passed(T),
    /// It did not.
    Refused(Refusal),
}

/// What is sent in the place of a message.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    /// To whoever sent it.
    pub(super) back: Option<Answer>,
    /// To whom it was for.
    pub(super) onward: Option<Answer>,
    /// Whether its form was at fault, or its place in the session, and not what it says.
    pub(super) malformed: bool,
    /// The scopes that a call takes, where it would pass if the caller had them.
    pub(super) scopes: Option<String>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Judges `line` and has it sent by `deliver` if it may pass; records what became of it.
pub(super) fn hear<T>(
    talk: &Conversation,
    flow: Flow,
    line: &Line<'_>,
    deliver: impl FnOnce(Permit<'_>) -> T,
) -> Ruling<T> {
    match line {
        Line::Message(bytes) if bytes.len() <= INLINE_BYTES && !talk.session.asks() => {
            hear_here(talk, flow, line, deliver)
        }
        _ => block_in_place(|| hear_here(talk, flow, line, deliver)),
    }
}

/// The same for what `caller` says in `talk`, with the rights that it shows now.
pub(super) fn hear_from<T>(
    caller: &Caller,
    talk: &Conversation,
    line: &Line<'_>,
    deliver: impl FnOnce(Permit<'_>) -> T,
) -> Ruling<T> {
    match talk.by(caller.principal.as_ref()) {
        Some(talk) => hear(&talk, Flow::ToServer, line, deliver),
        None => hear(talk, Flow::ToServer, line, deliver),
    }
}

fn hear_here<T>(talk: &Conversation, flow: Flow, line: &Line<'_>, deliver: impl FnOnce(Permit<'_>) -> T) -> Ruling<T> {
    let Judged { effect, decisions, timing } = SCRATCH.with_borrow_mut(|scratch| judge(talk, flow, line, scratch));
    match effect {
        Effect::Forward(permit) => {
            let sent = deliver(permit);
            talk.passed(Fingerprint::of(line), decisions, timing);
            talk.watch_audit();
            Ruling::Passed(sent)
        }
        Effect::Refuse(answers) => {
            // To the disk, before anybody is answered.
            block_in_place(|| talk.refused(line, &decisions, timing, false));
            let malformed = decisions.iter().flat_map(|decision| &decision.findings).any(|f| f.layer == Layer::Wire);
            let scopes = lacking(talk, &decisions);
            for decision in decisions {
                talk.reports.tell(Event::Refused(decision));
            }
            let mut refusal = Refusal { malformed, scopes, ..Refusal::default() };
            for answer in answers {
                if answer.flow == flow {
                    refusal.onward = Some(answer);
                } else {
                    refusal.back = Some(answer);
                }
            }
            Ruling::Refused(refusal)
        }
    }
}

/// The scopes that the only message of a line takes, where it was refused for want of them alone.
fn lacking(talk: &Conversation, decisions: &[Decision]) -> Option<String> {
    let [Decision { findings, tool: Some(tool), .. }] = decisions else { return None };
    let mut asks = findings.iter().filter(|finding| finding.effective() >= Action::Review).peekable();
    asks.peek()?;
    let engine = talk.seat.engine();
    let scopes = engine.policy().scopes_of(tool);
    asks.all(|finding| finding.rule.id == NO_SCOPE).then(|| scopes.into_iter().collect::<Vec<_>>().join(" "))
}
