//! What is asked and not answered yet, and who waits for it.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use vanguard_engine::meaning::{Advice, Question, Told};

use super::breaker::Leave;
use super::cache::Digest;

/// A question that waits for a call.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) digest: Digest,
    pub(super) question: Question,
    pub(super) leave: Leave,
}

/// Who waits for an answer.
pub(super) struct Waiter {
    id: u64,
    pub(super) told: Told,
    /// It has been told that its time is over: it hears of a score, but of no further failure.
    pub(super) is_over: bool,
}

/// All of them.
#[derive(Default)]
pub(super) struct Queue {
    jobs: VecDeque<Job>,
    waiting: HashMap<Digest, Vec<Waiter>>,
    waiters: usize,
    /// When whose time is over, in order: all may wait equally long.
    ends: VecDeque<(Instant, Digest, u64)>,
    next: u64,
}

impl Queue {
    /// Whether somebody waits for this already.
    pub(super) fn knows(&self, digest: &Digest) -> bool {
        self.waiting.contains_key(digest)
    }

    /// Questions that no call has begun for.
    pub(super) fn queued(&self) -> usize {
        self.jobs.len()
    }

    /// Those who wait.
    pub(super) fn waiters(&self) -> usize {
        self.waiters
    }

    /// Has `told` wait for an answer, until `end` where there is one.
    pub(super) fn wait(&mut self, digest: Digest, told: Told, end: Option<Instant>) {
        let id = self.next;
        self.next += 1;
        self.waiters += 1;
        self.waiting.entry(digest).or_default().push(Waiter { id, told, is_over: false });
        self.ends.extend(end.map(|end| (end, digest, id)));
    }

    pub(super) fn push(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    pub(super) fn next(&mut self) -> Option<Job> {
        self.jobs.pop_front()
    }

    /// All who wait for this: it is answered.
    pub(super) fn take(&mut self, digest: &Digest) -> Vec<Waiter> {
        let waiters = self.waiting.remove(digest).unwrap_or_default();
        self.waiters = self.waiters.saturating_sub(waiters.len());
        waiters
    }

    /// All who wait for anything.
    pub(super) fn take_all(&mut self) -> Vec<Waiter> {
        self.jobs.clear();
        self.ends.clear();
        self.waiters = 0;
        std::mem::take(&mut self.waiting).into_values().flatten().collect()
    }

    /// Takes out who waits until `now` at most, to be told that their time is over, and says how long the next one has.
    pub(super) fn over(&mut self, now: Instant, over: &mut Vec<(Digest, Waiter)>) -> Option<Duration> {
        while let Some((end, digest, id)) = self.ends.front().copied() {
            if end > now {
                return Some(end - now);
            }
            self.ends.pop_front();
            let waiters = self.waiting.get_mut(&digest);
            if let Some((at, waiters)) = waiters.and_then(|all| Some((all.iter().position(|w| w.id == id)?, all))) {
                over.push((digest, waiters.swap_remove(at)));
            }
        }
        None
    }

    /// Puts somebody back who was told that their time is over, to hear of a score that comes after all; where it has come by now, it is no more.
    pub(super) fn back(&mut self, digest: Digest, waiter: Waiter) -> Option<Waiter> {
        if let Some(waiters) = self.waiting.get_mut(&digest) {
            waiters.push(Waiter { is_over: true, ..waiter });
            return None;
        }
        self.waiters = self.waiters.saturating_sub(1);
        Some(waiter)
    }
}

/// Tells them what came of it.
pub(super) fn tell(waiters: Vec<Waiter>, advice: &Advice) {
    for mut waiter in waiters {
        if advice.is_ok() || !waiter.is_over {
            (waiter.told)(advice.clone());
        }
    }
}
