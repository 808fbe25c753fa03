//! What a process says that serves many clients at once, each line for the one request that it names.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use vanguard_engine::verdict::{Answer, Permit};
use vanguard_wire::{Id, IdKey, Limits};

use super::mirrors::Mirrors;
use super::rename::{Addressed, Original};
use super::sessions::{Client, may_be_silent};
use crate::http::parcel::Parcel;
use crate::outlet::{Closed, Outlet, Stuck};

/// What may wait for one client. No other waits for it, so one that does not read loses its request.
const UNREAD_BYTES: usize = 8 << 20;

/// The requests that one process is answering.
#[derive(Debug)]
pub(super) struct Exchanges {
    state: Mutex<State>,
    pub(super) mirrors: Mirrors,
    limits: Limits,
}

#[derive(Debug, Default)]
struct State {
    open: HashMap<u64, Exchange>,
    last: u64,
    ended: bool,
}

#[derive(Debug, Default)]
struct Exchange {
    original: Option<Original>,
    /// Its answer lists tools.
    lists: bool,
    lines: VecDeque<Parcel>,
    unread: usize,
    answered: bool,
    waker: Option<Waker>,
    /// When the process last said something to it, where it must say something.
    heard: Option<Instant>,
}

impl Exchanges {
    pub(super) fn new(limits: Limits) -> Self {
        Self { state: Mutex::default(), mirrors: Mirrors::default(), limits }
    }

    /// The number for one more request; `None` where there are `most`, or the process has ended.
    pub(super) fn number(&self, most: usize) -> Option<u64> {
        let mut state = self.lock();
        if state.ended || state.open.len() >= most {
            return None;
        }
        state.last += 1;
        let number = state.last;
        state.open.insert(number, Exchange::default());
        Some(number)
    }

    /// How the client calls it, and what it asks for.
    pub(super) fn name(&self, number: u64, original: Original, method: Option<&str>) {
        if let Some(exchange) = self.lock().open.get_mut(&number) {
            (exchange.original, exchange.lists) = (Some(original), method == Some("tools/list"));
            exchange.heard = Some(Instant::now()).filter(|_| !may_be_silent(method));
        }
    }

    /// Nobody waits for it any more. Whether the process has yet to answer it.
    pub(super) fn leave(&self, number: u64) -> bool {
        let mut state = self.lock();
        let left = state.open.remove(&number);
        left.is_some_and(|exchange| !exchange.answered) && !state.ended
    }

    /// The next message for a request; `None` after its answer, or if it is lost.
    pub(super) fn poll(&self, number: u64, cx: &mut Context<'_>) -> Poll<Option<Parcel>> {
        let mut state = self.lock();
        let ended = state.ended;
        let Some(exchange) = state.open.get_mut(&number) else { return Poll::Ready(None) };
        if let Some(line) = exchange.lines.pop_front() {
            exchange.unread -= line.line().len();
            return Poll::Ready(Some(line));
        }
        if exchange.answered || ended {
            return Poll::Ready(None);
        }
        exchange.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Files a message under the request that it names, and under that name.
    fn file(&self, state: &mut State, parcel: &Parcel) {
        let Some(addressed) = Addressed::read(parcel.line(), &self.limits) else { return };
        let (number, last) = (addressed.number, addressed.last);
        let Some(exchange) = state.open.get_mut(&number) else { return };
        let Some(original) = &exchange.original else { return };
        if exchange.answered {
            return;
        }
        exchange.heard = exchange.heard.map(|_| Instant::now());
        if exchange.unread > UNREAD_BYTES {
            exchange.lines.clear();
            exchange.answered = true;
        } else {
            let line = parcel.under(|line| addressed.homeward(line, original));
            exchange.unread += line.line().len();
            exchange.lines.push_back(line);
            exchange.answered = last;
            if last && exchange.lists {
                self.mirrors.learn(parcel.line(), &self.limits);
            }
        }
        if let Some(waker) = exchange.waker.take() {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client for Exchanges {
    fn outlet(self: Arc<Self>) -> Box<dyn Outlet> {
        Box::new(ToExchanges(self))
    }

    fn give_up(&self, longest: Duration, answer: &mut dyn FnMut(&[IdKey]) -> Vec<Answer>) {
        let mut state = self.lock();
        let late = |exchange: &Exchange| !exchange.answered && exchange.heard.is_some_and(|at| at.elapsed() >= longest);
        let late: Vec<_> =
            state.open.iter().filter(|(_, exchange)| late(exchange)).map(|(number, _)| *number).collect();
        let ids: Vec<_> = late.iter().filter_map(|number| Id::read(&number.to_string()).map(Id::key)).collect();
        for answer in answer(&ids) {
            self.file(&mut state, &Parcel::from(answer));
        }
    }

    fn is_busy(&self) -> bool {
        !self.lock().open.is_empty()
    }

    /// Each is answered when the process ends.
    fn close(&self) {}
}

/// The clients' end of a process that they share.
#[derive(Debug)]
struct ToExchanges(Arc<Exchanges>);

impl ToExchanges {
    fn send(&self, parcel: &Parcel) -> Result<(), Closed> {
        let mut state = self.0.lock();
        if state.ended {
            return Err(Closed);
        }
        self.0.file(&mut state, parcel);
        Ok(())
    }
}

impl Outlet for ToExchanges {
    fn forward(&self, permit: Permit<'_>) -> Result<(), Closed> {
        self.send(&Parcel::permitted(permit))
    }

    fn answer(&self, answer: &Answer) -> Result<(), Closed> {
        self.send(&Parcel::from(answer.clone()))
    }

    fn flush(&self) -> Result<(), Closed> {
        Ok(())
    }

    fn finish(&self, answers: &[Answer], _within: Duration) -> Result<(), Stuck> {
        let mut state = self.0.lock();
        for answer in answers {
            self.0.file(&mut state, &Parcel::from(answer.clone()));
        }
        state.ended = true;
        for exchange in state.open.values_mut() {
            if let Some(waker) = exchange.waker.take() {
                waker.wake();
            }
        }
        Ok(())
    }
}
