//! What sessions of several proxies have in common, in Redis or Valkey: windows, and what is remembered of who has no session.
//!
//! A call asks once: one script for each principal, tool and name, sent together, by Redis' own clock. The keys of each are in one slot of a
//! cluster. The call asks as well for the windows that its answer will count in; the answer is held against what it heard, and what the
//! answer adds is sent without waiting. Where there is nothing said in time, this proxy counts alone or refuses, as it was told.

mod address;
mod heard;
mod link;
mod windows;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::{poll_immediate, try_join_all};
use redis::Script;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use vanguard_engine::behaviour::{Count, Lost, Passed, Trail};

use self::address::Address;
use self::heard::Heard;
use self::link::Link;
use self::windows::Subject;
use crate::here::Here;
use crate::local::{Common, Local};

/// How long nobody asks after there was no answer, and how long it takes until a connection is tried again.
const REST: Duration = Duration::from_millis(250);

/// How long is remembered what who has no session did last.
const KEPT: Duration = Duration::from_hours(1);
/// The most bytes of it that are taken from Redis, of the two kilobytes that there are in memory.
const MAX_TRAIL_BYTES: usize = 64 << 10;
/// What is sent without waiting and not answered yet; beyond it one waits.
const MAX_SENT: usize = 1_024;

/// How Redis is asked.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisConfig {
    /// `redis://[user:password@]host:port/db`, `rediss://…` for TLS, `redis+unix:///path`; `redis+cluster://host,host,…` or
    /// `rediss+cluster://…` for nodes of a cluster; `redis+sentinel://host,host,…/master/db` or `rediss+sentinel://…` where sentinels say
    /// which server is the master.
    pub url: String,
    /// Certificates in PEM of who may vouch for a server over TLS, in the place of the public ones.
    pub roots: Option<Vec<u8>>,
    /// How long an answer may take.
    pub deadline: Duration,
    /// Whether messages are refused that cannot be counted; otherwise this proxy counts alone.
    pub strict: bool,
}

impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, roots: _, deadline, strict } = self;
        f.debug_struct("RedisConfig").field("deadline", deadline).field("strict", strict).finish_non_exhaustive()
    }
}

/// A Redis that is asked.
pub(crate) struct Redis {
    config: RedisConfig,
    link: Link,
    count: Script,
    look: Script,
    write: Script,
    heard: Heard,
    /// How much more may be sent without waiting.
    sending: Arc<Semaphore>,
    /// What stands in for it.
    here: Here,
    begun: Instant,
    /// Milliseconds since the beginning until which nobody asks.
    rests_until: AtomicU64,
    lost: AtomicBool,
    // Last, so that what runs on it is dropped before.
    runtime: Option<Runtime>,
}

/// Why Redis cannot be asked at all.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RedisError(String);

impl Local {
    /// Of a session that has done nothing yet, whose limits by principal and tool are counted in Redis. It need not answer yet.
    ///
    /// # Errors
    /// The address is none, or there can be no thread.
    pub fn in_redis(config: RedisConfig) -> Result<Self, RedisError> {
        Ok(Self::beside(&Redis::new(config)?, &Arc::default()))
    }
}

impl Redis {
    fn new(config: RedisConfig) -> Result<Arc<Self>, RedisError> {
        // Redis' client takes the cryptography that the process has chosen; where somebody chose before, that stays.
        let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
        let address = Address::read(&config.url, config.roots.as_deref()).map_err(RedisError)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("redis")
            .enable_all()
            .build()
            .map_err(|error| RedisError(error.to_string()))?;
        let link = Link::to(address, &runtime);
        Ok(Arc::new(Self {
            config,
            link,
            count: Script::new(concat!(include_str!("redis/window.lua"), include_str!("redis/count.lua"))),
            look: Script::new(concat!(include_str!("redis/window.lua"), include_str!("redis/look.lua"))),
            write: Script::new(include_str!("redis/write.lua")),
            heard: Heard::default(),
            sending: Arc::new(Semaphore::new(MAX_SENT)),
            here: Here::default(),
            begun: Instant::now(),
            rests_until: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            runtime: Some(runtime),
        }))
    }

