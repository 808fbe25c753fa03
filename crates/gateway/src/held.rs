//! Calls that a limit slows down: they leave when their time has come, and nothing else waits for them.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use vanguard_engine::verdict::Permit;

use crate::outlet::{Closed, Outlet as _};
use crate::pipe::Pipe;

/// The most calls of a session that wait, and their bytes. Beyond, who brings one waits himself.
const MOST: usize = 64;
const MOST_BYTES: usize = 1024 * 1024;

/// The calls of one session that wait, by when they may leave.
#[derive(Debug, Default)]
pub(crate) struct Held {
    state: Mutex<State>,
    /// Rung when one comes that is due first, and when the last has left.
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<(Instant, u64), Permit<'static>>,
    bytes: usize,
    /// Calls that have waited so far: of those that are due together the first to come leaves first.
    count: u64,
    /// Whether a thread sees to it.
    tended: bool,
}

impl Held {
    /// Has a call leave for `server` at its time.
    pub(crate) fn keep(self: &Arc<Self>, permit: Permit<'_>, server: &Arc<Pipe>) -> Result<(), Closed> {
        let due = Instant::now() + permit.hold();
        let mut state = self.lock();
        let fits = state.waiting.len() < MOST && state.bytes + permit.line().len() <= MOST_BYTES;
        if !fits || !state.is_tended(self, server) {
            drop(state);
            thread::sleep(permit.hold());
            return server.forward(permit).and_then(|()| server.flush());
        }
        state.bytes += permit.line().len();
        state.count += 1;
        let number = state.count;
        state.waiting.insert((due, number), permit.into_owned());
        drop(state);
        self.bell.notify_all();
        Ok(())
    }

    /// Waits until nothing waits any more, at most for so long.
    pub(crate) fn drain(&self, within: Duration) {
        let state = self.lock();
        let some = |state: &mut State| state.tended;
        drop(self.bell.wait_timeout_while(state, within, some).unwrap_or_else(PoisonError::into_inner));
    }

    /// Sends what is due, until nothing waits. How a write ended shows to whoever writes next.
    fn tend(&self, server: &Pipe) {
        let mut state = self.lock();
        while let Some(first) = state.waiting.first_entry() {
            let wait = first.key().0.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                let permit = first.remove();
                state.bytes -= permit.line().len();
                drop(state);
                let _ = server.forward(permit).and_then(|()| server.flush());
                state = self.lock();
            } else {
                state = self.bell.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        state.tended = false;
        drop(state);
        self.bell.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Has a thread see to what waits, if none does yet.
    fn is_tended(&mut self, held: &Arc<Held>, server: &Arc<Pipe>) -> bool {
        if !self.tended {
            let (held, server) = (Arc::clone(held), Arc::clone(server));
            self.tended = thread::Builder::new().name("held".to_owned()).spawn(move || held.tend(&server)).is_ok();
        }
        self.tended
    }
}
