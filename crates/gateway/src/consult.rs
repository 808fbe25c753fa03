//! What is asked of a scorer that takes its time, and what is made of what it says.

use std::sync::{Arc, Mutex, PoisonError};

use vanguard_engine::Engine;
use vanguard_engine::engine::Word;
use vanguard_engine::meaning::{Advice, Counsel, Question, Unscored, Wait};
use vanguard_engine::verdict::{Answer, Coverage, Decision, Timing};
use vanguard_wire::Line;

use crate::conversation::Conversation;
use crate::record::Fingerprint;
use crate::report::Event;

/// Whether messages wait for what is said of them.
pub(crate) fn waits(talk: &Conversation) -> bool {
    talk.seat.engine().counsel().is_some_and(|(_, asking)| asking.wait == Wait::Held)
}

/// What is said at once of a message that does not wait, before it goes on. Of `questions` those are left that may be asked when it has gone
/// ([`ask_after`]): all whose answer is not known, but where a text that nobody scores does not pass.
pub(crate) fn ask_before(
    talk: &Conversation,
    line: &Line<'_>,
    decisions: &[Decision],
    questions: &mut Vec<Question>,
) -> Vec<Word> {
    let engine = talk.seat.engine();
    let Some((counsel, _)) = engine.counsel() else { return Vec::new() };
    if !engine.passes_unsaid() {
        return ask(talk, Fingerprint::of(line), decisions, std::mem::take(questions));
    }
    let mut said = Vec::new();
    questions.retain(|question| match counsel.known(question) {
        None => true,
        Some(scored) => {
            said.push(Word { of: question.of, pointer: question.pointer().to_owned(), advice: Ok(scored) });
            false
        }
    });
    said
}

/// Asks about a message that has gone on. That there will be no score is added to its decisions, which are not recorded yet; a score is told as one
/// that comes later.
pub(crate) fn ask_after(
    talk: &Conversation,
    line: &[u8],
    print: Fingerprint,
    decisions: &mut [Decision],
    questions: Vec<Question>,
) {
    let mut said = ask(talk, print, decisions, questions);
    said.retain(|word| {
        let late = word.advice.is_ok();
        if late && let Some(mut later) = Later::of(talk, &talk.seat.engine(), print, decisions, word.of, &word.pointer)
        {
            later.said(word.advice.clone());
        }
        !late
    });
    // It has passed: so it would, whatever this adds.
    raise(talk, line, decisions, &said);
}

/// Asks without waiting, and returns what is said at once. What is said later is recorded, and the session's next calls are judged by it.
fn ask(talk: &Conversation, print: Fingerprint, decisions: &[Decision], questions: Vec<Question>) -> Vec<Word> {
    let engine = Arc::clone(&talk.seat.engine());
    // The engine may be another one since the message was judged.
    let Some((counsel, _)) = engine.counsel() else { return Vec::new() };
    let mut said = Vec::new();
    for question in questions {
        let (of, pointer) = (question.of, question.pointer().to_owned());
        let Some(mut later) = Later::of(talk, &engine, print, decisions, of, &pointer) else { continue };
        if let Some(advice) = counsel.ask(question, Box::new(move |advice| later.said(advice))) {
            said.push(Word { of, pointer, advice });
        }
    }
    said
}

/// Asks, and has `done` called with all that was said once it is, on another thread that it must not hold up. Where it is said at once, it is
/// returned and `done` is not called. What is said after that is for the record.
pub(crate) fn ask_and_wait(
    talk: &Conversation,
    line: &Line<'_>,
    decisions: &[Decision],
    questions: Vec<Question>,
    done: impl FnOnce(Vec<Word>) + Send + 'static,
) -> Option<Vec<Word>> {
    let engine = Arc::clone(&talk.seat.engine());
    let Some((counsel, _)) = engine.counsel() else { return Some(Vec::new()) };
    let print = Fingerprint::of(line);
    // One more than there are questions, so that nothing is done before all are asked.
    let open = Open { left: questions.len() + 1, said: Vec::new(), done: Some(Box::new(done)) };
    let open = Arc::new(Mutex::new(open));
    for question in questions {
        ask_one(counsel, talk, &engine, print, decisions, question, &open);
    }
    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
    open.left -= 1;
    if open.left > 0 {
        return None;
    }
    open.done = None;
    Some(std::mem::take(&mut open.said))
}

