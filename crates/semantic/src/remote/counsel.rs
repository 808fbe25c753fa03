//! Who takes the questions of the edge: looks whether the answer is known, whether it may be asked for, and has a thread ask.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use vanguard_engine::meaning::{Advice, Counsel, Figures, Question, Scored, Told, Unscored};

use super::breaker::Breaker;
use super::budget::{Budget, reckoned};
use super::cache::Cache;
use super::queue::{Job, Queue, tell};
use super::{Limits, MAX_QUEUED, MAX_WAITING};

/// Gives a score, however long that takes; and the tokens that it says it took.
pub trait Score: fmt::Debug + Send + Sync {
    /// Scores the texts of a question. Whoever passes them on passes them on as they are [masked](Question::masked).
    ///
    /// # Errors
    /// Why there is no score.
    fn score(&self, question: &Question) -> Result<(Scored, Option<u64>), Unscored>;
}

/// Asks a scorer that takes its time. Its threads begin with the first question, and end with it.
#[derive(Debug)]
pub struct Remote(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    scorer: Box<dyn Score>,
    limits: Limits,
    budget: Budget,
    state: Mutex<State>,
    /// There is a question, or an end.
    asked: Condvar,
    /// There is somebody whose time ends, or an end.
    timed: Condvar,
}

struct State {
    queue: Queue,
    cache: Cache,
    breaker: Breaker,
    figures: Figures,
    /// Threads that ask, and those of them that have nothing to do.
    threads: usize,
    idle: usize,
    /// Whether a thread looks after those whose time ends.
    is_timed: bool,
    ended: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("figures", &self.figures).finish_non_exhaustive()
    }
}

impl Remote {
    /// Has `scorer` asked, within `limits`.
    pub fn new(scorer: Box<dyn Score>, limits: Limits) -> Self {
        let state = State {
            queue: Queue::default(),
            cache: Cache::new(limits.cached, limits.cached_for),
            breaker: Breaker::new(limits.failures, limits.pause),
            figures: Figures::default(),
            threads: 0,
            idle: 0,
            is_timed: false,
            ended: false,
        };
        let budget = Budget::new(limits.calls_a_minute, limits.tokens_a_minute);
        let (asked, timed) = (Condvar::new(), Condvar::new());
        Self(Arc::new(Shared { scorer, limits, budget, state: Mutex::new(state), asked, timed }))
    }
}

impl Counsel for Remote {
    fn ask(&self, question: Question, told: Told) -> Option<Advice> {
        let (digest, bytes, now) = (question.digest(), question.bytes(), Instant::now());
        let shared = &self.0;
        let mut state = shared.lock();
        state.figures.questions += 1;
        if let Some(known) = state.cache.get(&digest, now) {
            let known = Scored { took: Duration::ZERO, ..known.clone() };
            state.figures.known += 1;
            return Some(Ok(known));
        }
        let end = shared.limits.deadline.map(|deadline| now + deadline);
        if state.queue.waiters() >= MAX_WAITING {
            return Some(state.unscored(Unscored::Busy));
        }
        if state.queue.knows(&digest) {
            state.figures.joined += 1;
        } else {
            if state.queue.queued() >= MAX_QUEUED {
                return Some(state.unscored(Unscored::Busy));
            }
            if !shared.budget.take(bytes) {
                return Some(state.unscored(Unscored::Budget));
            }
            // Last: who is given leave to probe must ask.
            let Some(leave) = state.breaker.leave(now) else { return Some(state.unscored(Unscored::LeftAlone)) };
            state.queue.push(Job { digest, question, leave });
        }
        state.queue.wait(digest, told, end);
        self.have_threads(&mut state, end.is_some());
        drop(state);
        shared.asked.notify_one();
        if end.is_some() {
            shared.timed.notify_one();
        }
        None
    }

    fn known(&self, question: &Question) -> Option<Scored> {
        let (digest, now) = (question.digest(), Instant::now());
        let mut state = self.0.lock();
        let known = Scored { took: Duration::ZERO, ..state.cache.get(&digest, now)?.clone() };
        state.figures.questions += 1;
        state.figures.known += 1;
        Some(known)
    }

