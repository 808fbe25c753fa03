//! The thread that sends. One in all processes of a directory does; the others only put into the outbox, and take over when it ends.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::export::Exporter;
use super::offers::Offers;
use super::{Outbox, Round, SendConfig, now};

/// The longest that it sleeps, in seconds: so soon it sees what other processes have put in, and that the one that sent has ended.
const SLEEP: u64 = 60;

/// Sends in the background. What it has not sent when the process ends, or is killed, the next one sends.
#[derive(Debug)]
pub struct Courier {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    home: PathBuf,
    config: SendConfig,
    state: Mutex<State>,
    /// Rung when there is something new, and at the end.
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    offers: Offers,
    news: bool,
    closed: bool,
}

impl Courier {
    /// Starts the thread for a directory of evidence.
    pub fn start(home: &Path, config: SendConfig) -> io::Result<Self> {
        let shared = Shared { home: home.to_owned(), config, state: Mutex::default(), bell: Condvar::new() };
        let shared = Arc::new(shared);
        let own = Arc::clone(&shared);
        // Nobody waits for its end: it may be in the middle of a question, and whatever it does may be broken off anywhere.
        std::thread::Builder::new().name("audit-send".to_owned()).spawn(move || own.work())?;
        Ok(Self { shared })
    }

    /// A log's newest checkpoint, to be sent when it is time.
    pub fn offer(&self, log: &str, checkpoint: &str) {
        let mut state = self.shared.state();
        state.offers.add(&self.shared.config, log, checkpoint);
        state.news = true;
        self.shared.bell.notify_all();
    }

    /// Writes down what is to be sent still, for the next process.
    pub fn close(&self) -> io::Result<()> {
        let mut state = self.shared.state();
        state.closed = true;
        self.shared.bell.notify_all();
        let mut offers = std::mem::take(&mut state.offers);
        drop(state);
        let outbox = Outbox::open(&self.shared.home)?;
        offers.settle(&outbox, &self.shared.config, true).map(drop)
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.bell.notify_all();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let (mut round, mut lock, mut outbox) = (Round::new(&self.home, self.config.clone()), None, None);
        let mut exporter = self.config.export.clone().map(Exporter::new);
        loop {
            let mut next = now() + SLEEP;
            if outbox.is_none() {
                // A disk that refuses now may not later; the checkpoints stay until then.
                outbox = Outbox::open(&self.home).ok();
            }
            if let Some(outbox) = &outbox
                && let Some(earlier) = self.deal(outbox, &mut round, &mut lock)
            {
                next = next.min(earlier);
            }
            // Whoever sends for the directory sends records as well: two would send them twice.
            if let (Some(exporter), Some(_)) = (&mut exporter, &lock)
                && let Some(earlier) = exporter.run(&self.home, &|| self.state().closed)
            {
                next = next.min(earlier);
            }
            let mut state = self.state();
            let wait = Duration::from_secs(next.saturating_sub(now()).clamp(1, SLEEP));
            if !state.closed && !state.news {
                let waits = |state: &mut State| !state.closed && !state.news;
                state = self.bell.wait_timeout_while(state, wait, waits).unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.closed {
                return;
            }
            state.news = false;
        }
    }

    /// Puts in what is offered, and sends what is due where nobody else does. When there is more to do.
    fn deal(&self, outbox: &Outbox, round: &mut Round, lock: &mut Option<File>) -> Option<u64> {
        let mut offers = std::mem::take(&mut self.state().offers);
        let settled = offers.settle(outbox, &self.config, false);
        let mut state = self.state();
        state.offers.put_back(offers);
        if state.closed {
            return None;
        }
        drop(state);
        if lock.is_none() {
            *lock = outbox.lock().ok().flatten();
        }
        let done = lock.as_ref().and_then(|_| round.run(outbox, false, &|| self.state().closed).ok());
        settled.ok().flatten().into_iter().chain(done.map(|done| done.next)).min()
    }
}
