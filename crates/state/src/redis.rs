//! The windows that sessions of several proxies have in common, in Redis or Valkey.
//!
//! Each message that counts for a principal or a tool asks once: one script for each of them, sent together, by Redis' own clock. The keys of
//! one principal, or tool, are in one slot of a cluster. Where there is no answer in time, this proxy counts alone or refuses, as it was told.

mod address;
mod link;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use redis::Script;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::timeout;
use vanguard_engine::behaviour::{Count, Lost, Of, Passed};

use self::address::Address;
use self::link::Link;
use crate::here::Here;
use crate::local::{Common, Local};

/// How long nobody asks after there was no answer, and how long it takes until a connection is tried again.
const REST: Duration = Duration::from_millis(250);

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

/// Windows in Redis.
pub(crate) struct Redis {
    config: RedisConfig,
    link: Link,
    script: Arc<Script>,
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
        Ok(Self::over(Arc::new(Redis::new(config)?)))
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
        let script = Arc::new(Script::new(include_str!("window.lua")));
        Ok(Self {
            config,
            link,
            script,
            here: Here::default(),
            begun: Instant::now(),
            rests_until: AtomicU64::new(0),
            lost: AtomicBool::new(false),
            runtime: Some(runtime),
        })
    }

    fn ask(&self, counts: &[Count<'_>], at_ms: Option<u64>) -> Result<Vec<u64>, String> {
        let now = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let rests = self.rests_until.load(Ordering::Relaxed);
        if now < rests {
            return Err("did not answer a moment ago".to_owned());
        }
        let Some(runtime) = &self.runtime else { return Err("is closed".to_owned()) };
        let totals = runtime.block_on(async {
            timeout(self.config.deadline, self.totals(counts, at_ms))
                .await
                .map_err(|_| format!("did not answer within {} ms", self.config.deadline.as_millis()))?
        });
        if totals.is_err() {
            self.link.renew();
            let rest = u64::try_from(REST.as_millis()).unwrap_or(u64::MAX);
            self.rests_until.store(now.saturating_add(rest), Ordering::Relaxed);
        }
        totals
    }

    /// Sends a script for each subject, all at once.
    async fn totals(&self, counts: &[Count<'_>], at_ms: Option<u64>) -> Result<Vec<u64>, String> {
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
                keys.push(key(count));
                arguments.extend([count.window_ms, count.amount]);
            }
            arguments.extend(at_ms);
            let (script, mut connection) = (Arc::clone(&self.script), connection.clone());
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

/// Of what names nobody else can make: each part says how long it is.
fn key(count: &Count<'_>) -> String {
    let (kind, name) = match count.of {
        Of::Session => ("session", ""),
        Of::Principal(name) => ("principal", name),
        Of::Tool(name) => ("tool", name),
    };
    // What stands in braces decides on the slot, up to the first that closes: a name must not close them.
    let name: String =
        name.chars().flat_map(|c| if c == '}' { ['%', ')'] } else { [c, '\0'] }).filter(|c| *c != '\0').collect();
    format!("vanguard:{{{kind}:{name}}}:{}:{}", count.window_ms, count.limit)
}

impl Common for Redis {
    fn add(&self, now_ms: u64, counts: &[Count<'_>]) -> Result<(Vec<u64>, Passed), Lost> {
        match self.ask(counts, None) {
            Ok(totals) => {
                self.lost.store(false, Ordering::Relaxed);
                Ok((totals, Passed::Exactly))
            }
            Err(what) if self.config.strict => Err(Lost::Unreachable(format!("Redis {what}"))),
            Err(what) => {
                let (totals, _) = self.here.add(now_ms, counts)?;
                let first = !self.lost.swap(true, Ordering::Relaxed);
                let lost = Lost::Unreachable(format!("Redis {what}; this proxy counts alone"));
                Ok((totals, if first { Passed::Alone(lost) } else { Passed::Exactly }))
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
