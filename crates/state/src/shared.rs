//! What is remembered of somebody whose requests belong to no session, by all proxies that name one Redis.
//!
//! The requests come through whichever proxy, each by itself. Every proxy has a copy, learns with each call whether another has written since
//! (in the same round trip as the counts), and sends what is news before the message passes, so that whoever has been answered by one proxy
//! is known to the next. Where it must be certain that Redis has it, the message waits for that as well. Of two that write at once the second
//! takes over what the first wrote, adds its own, and writes again.

use std::sync::{Arc, Mutex, MutexGuard};

use vanguard_engine::behaviour::{Count, Lost, Memory, Of, Passed, Step, Trail, Usual};

use crate::local::{Common as _, Local, Own};
use crate::people::People;
use crate::redis::{Redis, Written};

/// How often it is tried to write when others are faster.
const TRIES: usize = 8;

#[derive(Debug)]
pub(crate) struct Shared {
    name: Arc<str>,
    redis: Arc<Redis>,
    people: Arc<People>,
    copy: Arc<Mutex<Known>>,
}

/// What this proxy knows.
#[derive(Debug)]
struct Known {
    own: Own,
    /// The version in Redis that it goes on from; 0 for none.
    version: u64,
    /// Counted up with all that is news.
    news: u64,
    /// As much of it as is in Redis.
    written: u64,
    /// Whether some of it is on its way.
    sent: bool,
}

impl Shared {
    pub(crate) fn new(name: &str, redis: Arc<Redis>, people: Arc<People>) -> Self {
        let copy = Known { own: Own::new(), version: 0, news: 0, written: 0, sent: false };
        Self { name: name.into(), redis, people, copy: Arc::new(Mutex::new(copy)) }
    }

    fn copy(&self) -> Result<MutexGuard<'_, Known>, Lost> {
        lock(&self.copy)
    }

    /// Has `step` go on from here, and writes what is news then.
    fn go_on(&self, totals: &[u64], passed: Passed, step: &mut Step<'_>) -> Result<Passed, Lost> {
        let waits = {
            let mut copy = self.copy()?;
            let before = copy.own.trail.clone();
            step(totals, &mut copy.own.trail);
            copy.news += u64::from(copy.own.trail.is_news_to(&before));
            if copy.news == copy.written {
                return Ok(passed);
            }
            // Of what Redis has nothing yet the first who writes decides on the salt: nothing is remembered under another.
            let waits = self.redis.is_strict() || copy.sent || copy.version == 0;
            copy.sent = true;
            waits
        };
        let (redis, name, copy) = (Arc::clone(&self.redis), Arc::clone(&self.name), Arc::clone(&self.copy));
        let sending = async move { write(&redis, &name, &copy).await };
        if !waits && self.redis.send(sending) {
            return Ok(passed);
        }
        match self.redis.ask(write(&self.redis, &self.name, &self.copy)) {
            Ok(()) => Ok(passed),
            Err(what) => {
                let lost = self.redis.lost(&what)?;
                Ok(if passed == Passed::Exactly { lost } else { passed })
            }
        }
    }

    fn count_alone(&self, now_ms: u64, counts: &[Count<'_>], own: &mut Own) -> Result<Vec<u64>, Lost> {
        let one = |count: &Count<'_>| match count.of {
            Of::Session => Ok(own.count(now_ms, count)),
            Of::Principal(_) | Of::Tool(_) => self.redis.count_alone(now_ms, count),
        };
        counts.iter().map(one).collect()
    }
}

fn lock(copy: &Mutex<Known>) -> Result<MutexGuard<'_, Known>, Lost> {
    copy.lock().map_err(|_| Lost::Poisoned)
}

/// Writes what is news. Not while it is locked: other messages go on meanwhile, and are written with it or after it.
async fn write(redis: &Redis, name: &str, copy: &Mutex<Known>) -> Result<(), String> {
    let copy = || lock(copy).map_err(|error| error.to_string());
    let mut tries = 0..TRIES;
    let written = loop {
        let (version, news, trail) = {
            let copy = copy()?;
            if copy.written == copy.news {
                break Ok(());
            }
            (copy.version, copy.news, copy.own.trail.clone())
        };
        if tries.next().is_none() {
            break Err("is written to by too many at once".to_owned());
        }
        match redis.write(name, version, &trail).await {
            Ok(Written::Kept(version)) => {
                let mut copy = copy()?;
                copy.version = copy.version.max(version);
                copy.written = copy.written.max(news);
            }
            Ok(Written::Late(theirs, trail)) => copy()?.learn(version, theirs, trail),
            Err(what) => break Err(what),
        }
    };
    copy()?.sent = false;
    written
}

impl Known {
    /// Takes note of what Redis said to who knew the version `known`. Another message may have learnt more meanwhile.
    fn learn(&mut self, known: u64, version: u64, theirs: Option<Trail>) {
        // Redis knows nothing, or less than it did. What is known here is written, even if it is no more than a salt: with one of its own each proxy's
        // prints would say nothing to the others.
        let forgot = version < known || version == 0;
        if !forgot && version <= self.version {
            return;
        }
        if let Some(theirs) = theirs {
            if forgot || self.news > self.written {
                self.own.trail.join(theirs);
            } else {
                self.own.trail.go_on_from(theirs);
            }
        }
        self.news += u64::from(forgot);
        self.version = version;
    }
}

impl Memory for Shared {
    fn pass(&self, now_ms: u64, counts: &[Count<'_>], step: &mut Step<'_>) -> Result<Passed, Lost> {
        let known = self.copy()?.version;
        let (totals, passed) = match self.redis.look(now_ms, &self.name, counts, known) {
            Ok((totals, version, theirs)) => {
                self.copy()?.learn(known, version, theirs);
                (totals, Passed::Exactly)
            }
            Err(what) => {
                let passed = self.redis.lost(&what)?;
                (self.count_alone(now_ms, counts, &mut self.copy()?.own)?, passed)
            }
        };
        self.go_on(&totals, passed, step)
    }

    fn pass_answer(&self, now_ms: u64, counts: &[Count<'_>], step: &mut Step<'_>) -> Result<Passed, Lost> {
        match self.redis.hear(now_ms, &self.name, counts) {
            Some(totals) => self.go_on(&totals, Passed::Exactly, step),
            None => self.pass(now_ms, counts, step),
        }
    }

    fn habits(&self, who: &str, meet: &mut dyn FnMut(&mut Usual)) {
        self.people.meet(who, meet);
    }

    fn another(&self) -> Arc<dyn Memory> {
        Arc::new(Local::beside(&self.redis, &self.people))
    }

    fn under(&self, name: &str) -> Arc<dyn Memory> {
        Arc::new(Self::new(name, Arc::clone(&self.redis), Arc::clone(&self.people)))
    }

    fn waits(&self) -> bool {
        self.redis.waits()
    }
}
