//! Room to judge in, for threads of which few judge at once.
//!
//! What the engine keeps to judge the next message faster takes over half a megabyte. A session before a process has threads of its own that
//! mostly wait: with that much each, a hundred sessions took a hundred megabytes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use vanguard_engine::Scratch;

/// The most that are kept while nobody judges.
const KEPT: usize = 8;

/// Those that nobody uses, the last that was used last.
#[derive(Debug, Default)]
pub(crate) struct Desks(Mutex<Vec<Scratch>>);

impl Desks {
    /// Has `judge` work at one of them.
    pub(crate) fn at_one<T>(&self, judge: impl FnOnce(&mut Scratch) -> T) -> T {
        let free = self.free().pop();
        let mut desk = free.unwrap_or_default();
        let judged = judge(&mut desk);
        let mut free = self.free();
        if free.len() < KEPT {
            free.push(desk);
        }
        judged
    }

    fn free(&self) -> MutexGuard<'_, Vec<Scratch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_as_are_used_at_once_and_few_are_kept() {
        let desks = Desks::default();
        for _ in 0..3 {
            desks.at_one(|_| desks.at_one(|_| ()));
        }
        assert_eq!(desks.free().len(), 2);
        nested(&desks, 20);
        assert_eq!(desks.free().len(), KEPT);
    }

    fn nested(desks: &Desks, more: usize) {
        if more > 0 {
            desks.at_one(|_| nested(desks, more - 1));
        }
    }
}
