//! Tokens that were checked a moment ago: to check a signature takes longer than to judge a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use sha2::{Digest as _, Sha256};
use vanguard_engine::Principal;

use super::source::FRESH;

/// The most tokens that are remembered.
const MOST: usize = 4096;

/// By their digests; no token is kept.
#[derive(Debug, Default)]
pub(super) struct Remembered(Mutex<HashMap<[u8; 32], Known>>);

#[derive(Debug)]
struct Known {
    principal: Arc<Principal>,
    /// Unix time in seconds.
    expires: f64,
    /// The set of keys that it was checked by, and when: it is checked anew as often as these are asked for.
    keys: u64,
    checked: Instant,
}

impl Known {
    #[expect(clippy::cast_precision_loss, reason = "seconds are exact up to the year 285,000,000")]
    fn holds(&self, now: u64, keys: u64) -> bool {
        self.keys == keys && self.checked.elapsed() < FRESH && self.expires > now as f64
    }
}

impl Remembered {
    /// Whom the token is of and when it expires, if that is known, it has not expired `now`, and the `keys` are the same.
    pub(super) fn find(&self, token: &str, now: u64, keys: u64) -> Option<(Arc<Principal>, f64)> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&digest(token)).filter(|known| known.holds(now, keys));
        found.map(|known| (Arc::clone(&known.principal), known.expires))
    }

    /// Remembers a token that was checked.
    pub(super) fn keep(&self, token: &str, principal: &Arc<Principal>, expires: f64, keys: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            // They are checked again.
            known.clear();
        }
        known.insert(digest(token), Known { principal: Arc::clone(principal), expires, keys, checked: Instant::now() });
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
