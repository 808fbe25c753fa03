//! What is remembered of somebody whose requests belong to no session, by all proxies that name one Redis.
//!
//! The requests come through whichever proxy, each by itself. Every proxy has a copy, learns with each call whether another has written since
//! (in the same round trip as the counts), and writes what is news before the message passes: so whoever has been answered by one proxy is
//! known to the next. Of two that write at once the second takes over what the first wrote, adds its own, and writes again.

use std::sync::{Arc, Mutex, MutexGuard};

use vanguard_engine::behaviour::{Count, Lost, Memory, Of, Passed, Step, Trail, Usual};

use crate::local::{Common as _, Local, Own};
use crate::people::People;
use crate::redis::{Redis, Written};

/// How often it is tried to write when others are faster.
const TRIES: usize = 8;

#[derive(Debug)]
pub(crate) struct Shared {
    name: Box<str>,
    redis: Arc<Redis>,
    people: Arc<People>,
    copy: Mutex<Known>,
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
}

impl Shared {
    pub(crate) fn new(name: &str, redis: Arc<Redis>, people: Arc<People>) -> Self {
        let copy = Mutex::new(Known { own: Own::new(), version: 0, news: 0, written: 0 });
        Self { name: name.into(), redis, people, copy }
    }

    fn copy(&self) -> Result<MutexGuard<'_, Known>, Lost> {
        self.copy.lock().map_err(|_| Lost::Poisoned)
    }

    fn step(&self, now_ms: u64, counts: &[Count<'_>], asks: bool, step: &mut Step<'_>) -> Result<Passed, Lost> {
        let known = self.copy()?.version;
        let asked = asks.then(|| self.redis.look(&self.name, counts, known)).transpose();
        let (mut totals, mut passed) = (Vec::new(), Passed::Exactly);
        {
            let mut copy = self.copy()?;
            match asked {
                Ok(Some((counted, version, theirs))) => {
                    copy.learn(known, version, theirs);
                    totals = counted;
                }
                Ok(None) => {}
                Err(what) => {
                    passed = self.redis.lost(&what)?;
                    totals = self.count_alone(now_ms, counts, &mut copy.own)?;
                }
            }
            let before = copy.own.trail.clone();
            step(&totals, &mut copy.own.trail);
            if copy.own.trail.is_news_to(&before) {
                copy.news += 1;
            }
        }
        if let Err(what) = self.write()? {
            let lost = self.redis.lost(&what)?;
            passed = if passed == Passed::Exactly { lost } else { passed };
        }
        Ok(passed)
    }

    /// Writes what is news. Not while it is locked: other messages go on meanwhile, and are written with it or after it.
    fn write(&self) -> Result<Result<(), String>, Lost> {
        for _ in 0..TRIES {
            let (version, news, trail) = {
                let copy = self.copy()?;
                if copy.written == copy.news {
                    return Ok(Ok(()));
                }
                (copy.version, copy.news, copy.own.trail.clone())
            };
            match self.redis.write(&self.name, version, &trail) {
                Ok(Written::Kept(version)) => {
                    let mut copy = self.copy()?;
                    copy.version = copy.version.max(version);
                    copy.written = copy.written.max(news);
                }
                Ok(Written::Late(theirs, trail)) => self.copy()?.learn(version, theirs, trail),
                Err(what) => return Ok(Err(what)),
            }
        }
        Ok(Err("is written to by too many at once".to_owned()))
    }

    fn count_alone(&self, now_ms: u64, counts: &[Count<'_>], own: &mut Own) -> Result<Vec<u64>, Lost> {
        let one = |count: &Count<'_>| match count.of {
            Of::Session => Ok(own.count(now_ms, count)),
            Of::Principal(_) | Of::Tool(_) => self.redis.count_alone(now_ms, count),
        };
        counts.iter().map(one).collect()
    }
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
        self.step(now_ms, counts, true, step)
    }

    fn pass_answer(&self, now_ms: u64, counts: &[Count<'_>], step: &mut Step<'_>) -> Result<Passed, Lost> {
        self.step(now_ms, counts, !counts.is_empty(), step)
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
