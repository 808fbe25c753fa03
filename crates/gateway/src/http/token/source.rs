//! Where the keys come from: a file that was read at the start, or an address that is asked again when they are old or one is unknown.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use hyper::Uri;
use jsonwebtoken::Algorithm;

use super::keyset::KeySet;
use super::{KeySource, Refused};
use crate::http::fetch::Fetch;

/// How long keys are used before they are asked for anew.
pub(super) const FRESH: Duration = Duration::from_mins(10);
/// How long they are used where they cannot be had anew: a key that was withdrawn must end.
const LONGEST: Duration = Duration::from_hours(1);
/// The least time between two askings: tokens with ids that nobody knows must not become a flood for the authorization server.
const GAP: Duration = Duration::from_secs(10);

/// The keys that hold now.
#[derive(Debug)]
pub(super) struct Source {
    address: Option<(Uri, Fetch)>,
    held: RwLock<Held>,
    /// Held by who asks.
    turn: tokio::sync::Mutex<()>,
    gap: Duration,
}

/// A set of keys, for now.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    pub(super) set: Arc<KeySet>,
    /// When they came; `None`: never, or for good.
    since: Option<Instant>,
    tried: Option<Instant>,
    /// Counts the sets.
    pub(super) number: u64,
}

impl Source {
    pub(super) fn new(from: KeySource) -> Self {
        let (address, set) = match from {
            KeySource::Address(uri) => (Some((uri, Fetch::new())), KeySet::default()),
            KeySource::Set(set) => (None, set),
        };
        let held = RwLock::new(Held { set: Arc::new(set), ..Held::default() });
        Self { address, held, turn: tokio::sync::Mutex::default(), gap: GAP }
    }

    /// Which set of keys holds.
    pub(super) fn number(&self) -> u64 {
        self.held().number
    }

    /// The set that has this key, asked for where it must be.
    pub(super) async fn with(&self, id: Option<&str>, algorithm: Algorithm) -> Result<Held, Refused> {
        let held = self.held();
        let age = held.since.map(|since| since.elapsed());
        let known = held.set.find(id, algorithm).is_some();
        let Some((uri, fetch)) = &self.address else {
            return if known { Ok(held) } else { Err(UNKNOWN) };
        };
        if known && age.is_some_and(|age| age < FRESH) {
            return Ok(held);
        }
        let in_use = known && age.is_some_and(|age| age < LONGEST);
        // Who knows the key does not wait for those who ask.
        let turn = if in_use { self.turn.try_lock().ok() } else { Some(self.turn.lock().await) };
        if turn.is_some() && self.held().tried.is_none_or(|tried| tried.elapsed() >= self.gap) {
            let answer = fetch.get(uri).await.and_then(|bytes| KeySet::read(&bytes));
            let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
            held.tried = Some(Instant::now());
            if let Ok(set) = answer {
                (held.set, held.since) = (Arc::new(set), Some(Instant::now()));
                held.number += 1;
            }
        }
        let held = self.held();
        match held.since.map(|since| since.elapsed()) {
            Some(age) if age < LONGEST => {
                if held.set.find(id, algorithm).is_some() {
                    Ok(held)
                } else {
                    Err(UNKNOWN)
                }
            }
            _ => Err(Refused::NoKeys),
        }
    }

    fn held(&self) -> Held {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// It is signed by a key that the authorization server does not name.
const UNKNOWN: Refused = Refused::Invalid("it is signed by no known key");
