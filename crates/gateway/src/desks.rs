//! Room to judge in, for threads of which few judge at once.
//!
//! What the engine keeps to judge the next message faster takes over half a megabyte. Sessions before a process have threads of their own that
//! mostly wait, and the gateway's runtime has another thread take over for each that does: with that much each, a hundred threads took a
//! hundred megabytes.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use vanguard_engine::Scratch;

/// The most of one pile that are kept while nobody judges.
const KEPT: usize = 8;
/// The most piles.
const PILES: usize = 64;

/// Those that nobody uses, the last that was used last.
#[derive(Debug)]
pub(crate) struct Desks {
    piles: Box<[Mutex<Vec<Scratch>>]>,
    kept: usize,
    /// How many more may judge at once of those who take turns.
    turns: Mutex<usize>,
    turn: Condvar,
}

impl Default for Desks {
    /// One pile: a session's threads wait for each other.
    fn default() -> Self {
        Self::new(1, KEPT)
    }
}

impl Desks {
    fn new(piles: usize, kept: usize) -> Self {
        let piles = (0..piles).map(|_| Mutex::default()).collect();
        let turns = Mutex::new(processors());
        Self { piles, kept, turns, turn: Condvar::new() }
    }

    /// A pile for each processor: what was used there a moment ago is near.
    pub(crate) fn by_processor() -> Self {
        Self::new(processors().min(PILES), 2)
    }

    /// Has `judge` work at one of them.
    pub(crate) fn at_one<T>(&self, judge: impl FnOnce(&mut Scratch) -> T) -> T {
        let place = self.place();
        let free = self.free(place).pop();
        let mut desk = free.unwrap_or_default();
        let judged = judge(&mut desk);
        let mut free = self.free(place);
        if free.len() < self.kept {
            free.push(desk);
        }
        judged
    }

    /// The same, when it is its turn: as many judge like this at once as there are processors, and no more threads each with a desk of its own.
    pub(crate) fn in_turn<T>(&self, judge: impl FnOnce(&mut Scratch) -> T) -> T {
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        *self.turn.wait_while(turns, |turns| *turns == 0).unwrap_or_else(PoisonError::into_inner) -= 1;
        let _turn = Turn(self);
        self.at_one(judge)
    }

    fn place(&self) -> usize {
        if self.piles.len() > 1 { processor() % self.piles.len() } else { 0 }
    }

    fn free(&self, place: usize) -> MutexGuard<'_, Vec<Scratch>> {
        self.piles[place].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Given back when it is over, however it ends.
struct Turn<'d>(&'d Desks);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.turns.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.turn.notify_one();
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

/// The one that runs this.
fn processor() -> usize {
    #[cfg(target_os = "linux")]
    return rustix::thread::sched_getcpu();
    #[cfg(not(target_os = "linux"))]
    return 0;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn there_are_as_many_as_are_used_at_once_and_few_are_kept() {
        let desks = Desks::default();
        for _ in 0..3 {
            desks.at_one(|_| desks.at_one(|_| ()));
        }
        assert_eq!(desks.free(0).len(), 2);
        nested(&desks, 20);
        assert_eq!(desks.free(0).len(), KEPT);
    }

    fn nested(desks: &Desks, more: usize) {
        if more > 0 {
            desks.at_one(|_| nested(desks, more - 1));
        }
    }

    #[test]
    fn no_more_take_their_turn_at_once_than_there_are_processors() {
        let (desks, now, most) = (Desks::by_processor(), AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 * processors() {
                scope.spawn(|| {
                    desks.in_turn(|_| {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(5));
                        now.fetch_sub(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert_eq!(most.into_inner(), processors());
        let kept: usize = (0..desks.piles.len()).map(|place| desks.free(place).len()).sum();
        assert!((1..=2 * processors()).contains(&kept), "{kept}");
    }

    #[test]
    fn who_falls_over_gives_his_turn_back() {
        let desks = Desks::default();
        for _ in 0..2 * processors() {
            let fell = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| desks.in_turn(|_| panic!("over"))));
            assert!(fell.is_err());
        }
        desks.in_turn(|_| ());
    }
}
