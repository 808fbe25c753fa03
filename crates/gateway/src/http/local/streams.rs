//! What a process says, filed by the request it belongs to, until its client reads it.
//!
//! A process says everything on one line after the other; over HTTP each request has a stream of its own for its answer and what comes
//! before it, and one stream is for the rest. What a client has not read, or may ask for again, is kept within bounds.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::body::Bytes;
use vanguard_engine::verdict::{Answer, Permit};
use vanguard_wire::{IdKey, Limits};

use super::sessions::{Client, may_be_silent};
use super::stream::Stream;
use crate::http::event::{numbered, priming};
use crate::http::letter::{Letter, Sort};
use crate::http::parcel::Parcel;
use crate::http::reply::Fault;
use crate::outlet::{Closed, Outlet, Stuck};

/// The stream that belongs to no request.
const REST: u64 = 0;
/// What may wait in a stream that is read, before the process has to wait.
const UNREAD_BYTES: usize = 1 << 20;
/// What is kept of a session that nobody reads.
const LEFT_BYTES: usize = 8 << 20;
/// What is kept of it that was read, for a client whose connection broke.
const KEPT_BYTES: usize = 1 << 20;
/// Streams of a session that are remembered; the oldest that is done goes first.
const KEPT_STREAMS: usize = 256;

/// The streams of one session.
#[derive(Debug)]
pub(super) struct Streams {
    state: Mutex<State>,
    /// Rung when somebody has read, or stopped to.
    room: Condvar,
    /// How long a client may leave a full stream unread.
    stall: Duration,
    limits: Limits,
}

#[derive(Debug, Default)]
struct State {
    streams: BTreeMap<u64, Stream>,
    waiting: HashMap<IdKey, Waiting>,
    /// The stream of each request that asked for progress, by its token.
    progress: HashMap<String, u64>,
    last_stream: u64,
    last_reader: u64,
    /// Nobody is to listen any longer than for the answers that are due.
    closing: bool,
    ended: bool,
}

/// A request that waits for its answer.
#[derive(Debug)]
struct Waiting {
    /// The stream that its answer comes by.
    stream: u64,
    /// Since when, unless it may wait for ever.
    since: Option<Instant>,
}

/// Who reads a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reader {
    stream: u64,
    number: u64,
}

impl Streams {
    pub(super) fn new(stall: Duration, limits: Limits) -> Self {
        let state = State { streams: BTreeMap::from([(REST, Stream::default())]), ..State::default() };
        Self { state: Mutex::new(state), room: Condvar::new(), stall, limits }
    }

    /// Opens a stream for the answers to `letter`, read by who gets the reader. `primed` begins it with an id to resume from.
    pub(super) fn expect(&self, letter: &Letter, most: usize, primed: bool) -> Result<Reader, Fault> {
        let mut state = self.lock();
        let id = state.last_stream + 1;
        state.expect(letter, most, id)?;
        state.last_stream = id;
        if primed {
            state.streams.entry(id).or_default().push(priming(&format!("{id}-0")));
        }
        Ok(state.hand_over(id))
    }

    /// The same where every answer comes by the one stream.
    pub(super) fn expect_here(&self, letter: &Letter, most: usize) -> Result<(), Fault> {
        self.lock().expect(letter, most, REST)
    }

    /// Says something that is no message to who listens to what belongs to no request.
    pub(super) fn announce(&self, event: Bytes) {
        self.lock().streams.entry(REST).or_default().push(event);
    }

    /// Reads what belongs to no request. Whoever read it before reads it no more: a client that asks anew has lost its connection.
    pub(super) fn listen(&self) -> Reader {
        let reader = self.lock().hand_over(REST);
        self.room.notify_all();
        reader
    }

    /// Reads on after an event. `None` where it is not one of ours, or what came after it is lost.
    pub(super) fn resume(&self, after: &str) -> Option<Reader> {
        let (stream, number) = after.split_once('-')?;
        let (stream, number) = (stream.parse().ok()?, number.parse().ok()?);
        let mut state = self.lock();
        state.streams.get_mut(&stream)?.rewind(number)?;
        let reader = state.hand_over(stream);
        self.room.notify_all();
        Some(reader)
    }

