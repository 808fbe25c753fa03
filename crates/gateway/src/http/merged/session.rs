//! One client's session with all servers: a session with each of them.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use vanguard_engine::Identity;
use vanguard_engine::session::Common;
use vanguard_wire::IdKey;

use super::greeting::Greeting;
use super::owners::Owners;

/// Requests whose servers are remembered, so that what cancels one finds it.
const REMEMBERED: usize = 1024;

/// One session.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: String,
    who: Option<Identity>,
    /// What the client began with, and what each server is greeted with.
    pub(super) initialize: Vec<u8>,
    /// By server.
    pub(super) seats: Vec<tokio::sync::Mutex<Seat>>,
    pub(super) owners: Mutex<Owners>,
    /// Who remembers what is done in it, with whichever server: data goes from one to another.
    pub(super) memory: Common,
    /// Told when one of them is taken.
    seated: watch::Sender<()>,
    /// Whoever listened last.
    listener: AtomicU64,
    /// The client has said that it is ready.
    ready: AtomicBool,
    sent: Mutex<VecDeque<(IdKey, usize)>>,
    used: Mutex<Instant>,
}

/// Where the session with one server is.
#[derive(Debug, Clone)]
pub(super) enum Seat {
    /// There is none; when the last could not be begun.
    Empty(Option<Instant>),
    Taken(Arc<Begun>),
}

/// A session with one server.
#[derive(Debug)]
pub(super) struct Begun {
    /// Its id, where the server has sessions.
    pub(super) session: Option<String>,
    pub(super) greeting: Greeting,
}

impl Open {
    pub(super) fn new(id: String, who: Option<Identity>, initialize: Vec<u8>, servers: usize, memory: Common) -> Self {
        Self {
            id,
            who,
            initialize,
            seats: (0..servers).map(|_| tokio::sync::Mutex::new(Seat::Empty(None))).collect(),
            owners: Mutex::default(),
            memory,
            seated: watch::Sender::new(()),
            listener: AtomicU64::new(0),
            ready: AtomicBool::new(false),
            sent: Mutex::default(),
            used: Mutex::new(Instant::now()),
        }
    }

    /// The session with a server, if there is one now: one that is about to begin is none yet.
    pub(super) fn begun(&self, at: usize) -> Option<Arc<Begun>> {
        match &*self.seats[at].try_lock().ok()? {
            Seat::Taken(begun) => Some(Arc::clone(begun)),
            Seat::Empty(_) => None,
        }
    }

    /// Tells who waits for it that a session with a server has begun.
    pub(super) fn tell_seated(&self) {
        self.seated.send_replace(());
    }

    /// Is told so.
    pub(super) fn seated(&self) -> watch::Receiver<()> {
        self.seated.subscribe()
    }

    /// The server knows nothing of this session any more.
    pub(super) async fn over(&self, at: usize, begun: &Arc<Begun>) {
        let mut seat = self.seats[at].lock().await;
        if matches!(&*seat, Seat::Taken(other) if Arc::ptr_eq(other, begun)) {
            *seat = Seat::Empty(None);
        }
    }

    /// A number for one more who listens.
    pub(super) fn listens(&self) -> u64 {
        self.listener.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Who listened last.
    pub(super) fn listener(&self) -> u64 {
        self.listener.load(Ordering::Acquire)
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(super) fn get_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Remembers whom a request went to.
    pub(super) fn sent(&self, request: &IdKey, at: usize) {
        let mut sent = lock(&self.sent);
        if sent.len() >= REMEMBERED {
            sent.pop_front();
        }
        sent.push_back((request.clone(), at));
    }

    /// Whom the last request with this id went to.
    pub(super) fn went_to(&self, request: &IdKey) -> Option<usize> {
        lock(&self.sent).iter().rev().find(|(key, _)| key == request).map(|(_, at)| *at)
    }
}

/// All that are open.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Open>>>);

impl Sessions {
    /// Takes one in, unless there are `most`.
    pub(super) fn keep(&self, open: &Arc<Open>, most: usize) -> bool {
        let mut all = lock(&self.0);
        let room = all.len() < most;
        if room {
            all.insert(open.id.clone(), Arc::clone(open));
        }
        room
    }

    /// The one with this id, if it is of the same person.
    pub(super) fn find(&self, id: &str, who: Option<&Identity>) -> Option<Arc<Open>> {
        let open = lock(&self.0).get(id).filter(|open| open.who.as_ref() == who).map(Arc::clone)?;
        *lock(&open.used) = Instant::now();
        Some(open)
    }

    pub(super) fn end(&self, id: &str) {
        lock(&self.0).remove(id);
    }

    /// Forgets those that have lain idle for so long. Whoever holds a stream open holds the session, too; what the servers keep of it they
    /// end by themselves.
    pub(super) fn sweep(&self, longest: Duration) {
        lock(&self.0).retain(|_, open| Arc::strong_count(open) > 1 || lock(&open.used).elapsed() < longest);
    }
}

/// A panic while it was held leaves at worst an entry less.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
