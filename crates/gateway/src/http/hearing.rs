//! One message's judgment in the middle of an asynchronous program.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use tokio::task::block_in_place;
use vanguard_engine::access::NO_SCOPE;
use vanguard_engine::engine::Word;
use vanguard_engine::finding::{Action, Layer};
use vanguard_engine::meaning::{Question, Unscored};
use vanguard_engine::verdict::{Answer, Decision, Effect, Flow, Judged, Permit};
use vanguard_wire::Line;

use super::caller::Caller;
use crate::consult;
use crate::conversation::Conversation;
use crate::desks::Desks;
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

/// Where all of them are judged.
static DESKS: LazyLock<Desks> = LazyLock::new(Desks::by_processor);

/// Judges `line` and has it sent by `deliver` if it may pass; records what became of it.
pub(super) fn hear<T>(
    talk: &Conversation,
    flow: Flow,
    line: &Line<'_>,
    deliver: impl FnOnce(Permit<'_>) -> T,
) -> Ruling<T> {
    let judge_at = |desk: &mut _| judge(talk, flow, line, desk);
    match line {
        // Judging waits for others there, who may take their time.
        _ if talk.session.asks() => block_in_place(|| heard(talk, flow, line, DESKS.at_one(judge_at), deliver)),
        Line::Message(bytes) if bytes.len() <= INLINE_BYTES => heard(talk, flow, line, DESKS.at_one(judge_at), deliver),
        _ => block_in_place(|| heard(talk, flow, line, DESKS.in_turn(judge_at), deliver)),
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

/// What becomes of a line that was judged.
fn heard<T>(
    talk: &Conversation,
    flow: Flow,
    line: &Line<'_>,
    judged: Judged<'_>,
    deliver: impl FnOnce(Permit<'_>) -> T,
) -> Ruling<T> {
    let Judged { effect, mut decisions, timing, mut questions } = judged;
    let effect = match (effect, line) {
        (Effect::Forward(permit), Line::Message(bytes)) if !questions.is_empty() => {
            let said = said_of(talk, line, &decisions, &mut questions);
            match consult::raise(talk, bytes, &mut decisions, &said) {
                None => Effect::Forward(permit),
                Some(answers) => Effect::Refuse(answers),
            }
        }
        (effect, _) => effect,
    };
    match effect {
        Effect::Forward(permit) => {
            let (sent, print) = (deliver(permit), Fingerprint::of(line));
            if let Line::Message(bytes) = *line
                && !questions.is_empty()
            {
                consult::ask_after(talk, bytes, print, &mut decisions, questions);
            }
            talk.passed(print, decisions, timing);
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

/// The most messages that wait for a score at once: each takes a thread. Beyond them there is none.
const MAX_HELD: usize = 256;
/// How many do.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// What a scorer that takes its time says of a message; only this one waits for it, and only where it is to. What is left of `questions` is
/// asked when it has gone on.
fn said_of(talk: &Conversation, line: &Line<'_>, decisions: &[Decision], questions: &mut Vec<Question>) -> Vec<Word> {
    if !consult::waits(talk) {
        return consult::ask_before(talk, line, decisions, questions);
    }
    let questions = std::mem::take(questions);
    if HELD.fetch_add(1, Ordering::Relaxed) >= MAX_HELD {
        HELD.fetch_sub(1, Ordering::Relaxed);
        return consult::unsaid(&questions, Unscored::Busy);
    }
    let (done, said) = channel();
    let lost = consult::unsaid(&questions, Unscored::Deadline);
    let asked = consult::ask_and_wait(talk, line, decisions, questions, move |said| {
        // Who asked may have gone.
        let _ = done.send(said);
    });
    let said = asked.unwrap_or_else(|| block_in_place(|| said.recv().unwrap_or(lost)));
    HELD.fetch_sub(1, Ordering::Relaxed);
    said
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