    /// The next event for `reader`; `None` at the end of its stream, or once it is another's.
    pub(super) fn poll(&self, reader: Reader, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut state = self.lock();
        let (ended, closing) = (state.ended, state.closing);
        let Some(stream) = state.streams.get_mut(&reader.stream) else { return Poll::Ready(None) };
        if stream.reader != Some(reader.number) {
            return Poll::Ready(None);
        }
        if let Some(event) = stream.pull() {
            state.trim();
            self.room.notify_all();
            return Poll::Ready(Some(event));
        }
        if ended || (stream.open == 0 && (closing || reader.stream != REST)) {
            return Poll::Ready(None);
        }
        stream.wait(cx.waker());
        Poll::Pending
    }

    /// The reader reads no more.
    pub(super) fn leave(&self, reader: Reader) {
        let mut state = self.lock();
        if let Some(stream) = state.streams.get_mut(&reader.stream)
            && stream.reader == Some(reader.number)
        {
            stream.hand_to(None);
        }
        state.trim();
        self.room.notify_all();
    }

    fn send(&self, parcel: &Parcel) -> Result<(), Closed> {
        let letter = Letter::read(parcel.line(), &self.limits);
        let mut state = self.lock();
        let to = state.way(&letter);
        state = self.wait_for_room(state, to);
        if state.ended {
            return Err(Closed);
        }
        state.push(to, parcel);
        state.answered(&letter);
        state.trim();
        Ok(())
    }

    /// A client that reads slowly slows the process down; one that does not read is given up.
    fn wait_for_room<'s>(&self, mut state: MutexGuard<'s, State>, to: u64) -> MutexGuard<'s, State> {
        let deadline = Instant::now() + self.stall;
        loop {
            let ended = state.ended;
            let Some(stream) = state.streams.get_mut(&to) else { return state };
            if ended || stream.reader.is_none() || stream.unread <= UNREAD_BYTES {
                return state;
            }
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                stream.hand_to(None);
                return state;
            };
            state = self.room.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A panic while it was held leaves at worst an event less.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes note that `letter` is to be answered by the stream `id`.
    fn expect(&mut self, letter: &Letter, most: usize, id: u64) -> Result<(), Fault> {
        if self.ended {
            return Err(Fault::new(StatusCode::NOT_FOUND, "the session has ended").to(letter.id()));
        }
        let requests = letter.requests();
        if self.waiting.len() + requests.len() > most {
            let what = "too many requests of this session wait for an answer";
            return Err(Fault::new(StatusCode::TOO_MANY_REQUESTS, what).to(letter.id()));
        }
        let since = Some(Instant::now()).filter(|_| !may_be_silent(letter.method()));
        for key in requests {
            self.waiting.insert(key.clone(), Waiting { stream: id, since });
        }
        if let Some(token) = letter.progress.as_ref().filter(|_| !requests.is_empty()) {
            self.progress.insert(token.clone(), id);
        }
        self.streams.entry(id).or_default().open += requests.len();
        Ok(())
    }

    fn hand_over(&mut self, stream: u64) -> Reader {
        self.last_reader += 1;
        let number = self.last_reader;
        self.streams.entry(stream).or_default().hand_to(Some(number));
        Reader { stream, number }
    }

    /// The stream that a message belongs to. What names no request is taken to belong to the one that came last, whose client surely listens.
    fn way(&self, letter: &Letter) -> u64 {
        let named = match &letter.sort {
            Sort::Response(Some(key)) => self.waiting.get(key).map(|waiting| waiting.stream),
            Sort::Batch { answered, .. } => {
                answered.first().and_then(|key| self.waiting.get(key)).map(|waiting| waiting.stream)
            }
            Sort::Notification { .. } => letter.progress.as_ref().and_then(|token| self.progress.get(token)).copied(),
            _ => None,
        };
        let is_read = |id: &u64| self.streams.get(id).is_some_and(|stream| stream.reader.is_some());
        let open = || self.streams.iter().rev().filter(|(_, stream)| stream.open > 0).map(|(id, _)| *id);
        named
            .or_else(|| open().find(is_read))
            .or_else(|| Some(REST).filter(is_read))
            .or_else(|| open().next())
            .unwrap_or(REST)
    }

    fn push(&mut self, to: u64, parcel: &Parcel) {
        let stream = self.streams.entry(to).or_default();
        let id = format!("{to}-{}", stream.number());
        stream.push(numbered(&id, parcel));
    }

    /// What the message answers waits no more.
    fn answered(&mut self, letter: &Letter) {
        let keys = match &letter.sort {
            Sort::Response(Some(key)) => std::slice::from_ref(key),
            Sort::Batch { answered, .. } => answered,
            _ => return,
        };
        for key in keys {
            self.done(key);
        }
    }

    /// A request waits no more.
    fn done(&mut self, key: &IdKey) {
        let Some(Waiting { stream: id, .. }) = self.waiting.remove(key) else { return };
        let Some(stream) = self.streams.get_mut(&id) else { return };
        stream.open = stream.open.saturating_sub(1);
        if stream.open == 0 {
            stream.wake();
            self.progress.retain(|_, stream| *stream != id);
        }
    }

    /// The requests for which the process has said nothing for so long.
    fn late(&self, longest: Duration) -> impl Iterator<Item = &IdKey> {
        let heard =
            |waiting: &Waiting| waiting.since.max(self.streams.get(&waiting.stream).and_then(|stream| stream.heard));
        let is_late = move |waiting: &Waiting| {
            waiting.since.is_some() && heard(waiting).is_some_and(|heard| heard.elapsed() >= longest)
        };
        self.waiting.iter().filter(move |(_, waiting)| is_late(waiting)).map(|(key, _)| key)
    }

    /// Files answers of ours, whether there is room for them or not.
    fn file(&mut self, answers: impl IntoIterator<Item = Answer>, limits: &Limits) {
        for answer in answers {
            let parcel = Parcel::from(answer);
            let letter = Letter::read(parcel.line(), limits);
            let to = self.way(&letter);
            self.push(to, &parcel);
            self.answered(&letter);
        }
    }

    /// Keeps to the bounds.
    fn trim(&mut self) {
        let mut read: usize = self.streams.values().map(|stream| stream.read).sum();
        let left = |stream: &Stream| if stream.reader.is_none() { stream.unread } else { 0 };
        let mut unread: usize = self.streams.values().map(left).sum();
        for stream in self.streams.values_mut() {
            while (read > KEPT_BYTES && stream.read > 0) || (unread > LEFT_BYTES && left(stream) > 0) {
                let (before_read, before_left) = (stream.read, left(stream));
                if !stream.drop_first(stream.reader.is_none() && unread > LEFT_BYTES) {
                    break;
                }
                read -= before_read - stream.read;
                unread -= before_left - left(stream);
            }
        }
        let mut spare = self.streams.len().saturating_sub(KEPT_STREAMS);
        self.streams.retain(|id, stream| {
            let done = *id != REST && stream.open == 0 && stream.reader.is_none();
            let goes = done && (stream.is_empty() || (spare > 0 && stream.is_read()));
            spare -= usize::from(goes && spare > 0);
            !goes
        });
    }
}