    /// Adds to windows, those of a session in the one under `name`, and learns what is known there unless it is `known`: the totals, the
    /// version, what is new. Windows that are only asked for are those in which the answer will count.
    pub(crate) fn look(
        &self,
        now_ms: u64,
        name: &str,
        counts: &[Count<'_>],
        known: u64,
    ) -> Result<(Vec<u64>, u64, Option<Trail>), String> {
        let (own, others): (Vec<_>, Vec<_>) = windows::by_subject(name, counts).into_iter().partition(Subject::is_own);
        let own = own.into_iter().next().unwrap_or_default();
        let (totals, (own_totals, version, text)) =
            self.ask(async { tokio::try_join!(self.count_all(&others, None), self.read(name, &own, known)) })?;
        let subjects = others.iter().zip(totals).chain([(&own, own_totals)]);
        let totals = windows::in_order(counts.len(), subjects)?;
        self.heard.note(now_ms, name, counts, &totals);
        Ok((totals, version, trail(&text)?))
    }

    /// The totals of windows that an answer counts in, if a call has asked for them not long ago. What it adds is sent.
    pub(crate) fn hear(self: &Arc<Self>, now_ms: u64, name: &str, counts: &[Count<'_>]) -> Option<Vec<u64>> {
        if counts.is_empty() {
            return Some(Vec::new());
        }
        let totals = self.heard.add(now_ms, name, counts)?;
        let subjects = windows::by_subject(name, counts);
        let redis = Arc::clone(self);
        self.send(async move { redis.count_all(&subjects, None).await.map(drop) }).then_some(totals)
    }

    async fn read(&self, name: &str, own: &Subject, known: u64) -> Result<(Vec<u64>, u64, Vec<u8>), String> {
        let mut connection = self.link.connection().await?;
        let mut call = self.look.prepare_invoke();
        call.key(windows::trail_key(name)).arg(known).arg(KEPT.as_millis().to_string());
        own.ask(&mut call);
        call.invoke_async(&mut connection).await.map_err(|error| described(&error))
    }

    /// Writes what is known under `name` over this version of it.
    pub(crate) async fn write(&self, name: &str, version: u64, known: &Trail) -> Result<Written, String> {
        let text = serde_json::to_vec(known).map_err(|error| error.to_string())?;
        let mut connection = self.link.connection().await?;
        let mut call = self.write.prepare_invoke();
        call.key(windows::trail_key(name)).arg(version).arg(text).arg(KEPT.as_millis().to_string());
        let (kept, version, theirs): (u8, u64, Vec<u8>) =
            call.invoke_async(&mut connection).await.map_err(|error| described(&error))?;
        Ok(if kept == 1 { Written::Kept(version) } else { Written::Late(version, trail(&theirs)?) })
    }

    /// Whether nothing passes of which Redis has not heard.
    pub(crate) fn is_strict(&self) -> bool {
        self.config.strict
    }

    /// Redis failed somebody. Whether that is told, of which `add` speaks.
    pub(crate) fn lost(&self, what: &str) -> Result<Passed, Lost> {
        if self.config.strict {
            return Err(Lost::Unreachable(format!("Redis {what}")));
        }
        let first = !self.lost.swap(true, Ordering::Relaxed);
        let lost = Lost::Unreachable(format!("Redis {what}; this proxy counts alone"));
        Ok(if first { Passed::Alone(lost) } else { Passed::Exactly })
    }

    /// What stands in for it.
    pub(crate) fn count_alone(&self, now_ms: u64, count: &Count<'_>) -> Result<u64, Lost> {
        self.here.one(now_ms, count)
    }

    /// Waits for an answer as long as there is time, and for a while for none at all after there was none.
    pub(crate) fn ask<T>(&self, question: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        if self.rests() {
            return Err("did not answer a moment ago".to_owned());
        }
        let Some(runtime) = &self.runtime else { return Err("is closed".to_owned()) };
        runtime.block_on(self.in_time(question))
    }

    /// Sends what nobody waits for. Whether that could be: who may not send has to ask.
    pub(crate) fn send(self: &Arc<Self>, question: impl Future<Output = Result<(), String>> + Send + 'static) -> bool {
        let Some(runtime) = self.runtime.as_ref().filter(|_| !self.rests()) else { return false };
        let Ok(place) = Arc::clone(&self.sending).try_acquire_owned() else { return false };
        let redis = Arc::clone(self);
        let mut sent = Box::pin(async move {
            // Who asks next hears of it if it failed.
            let _ = redis.in_time(question).await;
            drop(place);
        });
        // Begun here: it is on its way before the message that it tells of.
        if runtime.block_on(poll_immediate(&mut sent)).is_none() {
            runtime.spawn(sent);
        }
        true
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn rests(&self) -> bool {
        self.now() < self.rests_until.load(Ordering::Relaxed)
    }

    async fn in_time<T>(&self, question: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let begun = self.now();
        let late = |_| format!("did not answer within {} ms", self.config.deadline.as_millis());
        let answer = timeout(self.config.deadline, question).await.map_err(late).flatten();
        if answer.is_ok() {
            self.lost.store(false, Ordering::Relaxed);
        } else {
            self.link.renew();
            self.heard.forget();
            let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
            self.rests_until.store(begun.saturating_add(rest), Ordering::Relaxed);
        }
        answer
    }

    /// Adds to windows, and gives the totals of each subject.
    async fn count_all(&self, subjects: &[Subject], at_ms: Option<u64>) -> Result<Vec<Vec<u64>>, String> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        let connection = self.link.connection().await?;
        let asked = subjects.iter().map(|subject| {
            let mut connection = connection.clone();
            async move {
                let mut call = self.count.prepare_invoke();
                subject.ask(&mut call);
                call.arg(at_ms);
                call.invoke_async(&mut connection).await.map_err(|error| described(&error))
            }
        });
        try_join_all(asked).await
    }

    fn totals(&self, counts: &[Count<'_>], at_ms: Option<u64>) -> Result<Vec<u64>, String> {
        let subjects = windows::by_subject("", counts);
        let totals = self.ask(self.count_all(&subjects, at_ms))?;
        windows::in_order(counts.len(), subjects.iter().zip(totals))
    }
}

/// What went wrong, without the address, which may hold a password.
fn described(error: &redis::RedisError) -> String {
    match error.detail() {
        Some(detail) if !detail.contains("://") => format!("{}: {detail}", error.category()),
        _ => error.category().to_owned(),
    }
}

/// What was written, or not.
pub(crate) enum Written {
    /// It is, as this version.
    Kept(u64),
    /// Another was faster: its version, and what it wrote.
    Late(u64, Option<Trail>),
}

fn trail(text: &[u8]) -> Result<Option<Trail>, String> {
    match text {
        [] => Ok(None),
        text if text.len() > MAX_TRAIL_BYTES => Err("remembers too much of one session".to_owned()),
        text => serde_json::from_slice(text).map(Some).map_err(|_| "holds what is no trail of a session".to_owned()),
    }
}

impl Common for Arc<Redis> {
    fn add(&self, now_ms: u64, counts: &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost> {
        match self.totals(counts, None) {
            Ok(totals) => {
                self.heard.note(now_ms, "", counts, &totals);
                Ok((totals, Passed::Exactly))
            }
            Err(what) => {
                let passed = self.lost(&what)?;
                Ok((self.here.add(now_ms, counts)?.0, passed))
            }
        }
    }

    fn add_of_answer(&self, now_ms: u64, counts: &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost> {
        match self.hear(now_ms, "", counts) {
            Some(totals) => Ok((totals, Passed::Exactly)),
            None => self.add(now_ms, counts),
        }
    }

    fn waits(&self) -> bool {
        true
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // In the middle of another runtime one may not wait for its threads.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests;
