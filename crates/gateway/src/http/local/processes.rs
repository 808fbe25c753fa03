//! How many processes run, and room for one more.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The processes of one upstream.
#[derive(Debug)]
pub(super) struct Processes {
    running: Mutex<usize>,
    /// Rung when one has ended.
    fewer: Condvar,
    most: usize,
}

impl Processes {
    pub(super) fn new(most: usize) -> Self {
        Self { running: Mutex::default(), fewer: Condvar::new(), most }
    }

    /// How many run.
    pub(super) fn count(&self) -> usize {
        *self.lock()
    }

    /// Counts one more, if there may be one.
    pub(super) fn one_more(&self) -> bool {
        let mut running = self.lock();
        let room = *running < self.most;
        *running += usize::from(room);
        room
    }

    pub(super) fn one_fewer(&self) {
        let mut running = self.lock();
        *running = running.saturating_sub(1);
        self.fewer.notify_all();
    }

    /// Waits until none is left, but no longer than `patience`.
    pub(super) fn wait(&self, patience: Duration) {
        let _ = self.fewer.wait_timeout_while(self.lock(), patience, |running| *running > 0);
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