impl Client for Streams {
    fn outlet(self: Arc<Self>) -> Box<dyn Outlet> {
        Box::new(ToStreams(self))
    }

    fn give_up(&self, longest: Duration, answer: &mut dyn FnMut(&[IdKey]) -> Vec<Answer>) {
        let mut state = self.lock();
        let late: Vec<_> = state.late(longest).cloned().collect();
        if late.is_empty() {
            return;
        }
        state.file(answer(&late), &self.limits);
        // Those that the session has forgotten as well.
        for key in &late {
            state.done(key);
        }
        state.trim();
    }

    fn is_busy(&self) -> bool {
        let state = self.lock();
        !state.waiting.is_empty() || state.streams.values().any(|stream| stream.reader.is_some())
    }

    fn close(&self) {
        let mut state = self.lock();
        state.closing = true;
        state.streams.values_mut().for_each(Stream::wake);
    }
}

/// The client's end of a session over HTTP.
#[derive(Debug)]
struct ToStreams(Arc<Streams>);

impl Outlet for ToStreams {
    fn forward(&self, permit: Permit<'_>) -> Result<(), Closed> {
        self.0.send(&Parcel::permitted(permit))
    }

    fn answer(&self, answer: &Answer) -> Result<(), Closed> {
        self.0.send(&Parcel::from(answer.clone()))
    }

    /// Nothing is gathered: each event is read by itself.
    fn flush(&self) -> Result<(), Closed> {
        Ok(())
    }

    fn finish(&self, answers: &[Answer], _within: Duration) -> Result<(), Stuck> {
        let mut state = self.0.lock();
        state.file(answers.iter().cloned(), &self.0.limits);
        state.ended = true;
        state.streams.values_mut().for_each(Stream::wake);
        self.0.room.notify_all();
        Ok(())
    }
}