fn ask_one(
    counsel: &Arc<dyn Counsel>,
    talk: &Conversation,
    engine: &Arc<Engine>,
    print: Fingerprint,
    decisions: &[Decision],
    question: Question,
    open: &Arc<Mutex<Open>>,
) {
    let (of, pointer) = (question.of, question.pointer().to_owned());
    let mut later = Later::of(talk, engine, print, decisions, of, &pointer);
    let (waiting, place, mut is_told) = (Arc::clone(open), pointer.clone(), false);
    let told = move |advice| {
        if std::mem::replace(&mut is_told, true) {
            // The message has gone on, or not.
            if let Some(later) = &mut later {
                later.said(advice);
            }
        } else {
            Open::add(&waiting, Word { of, pointer: place.clone(), advice });
        }
    };
    if let Some(advice) = counsel.ask(question, Box::new(told)) {
        Open::add(open, Word { of, pointer, advice });
    }
}

/// What is said where nobody was asked.
pub(crate) fn unsaid(questions: &[Question], why: Unscored) -> Vec<Word> {
    let word = |question: &Question| Word { of: question.of, pointer: question.pointer().to_owned(), advice: Err(why) };
    questions.iter().map(word).collect()
}

/// Adds what was said to the decisions on `line`; the answers in its place where it does not pass any more.
pub(crate) fn raise(
    talk: &Conversation,
    line: &[u8],
    decisions: &mut [Decision],
    said: &[Word],
) -> Option<Vec<Answer>> {
    if said.is_empty() {
        return None;
    }
    talk.seat.engine().raise(&talk.session, line, decisions, said, &talk.clock)
}

/// A message that waits.
struct Open {
    left: usize,
    said: Vec<Word>,
    done: Option<Box<dyn FnOnce(Vec<Word>) + Send>>,
}

impl Open {
    fn add(open: &Mutex<Self>, word: Word) {
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        open.said.push(word);
        open.left -= 1;
        if open.left > 0 {
            return;
        }
        let (said, done) = (std::mem::take(&mut open.said), open.done.take());
        drop(open);
        if let Some(done) = done {
            done(said);
        }
    }
}

/// What is said of a message that has gone on.
struct Later {
    talk: Conversation,
    engine: Arc<Engine>,
    print: Fingerprint,
    decision: Decision,
    pointer: String,
}

impl Later {
    fn of(
        talk: &Conversation,
        engine: &Arc<Engine>,
        print: Fingerprint,
        decisions: &[Decision],
        of: usize,
        pointer: &str,
    ) -> Option<Self> {
        let judged = decisions.get(of)?;
        let decision = Decision {
            flow: judged.flow,
            method: judged.method.clone(),
            tool: judged.tool.clone(),
            id: judged.id.clone(),
            trace: judged.trace.clone(),
            verdict: judged.verdict,
            would_be: None,
            findings: Vec::new(),
            places: Vec::new(),
            past: None,
            coverage: Coverage::default(),
        };
        let pointer = pointer.to_owned();
        Some(Self { talk: talk.again(), engine: Arc::clone(engine), print, decision, pointer })
    }

    fn said(&mut self, advice: Advice) {
        let Self { talk, engine, print, decision, pointer } = self;
        let word = Word { of: 0, pointer: pointer.clone(), advice };
        if let Some(decision) = engine.note(&talk.session, decision, &word, &talk.clock) {
            talk.log.record_allowed(&print.entry(&decision, Timing::default()));
            talk.reports.tell(Event::Flagged(decision));
        }
    }
}
