//! What sessions of several proxies have in common, in Redis or Valkey: windows, and what is remembered of who has no session.
//!
//! Each message that counts for a principal or a tool asks once: one script for each of them, sent together, by Redis' own clock. The keys of
//! one principal, tool or name are in one slot of a cluster. Where there is no answer in time, this proxy counts alone or refuses, as it was
//! told.

mod address;
mod link;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::Script;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;
use vanguard_engine::behaviour::{Count, Lost, Of, Passed, Trail};

use self::address::Address;
use self::link::Link;
use crate::here::Here;
use crate::local::{Common, Local};

/// How long nobody asks after there was no answer, and how long it takes until a connection is tried again.
const REST: Duration = Duration::from_millis(250);

/// How long is remembered what who has no session did last.
const KEPT: Duration = Duration::from_hours(1);
/// The most bytes of it that are taken from Redis, of the two kilobytes that there are in memory.
const MAX_TRAIL_BYTES: usize = 64 << 10;

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
    windows: Arc<Script>,
    read: Script,
    write: Script,
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
        Ok(Self::beside(&Arc::new(Redis::new(config)?), &Arc::default()))
    }
}

impl Redis {
    fn new(config: RedisConfig) -> Result<Self, RedisError> {
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
        Ok(Self {
            config,
            link,
            windows: Arc::new(Script::new(include_str!("window.lua"))),
            read: Script::new(include_str!("trail_read.lua")),
            write: Script::new(include_str!("trail_write.lua")),
            here: Here::default(),
            begun: Instant::now(),
            rests_until: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            runtime: Some(runtime),
        })
    }

    /// Adds to windows, those of a session in the one under `name`, and learns what is known there unless it is `known`: the totals, the
    /// version, what is new.
    pub(crate) fn look(
        &self,
        name: &str,
        counts: &[Count<'_>],
        known: u64,
    ) -> Result<(Vec<u64>, u64, Option<Trail>), String> {
        self.ask(async {
            let (totals, (version, text)) = tokio::try_join!(self.totals(name, counts, None), self.read(name, known))?;
            Ok((totals, version, trail(&text)?))
        })
    }

    async fn read(&self, name: &str, known: u64) -> Result<(u64, Vec<u8>), String> {
        let mut connection = self.link.connection().await?;
        let mut call = self.read.prepare_invoke();
        call.key(trail_key(name)).arg(known).arg(KEPT.as_millis().to_string());
        call.invoke_async(&mut connection).await.map_err(|error| described(&error))
    }

    /// Writes what is known under `name` over this version of it.
    pub(crate) fn write(&self, name: &str, version: u64, known: &Trail) -> Result<Written, String> {
        let text = serde_json::to_vec(known).map_err(|error| error.to_string())?;
        let (kept, version, theirs): (u8, u64, Vec<u8>) = self.ask(async {
            let mut connection = self.link.connection().await?;
            let mut call = self.write.prepare_invoke();
            call.key(trail_key(name)).arg(version).arg(text).arg(KEPT.as_millis().to_string());
            call.invoke_async(&mut connection).await.map_err(|error| described(&error))
        })?;
        Ok(if kept == 1 { Written::Kept(version) } else { Written::Late(version, trail(&theirs)?) })
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
    fn ask<T>(&self, question: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        if now < self.rests_until.load(Ordering::Relaxed) {
            return Err("did not answer a moment ago".to_owned());
        }
        let Some(runtime) = &self.runtime else { return Err("is closed".to_owned()) };
        let answer = runtime.block_on(async {
            let late = |_| format!("did not answer within {} ms", self.config.deadline.as_millis());
            timeout(self.config.deadline, question).await.map_err(late)?
        });
        if answer.is_ok() {
            self.lost.store(false, Ordering::Relaxed);
        } else {
            self.link.renew();
            let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
            self.rests_until.store(now.saturating_add(rest), Ordering::Relaxed);
        }
        answer
    }

    /// Sends a script for each subject, all at once.
    async fn totals(&self, name: &str, counts: &[Count<'_>], at_ms: Option<u64>) -> Result<Vec<u64>, String> {
        let connection = self.link.connection().await?;
        let mut subjects: Vec<Of<'_>> = Vec::new();
        for count in counts {
            if !subjects.contains(&count.of) {
                subjects.push(count.of);
            }
        }
        let mut asked = JoinSet::new();
        for of in subjects {
            let places: Vec<usize> = (0..counts.len()).filter(|n| counts[*n].of == of).collect();
            let mut keys = Vec::new();
            let mut arguments: Vec<u64> = Vec::new();
            for count in places.iter().map(|n| &counts[*n]) {
                keys.push(key(name, count));
                arguments.extend([count.window_ms, count.amount]);
            }
            arguments.extend(at_ms);
            let (script, mut connection) = (Arc::clone(&self.windows), connection.clone());
            asked.spawn(async move {
                let mut call = script.prepare_invoke();
                call.key(keys).arg(arguments);
                let totals: Vec<u64> = call.invoke_async(&mut connection).await.map_err(|error| described(&error))?;
                Ok::<_, String>((places, totals))
            });
        }
        let mut all = vec![0; counts.len()];
        while let Some(answer) = asked.join_next().await {
            let (places, totals) = answer.map_err(|error| error.to_string())??;
            if places.len() != totals.len() {
                return Err("answered something else".to_owned());
            }
            for (place, total) in places.into_iter().zip(totals) {
                all[place] = total;
            }
        }
        Ok(all)
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

/// Where a window is. Windows of a session are those of the one under `name`.
fn key(name: &str, count: &Count<'_>) -> String {
    let subject = match count.of {
        Of::Session => subject("session", name),
        Of::Principal(name) => subject("principal", name),
        Of::Tool(name) => subject("tool", name),
    };
    format!("vanguard:{subject}:{}:{}", count.window_ms, count.limit)
}

/// Where the trail under `name` is. The number is that of its form.
fn trail_key(name: &str) -> String {
    format!("vanguard:{}:trail:1", subject("session", name))
}

/// What stands in braces decides on the slot, up to the first that closes: a name must not close them.
fn subject(kind: &str, name: &str) -> String {
    let name: String =
        name.chars().flat_map(|c| if c == '}' { ['%', ')'] } else { [c, '\0'] }).filter(|c| *c != '\0').collect();
    format!("{{{kind}:{name}}}")
}

impl Common for Redis {
    fn add(&self, now_ms: u64, counts: &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost> {
        match self.ask(self.totals("", counts, None)) {
            Ok(totals) => Ok((totals, Passed::Exactly)),
            Err(what) => {
                let passed = self.lost(&what)?;
                Ok((self.here.add(now_ms, counts)?.0, passed))
            }
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
