//! One direction of a session: read, judge, send on or refuse, record.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use vanguard_engine::Session;
use vanguard_engine::finding::Layer;
use vanguard_engine::meaning::Question;
use vanguard_engine::verdict::{Answer, Decision, Effect, Flow, Judged, Permit, Timing};
use vanguard_wire::{Line, LineFramer};

use crate::conversation::Conversation;
use crate::judge::judge;
use crate::link::{Happening, Link};
use crate::outlet::Closed;
use crate::record::Fingerprint;
use crate::report::Event;
use crate::waiting::Message;
use crate::{consult, fd};

/// A message this long is recorded from where it lies, right after it was sent on; a shorter one is copied, so that others that came with
/// it need not wait for its record.
const COPY_BYTES: usize = 16 * 1024;
/// How long the last calls have that a limit slows down, once the client says no more.
const LAST_HELD: Duration = Duration::from_secs(3);
/// Lines that were no messages are reported one by one up to here, then counted.
const UNREADABLE_TOLD: u64 = 20;

/// After so many reads a client has settled down: what its greeting needed of the program is let go, as what the start needed was.
const SETTLED: u32 = 64;

/// Carries `from`'s messages the way of `flow` until its end, and tells the supervisor why it stopped.
pub(crate) fn run(link: &Arc<Link>, flow: Flow, from: &File, max_message: usize) {
    let mut pump = Pump { link, flow, later: Later::default(), unreadable: 0, open: true };
    if flow == Flow::ToClient {
        pump.rehearse();
    }
    let mut framer = LineFramer::new(max_message);
    let mut reads = 0_u32;
    while let Ok(read @ 1..) = fd::read(from, framer.space()) {
        framer.filled(read);
        pump.begin();
        while let Some(line) = framer.next() {
            pump.carry(&line);
        }
        // Never wait for more input with a judged message in hand.
        pump.flush();
        if !pump.goes_on() {
            break;
        }
        reads = reads.saturating_add(1);
        if flow == Flow::ToServer && reads == SETTLED {
            vanguard_sandbox::let_go_of_program();
        }
    }
    if let Some(line) = framer.finish() {
        pump.carry(&line);
    }
    pump.flush();
    // What waits for a score goes before the end. Nobody takes that for silence.
    pump.begin();
    link.waiting(flow).drain();
    pump.goes_on();
    if flow == Flow::ToServer {
        link.held.drain(LAST_HELD);
    }
    pump.end();
}

struct Pump<'a> {
    link: &'a Arc<Link>,
    flow: Flow,
    later: Later,
    unreadable: u64,
    /// Whether the far side still takes messages.
    open: bool,
}

/// How a session begins.
const OPENING: [(Flow, &str); 2] = [
    (Flow::ToServer, r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{}}"#),
    (
        Flow::ToClient,
        r#"{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"a server","version":"1"},"instructions":"Lists files."}}"#,
    ),
];