    fn figures(&self) -> Figures {
        self.0.lock().figures.clone()
    }
}

impl Remote {
    /// Begins what threads are needed. Where there are none to be had, others do it, or the time of those who wait ends.
    fn have_threads(&self, state: &mut State, timed: bool) {
        if state.idle < state.queue.queued() && state.threads < self.0.limits.concurrency {
            let shared = Arc::clone(&self.0);
            let begun = thread::Builder::new().name("scorer".to_owned()).spawn(move || shared.answer());
            state.threads += usize::from(begun.is_ok());
        }
        if timed && !state.is_timed {
            let shared = Arc::clone(&self.0);
            let begun = thread::Builder::new().name("deadlines".to_owned()).spawn(move || shared.end_waits());
            state.is_timed = begun.is_ok();
        }
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        let left = state.queue.take_all();
        drop(state);
        self.0.asked.notify_all();
        self.0.timed.notify_all();
        tell(left, &Err(Unscored::LeftAlone));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks one question after the other.
    fn answer(&self) {
        loop {
            let Some(job) = self.next() else { return };
            let bytes = job.question.bytes();
            let holds = self.lock().breaker.holds(job.leave);
            let (scored, is_call) =
                if holds { (self.score(&job.question), true) } else { (Err(Unscored::LeftAlone), false) };
            let now = Instant::now();
            let mut state = self.lock();
            let (advice, tokens) = match scored {
                Ok((scored, tokens)) => (Ok(scored), tokens),
                Err(why) => (Err(why), None),
            };
            if is_call {
                state.figures.calls += 1;
                state.figures.tokens += tokens.unwrap_or_else(|| reckoned(bytes).into());
                state.breaker.ended(job.leave, advice.as_ref().err().copied(), now);
            }
            match &advice {
                Ok(scored) => {
                    state.figures.scores += 1;
                    state.figures.micros += u64::try_from(scored.took.as_micros()).unwrap_or(u64::MAX);
                    state.cache.put(job.digest, scored.clone(), now);
                }
                Err(why) => state.count(*why),
            }
            let waiters = state.queue.take(&job.digest);
            drop(state);
            tell(waiters, &advice);
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            if let Some(job) = state.queue.next() {
                return Some(job);
            }
            state.idle += 1;
            state = self.asked.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// The score of a question. A scorer that falls over gives none.
    fn score(&self, question: &Question) -> Result<(Scored, Option<u64>), Unscored> {
        catch_unwind(AssertUnwindSafe(|| self.scorer.score(question))).unwrap_or(Err(Unscored::Garbage))
    }

    /// Tells those whose time is over.
    fn end_waits(&self) {
        let (mut state, mut over) = (self.lock(), Vec::new());
        loop {
            if state.ended {
                return;
            }
            let next = state.queue.over(Instant::now(), &mut over);
            if !over.is_empty() {
                for _ in &over {
                    state.count(Unscored::Deadline);
                }
                drop(state);
                for (_, waiter) in &mut over {
                    (waiter.told)(Err(Unscored::Deadline));
                }
                state = self.lock();
                for (digest, waiter) in over.drain(..) {
                    if let Some(mut waiter) = state.queue.back(digest, waiter)
                        && let Some(scored) = state.cache.get(&digest, Instant::now())
                    {
                        // It came in between.
                        (waiter.told)(Ok(scored.clone()));
                    }
                }
                continue;
            }
            state = match next {
                Some(left) => {
                    self.timed.wait_timeout(state, left).map_or_else(|e| e.into_inner().0, |(state, _)| state)
                }
                None => self.timed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl State {
    fn count(&mut self, why: Unscored) {
        match self.figures.unscored.iter_mut().find(|(name, _)| *name == why.name()) {
            Some((_, count)) => *count += 1,
            None => self.figures.unscored.push((why.name(), 1)),
        }
    }

    fn unscored(&mut self, why: Unscored) -> Advice {
        self.count(why);
        Err(why)
    }
}
