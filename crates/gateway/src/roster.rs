//! The sessions that are open, for whoever asks.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vanguard_engine::behaviour::{Memory, Seen};
use vanguard_engine::{Clock, Session};

use crate::clock::SystemClock;
use crate::seat::Seat;

/// A session that is open, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// Its id in the record. That of the protocol is a secret between client and server.
    pub session: String,
    /// The server's name.
    pub server: String,
    /// Who began it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// When it began (RFC 3339).
    pub since: String,
    /// What it has done, where that is remembered and can be had.
    #[serde(flatten)]
    pub seen: Option<Seen>,
}

/// A session's entry. It is on the roster as long as somebody holds it.
#[derive(Debug)]
pub(crate) struct Entry {
    id: String,
    server: String,
    principal: Option<String>,
    since: Timestamp,
    seat: Seat,
    memory: Option<Arc<dyn Memory>>,
}

/// All sessions of a proxy: as many as its limits let be open.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
struct Entries {
    all: Vec<Weak<Entry>>,
    /// How many there may be before those that are over are looked for.
    sweep_at: usize,
}

impl Roster {
    /// Enters a session.
    pub(crate) fn enter(&self, id: String, server: &str, session: &Session, seat: &Seat) -> Arc<Entry> {
        let principal = session.principal().map(|principal| principal.identity.name.to_string());
        let (memory, since) = (session.memory().cloned(), Timestamp::now());
        let entry = Arc::new(Entry { id, server: server.to_owned(), principal, since, seat: seat.clone(), memory });
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.all.len() >= entries.sweep_at {
            entries.all.retain(|entry| entry.strong_count() > 0);
            entries.sweep_at = (entries.all.len() * 2).max(64);
        }
        entries.all.push(Arc::downgrade(&entry));
        entry
    }

    /// Those that are open, in the order in which they began.
    pub(crate) fn open(&self) -> Vec<OpenSession> {
        let entries: Vec<Arc<Entry>> = {
            let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            entries.all.iter().filter_map(Weak::upgrade).collect()
        };
        entries.iter().map(|entry| entry.shown()).collect()
    }
}

impl Entry {
    fn shown(&self) -> OpenSession {
        let engine = self.seat.engine();
        let behaviour = engine.policy().behaviour.as_ref();
        let now_ms = SystemClock.monotonic_ns() / 1_000_000;
        let seen =
            behaviour.zip(self.memory.as_deref()).and_then(|(behaviour, memory)| behaviour.seen(memory, now_ms).ok());
        OpenSession {
            session: self.id.clone(),
            server: self.server.clone(),
            principal: self.principal.clone(),
            since: format!("{:.0}", self.since),
            seen,
        }
    }
}