impl Pump<'_> {
    /// Judges the opening of a session that there is not, while the server has not begun to speak: the first time everything is
    /// slow, and somebody waits for the server's first answer.
    fn rehearse(&self) {
        let (session, talk) = (Session::new(), &self.link.talk);
        talk.seat.desks.at_one(|scratch| {
            for (flow, line) in OPENING {
                talk.seat.engine().judge(&session, flow, line.as_bytes(), scratch, &talk.clock);
            }
        });
    }

    fn carry(&mut self, line: &Line<'_>) {
        let talk = &self.link.talk;
        let judged = talk.seat.desks.at_one(|scratch| judge(talk, self.flow, line, scratch));
        let Judged { effect, decisions, timing, questions } = judged;
        match effect {
            Effect::Forward(permit) if questions.is_empty() => self.forward(line, permit, decisions, timing, questions),
            Effect::Forward(permit) => self.ask(line, permit, decisions, timing, questions),
            Effect::Refuse(answers) => {
                // What came before goes before.
                self.flush();
                self.refuse(line, answers, decisions, timing);
            }
        }
    }

    /// Sends a message on. What is asked about it then is asked when it is on its way.
    fn forward(
        &mut self,
        line: &Line<'_>,
        permit: Permit<'_>,
        decisions: Vec<Decision>,
        timing: Timing,
        questions: Vec<Question>,
    ) {
        let sent = self.link.forward(self.flow, permit);
        self.note(sent);
        match line {
            Line::Message(bytes) if bytes.len() < COPY_BYTES => self.later.keep(bytes, decisions, timing, questions),
            _ => {
                self.flush();
                gone_on(&self.link.talk, line, decisions, timing, questions);
            }
        }
    }

    /// Asks what the message means. It goes on at once, or is held while those behind it go on: in JSON-RPC no message stands for the place
    /// that it has.
    fn ask(
        &mut self,
        line: &Line<'_>,
        permit: Permit<'_>,
        mut decisions: Vec<Decision>,
        timing: Timing,
        mut questions: Vec<Question>,
    ) {
        let talk = &self.link.talk;
        let Line::Message(bytes) = *line else { return self.forward(line, permit, decisions, timing, Vec::new()) };
        if !consult::waits(talk) {
            let said = consult::ask_before(talk, line, &decisions, &mut questions);
            return match consult::raise(talk, bytes, &mut decisions, &said) {
                None => self.forward(line, permit, decisions, timing, questions),
                Some(answers) => {
                    self.flush();
                    self.refuse(line, answers, decisions, timing);
                }
            };
        }
        let waiting = self.link.waiting(self.flow);
        if waiting.is_full() {
            // Who waits for room must not have judged messages in hand.
            self.flush();
        }
        let message = Message { line: bytes.to_vec(), permit: permit.into_owned(), decisions, timing };
        waiting.hold(self.link, self.flow, message, questions);
    }

    /// Records a refusal, then answers it: in this order, so that no refusal is known to the outside and not to the record.
    fn refuse(&mut self, line: &Line<'_>, answers: Vec<Answer>, decisions: Vec<Decision>, timing: Timing) {
        // Noise on the server's stdout: nobody waits for an answer, and each record would cost a disk flush.
        let noise = answers.is_empty()
            && decisions.iter().flat_map(|decision| &decision.findings).all(|f| f.layer == Layer::Wire);
        self.link.talk.refused(line, &decisions, timing, noise);
        for answer in answers {
            let own_way = answer.flow == self.flow;
            let sent = self.link.deliver(answer, self.flow);
            if own_way {
                self.note(sent);
            } else if sent == Err(Closed) {
                self.link.happened(closed(self.flow.reversed()));
            }
        }
        self.unreadable += u64::from(noise);
        if !noise || self.unreadable <= UNREADABLE_TOLD {
            for decision in decisions {
                self.link.talk.reports.tell(Event::Refused(decision));
            }
        }
    }

    /// Sends out what is gathered, then records it: off the way of the message.
    fn flush(&mut self) {
        let sent = self.link.outlet(self.flow).flush();
        self.note(sent);
        if self.later.items.is_empty() {
            return;
        }
        let mut later = std::mem::take(&mut self.later);
        for (range, decisions, timing, questions) in later.items.drain(..) {
            gone_on(&self.link.talk, &Line::Message(&later.bytes[range]), decisions, timing, questions);
        }
        later.bytes.clear();
        self.later = later;
        self.link.talk.watch_audit();
    }

    fn note(&mut self, sent: Result<(), Closed>) {
        if sent == Err(Closed) && self.open {
            self.open = false;
            self.link.happened(closed(self.flow));
        }
    }

    /// A server is read to its end even when the client is gone, since it might wait for being read before it ends.
    fn goes_on(&self) -> bool {
        if self.flow == Flow::ToClient {
            self.link.progress.end();
        }
        self.open || self.flow == Flow::ToClient
    }

    fn begin(&self) {
        if self.flow == Flow::ToClient {
            self.link.progress.begin();
        }
    }

    fn end(self) {
        if self.unreadable > UNREADABLE_TOLD {
            self.link
                .talk
                .reports
                .tell(Event::MoreUnreadable { flow: self.flow, count: self.unreadable - UNREADABLE_TOLD });
        }
        self.link.happened(match self.flow {
            Flow::ToServer => Happening::ClientClosed,
            Flow::ToClient => Happening::ServerSilent,
        });
    }
}

/// Asks about a message that has gone on what was not known of it, and records it.
fn gone_on(
    talk: &Conversation,
    line: &Line<'_>,
    mut decisions: Vec<Decision>,
    timing: Timing,
    questions: Vec<Question>,
) {
    let print = Fingerprint::of(line);
    if let Line::Message(bytes) = *line
        && !questions.is_empty()
    {
        consult::ask_after(talk, bytes, print, &mut decisions, questions);
    }
    talk.passed(print, decisions, timing);
}

/// Who is gone when messages of this flow find their outlet closed.
pub(crate) fn closed(flow: Flow) -> Happening {
    match flow {
        Flow::ToServer => Happening::ServerDeaf,
        Flow::ToClient => Happening::ClientGone,
    }
}

/// Where a message stands among the bytes, what was decided on it, and what is to be asked about it.
type Item = (Range<usize>, Vec<Decision>, Timing, Vec<Question>);

/// Messages that were sent on and wait for their record, copied out of the reader's way.
#[derive(Default)]
struct Later {
    bytes: Vec<u8>,
    items: Vec<Item>,
}

impl Later {
    fn keep(&mut self, bytes: &[u8], decisions: Vec<Decision>, timing: Timing, questions: Vec<Question>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.items.push((start..self.bytes.len(), decisions, timing, questions));
    }
}
