//! Messages of a process that wait for a score, while those behind them go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use vanguard_engine::engine::Word;
use vanguard_engine::meaning::Question;
use vanguard_engine::verdict::{Decision, Flow, Permit, Timing};
use vanguard_wire::Line;

use crate::consult;
use crate::link::{Happening, Link};
use crate::outlet::Closed;
use crate::pump::closed;
use crate::record::Fingerprint;
use crate::report::Event;
use crate::wrapped::spawn;

/// The most that wait one way. Then those behind them wait, too.
const MAX_MESSAGES: usize = 64;
/// The most bytes of them.
const MAX_BYTES: usize = 16 << 20;
/// How long the end of a session waits for them. Their deadline is shorter.
const LAST: Duration = Duration::from_mins(1);

/// Those of one way.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    room: Mutex<Room>,
    fewer: Condvar,
    /// To whoever sends them on; `None` where no thread could be had.
    released: OnceLock<Option<Sender<Released>>>,
}

/// A message, and what was said of it.
type Released = (Message, Vec<Word>);

#[derive(Debug, Default)]
struct Room {
    messages: usize,
    bytes: usize,
}

/// A message that may go, as far as it was judged.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) line: Vec<u8>,
    pub(crate) permit: Permit<'static>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) timing: Timing,
}

impl Waiting {
    /// Whether one more message must wait for its place.
    pub(crate) fn is_full(&self) -> bool {
        self.lock().is_full()
    }

    /// Holds a message until it is known what it means, then sends it on or refuses it.
    pub(crate) fn hold(&self, link: &Arc<Link>, flow: Flow, message: Message, questions: Vec<Question>) {
        let mut room = self.lock();
        while room.is_full() {
            room = self.fewer.wait(room).unwrap_or_else(PoisonError::into_inner);
        }
        room.messages += 1;
        room.bytes += message.line.len();
        drop(room);
        let released = self.released.get_or_init(|| {
            let (released, messages) = channel::<Released>();
            // The link holds the other end: when it goes, so does the thread.
            let link = Arc::downgrade(link);
            let begun = spawn("waiting", move || {
                for (message, said) in messages {
                    go(&link, flow, message, &said);
                }
            });
            begun.is_ok().then_some(released)
        });
        let decisions = message.decisions.clone();
        let bytes = message.line.clone();
        let slot = Arc::new(Mutex::new(Some(message)));
        let take = |slot: &Mutex<Option<Message>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (later, sender, weak) = (Arc::clone(&slot), released.clone(), Arc::downgrade(link));
        let said = consult::ask_and_wait(&link.talk, &Line::Message(&bytes), &decisions, questions, move |said| {
            match (take(&later), &sender) {
                (Some(message), Some(sender)) => {
                    // The link is gone, and with it whoever waits.
                    let _ = sender.send((message, said));
                }
                (Some(message), None) => go(&weak, flow, message, &said),
                (None, _) => {}
            }
        });
        if let Some(said) = said
            && let Some(message) = take(&slot)
        {
            go(&Arc::downgrade(link), flow, message, &said);
        }
    }

    /// Waits until none is held.
    pub(crate) fn drain(&self) {
        let end = Instant::now() + LAST;
        let mut room = self.lock();
        while room.messages > 0 {
            let Some(left) = end.checked_duration_since(Instant::now()) else { return };
            room = self.fewer.wait_timeout(room, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn gone(&self, bytes: usize) {
        let mut room = self.lock();
        room.messages -= 1;
        room.bytes -= bytes;
        drop(room);
        self.fewer.notify_all();
    }
}

impl Room {
    fn is_full(&self) -> bool {
        self.messages >= MAX_MESSAGES || self.bytes >= MAX_BYTES
    }
}

/// Sends a message on that was held, or refuses it for what was said. Whoever fails at that ends the session, as a pump does.
fn go(link: &Weak<Link>, flow: Flow, message: Message, said: &[Word]) {
    let Some(link) = link.upgrade() else { return };
    let bytes = message.line.len();
    if catch_unwind(AssertUnwindSafe(|| decide(&link, flow, message, said))).is_err() {
        link.happened(Happening::Broken("the proxy failed; report it as a bug of McpVanguard"));
    }
    link.waiting(flow).gone(bytes);
}

fn decide(link: &Link, flow: Flow, held: Message, said: &[Word]) {
    let Message { line, permit, mut decisions, timing } = held;
    let (talk, message) = (&link.talk, Line::Message(&line));
    let sent = match consult::raise(talk, &line, &mut decisions, said) {
        None => {
            let sent = link.forward(flow, permit).and_then(|()| link.outlet(flow).flush());
            talk.passed(Fingerprint::of(&message), decisions, timing);
            sent
        }
        Some(answers) => {
            talk.refused(&message, &decisions, timing, false);
            let sent = answers.into_iter().try_for_each(|answer| link.deliver(answer, flow));
            for decision in decisions {
                talk.reports.tell(Event::Refused(decision));
            }
            sent
        }
    };
    talk.watch_audit();
    if sent == Err(Closed) {
        link.happened(closed(flow));
    }
}
