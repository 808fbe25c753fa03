//! Conversations by the session ids that the upstream gave, each bound to who began it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vanguard_engine::{Identity, Principal};

use crate::conversation::Conversation;

/// The longest session id that is taken from an upstream.
const MAX_ID_BYTES: usize = 512;

/// The sessions of one upstream.
#[derive(Debug)]
pub(super) struct Talks {
    open: Mutex<HashMap<Box<str>, Entry>>,
    /// What each client says where there are no sessions, and when it last asked.
    alone: Mutex<HashMap<Option<Identity>, (Conversation, Instant)>>,
    max: usize,
    idle: Duration,
}

#[derive(Debug)]
struct Entry {
    talk: Arc<Conversation>,
    who: Option<Identity>,
    used: Instant,
}

/// A session that is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotKept {
    /// There are as many as there may be.
    Full,
    /// The upstream gave an id that is no id, or another's.
    BadId,
}

impl Talks {
    pub(super) fn new(max: usize, idle: Duration) -> Self {
        Self { open: Mutex::default(), alone: Mutex::default(), max, idle }
    }

    /// The conversation under this id, if it was begun by the same principal.
    pub(super) fn find(&self, id: &str, who: Option<&Identity>) -> Option<Arc<Conversation>> {
        let mut open = self.lock();
        let entry = open.get_mut(id).filter(|entry| entry.who.as_ref() == who)?;
        entry.used = Instant::now();
        Some(Arc::clone(&entry.talk))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lock().len()
    }

    /// Whether another can be begun.
    pub(super) fn has_room(&self) -> bool {
        let mut open = self.lock();
        if open.len() >= self.max {
            self.drop_idle(&mut open);
        }
        open.len() < self.max
    }

    /// Takes in a conversation that began under this id.
    pub(super) fn keep(&self, id: &str, who: Option<&Identity>, talk: &Arc<Conversation>) -> Result<(), NotKept> {
        let mut open = self.lock();
        let others = open.get(id).is_some_and(|entry| entry.who.as_ref() != who);
        if id.is_empty() || id.len() > MAX_ID_BYTES || others {
            return Err(NotKept::BadId);
        }
        if open.len() >= self.max && !open.contains_key(id) {
            return Err(NotKept::Full);
        }
        let entry = Entry { talk: Arc::clone(talk), who: who.cloned(), used: Instant::now() };
        open.insert(id.into(), entry);
        Ok(())
    }

    /// The session is over.
    pub(super) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    /// The conversation for a request that stands by itself. `begin` makes the first of a client.
    pub(super) fn beside(
        &self,
        principal: Option<&Arc<Principal>>,
        begin: impl FnOnce() -> Conversation,
    ) -> Conversation {
        let who = principal.map(|principal| principal.identity.clone());
        let mut alone = self.alone();
        if alone.len() >= self.max && !alone.contains_key(&who) {
            // It is told its tools again.
            let longest = alone.iter().min_by_key(|(_, (_, used))| *used).map(|(who, _)| who.clone());
            longest.map(|who| alone.remove(&who));
        }
        let (talk, used) = alone.entry(who).or_insert_with(|| (begin(), Instant::now()));
        *used = Instant::now();
        talk.beside(principal.cloned())
    }

    /// Drops what has lain idle for too long.
    pub(super) fn sweep(&self) {
        self.drop_idle(&mut self.lock());
        self.alone().retain(|_, (_, used)| used.elapsed() < self.idle);
    }

    fn drop_idle(&self, open: &mut HashMap<Box<str>, Entry>) {
        // Whoever holds a stream open holds the conversation, too.
        open.retain(|_, entry| Arc::strong_count(&entry.talk) > 1 || entry.used.elapsed() < self.idle);
    }

    fn alone(&self) -> MutexGuard<'_, HashMap<Option<Identity>, (Conversation, Instant)>> {
        self.alone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Entry>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
