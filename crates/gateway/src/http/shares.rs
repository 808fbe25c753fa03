//! What each principal has open: none may take all there is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;
use vanguard_engine::Identity;

use super::reply::Fault;

/// Requests and streams that are open, by whose they are.
#[derive(Debug)]
pub(super) struct Shares {
    open: Arc<Mutex<HashMap<Identity, usize>>>,
    most: usize,
}

/// One of them. It counts until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    open: Arc<Mutex<HashMap<Identity, usize>>>,
    who: Identity,
}

impl Shares {
    /// So many for each.
    pub(super) fn new(most: usize) -> Self {
        Self { open: Arc::default(), most }
    }

    /// Counts one more.
    pub(super) fn take(&self, who: &Identity) -> Result<Share, Fault> {
        let mut open = lock(&self.open);
        let count = open.entry(who.clone()).or_default();
        if *count >= self.most {
            return Err(Fault::new(StatusCode::TOO_MANY_REQUESTS, "too many requests and streams are open"));
        }
        *count += 1;
        Ok(Share { open: Arc::clone(&self.open), who: who.clone() })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        if let Some(count) = open.get_mut(&self.who) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.who);
            }
        }
    }
}

fn lock(open: &Mutex<HashMap<Identity, usize>>) -> MutexGuard<'_, HashMap<Identity, usize>> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use vanguard_engine::Entry;

    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again_and_nothing_is_kept_of_who_has_nothing() {
        let of = |entry| Identity { entry, name: "a".into() };
        let shares = Shares::new(2);
        let held = [shares.take(&of(Entry::Key)).unwrap(), shares.take(&of(Entry::Key)).unwrap()];
        assert!(shares.take(&of(Entry::Key)).is_err());
        assert!(shares.take(&of(Entry::Token)).is_ok(), "another of the same name");
        drop(held);
        assert!(shares.take(&of(Entry::Key)).is_ok());
        assert!(lock(&shares.open).is_empty());
    }
}
