//! The gateway over HTTP as it is written, and its limits as they are meant.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use vanguard_gateway::http::HttpLimits;

use super::origin::pick;
use super::serving::Forward;
use super::{Layer, Set};

/// The gateway over HTTP.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Gateway {
    /// What clients may reach that have the gateway for their HTTP proxy (`HTTP_PROXY`): `off` for nothing, `upstreams` for the servers at URLs by
    /// their own addresses, `sign-in` for these and what a client needs to get a token for them.
    pub(crate) forward_proxy: Option<Forward>,
    /// Address and port at which figures for Prometheus are told (`/metrics`), to whoever reaches it; nowhere when absent.
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// File to which a line of JSON is added for each request; none when absent.
    pub(crate) access_log: Option<PathBuf>,
    /// Connections at once; further ones wait in the kernel's queue.
    pub(crate) connections: Option<u32>,
    /// Sessions at once with servers at URLs.
    pub(crate) sessions: Option<u32>,
    /// Sessions at once with a command, each of them a process.
    pub(crate) processes: Option<u32>,
    /// Requests of one process that wait for an answer.
    pub(crate) pending: Option<u32>,
    /// Seconds that the head of a request may take.
    pub(crate) head_seconds: Option<u32>,
    /// Seconds that the body of a request may take.
    pub(crate) body_seconds: Option<u32>,
    /// Seconds that a connection to a server at a URL may take.
    pub(crate) connect_seconds: Option<u32>,
    /// Seconds that a server may say nothing to a request that waits for it.
    pub(crate) answer_seconds: Option<u32>,
    /// Seconds that a session may lie idle.
    pub(crate) idle_seconds: Option<u32>,
    /// Seconds that a client may leave a full stream unread.
    pub(crate) stall_seconds: Option<u32>,
    /// Seconds of silence on a stream after which it gives a sign of life.
    pub(crate) heartbeat_seconds: Option<u32>,
}

impl Gateway {
    /// The keys that are written.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        let beside = [
            (self.forward_proxy.is_some(), "gateway.forward_proxy"),
            (self.metrics_listen.is_some(), "gateway.metrics_listen"),
            (self.access_log.is_some(), "gateway.access_log"),
        ];
        let limits = LIMITS.into_iter().map(|limit| ((limit.written)(self).is_some(), limit.key));
        beside.into_iter().chain(limits).filter(|(written, _)| *written).map(|(_, key)| key)
    }
}

/// One limit.
struct Limit {
    key: &'static str,
    written: fn(&Gateway) -> Option<u32>,
    meant: fn(&mut HttpLimits) -> Place<'_>,
    least: u32,
    most: u32,
}

/// Where a limit is kept.
enum Place<'l> {
    Count(&'l mut usize),
    Time(&'l mut Duration),
}

use Place::{Count, Time};

const DAY: u32 = 24 * 60 * 60;

const LIMITS: [Limit; 11] = [
    limit("gateway.connections", |w| w.connections, |l| Count(&mut l.connections), 1_000_000),
    limit("gateway.sessions", |w| w.sessions, |l| Count(&mut l.sessions), 1_000_000),
    limit("gateway.processes", |w| w.processes, |l| Count(&mut l.processes), 10_000),
    limit("gateway.pending", |w| w.pending, |l| Count(&mut l.pending), 10_000),
    limit("gateway.head_seconds", |w| w.head_seconds, |l| Time(&mut l.head), 600),
    limit("gateway.body_seconds", |w| w.body_seconds, |l| Time(&mut l.body), 3600),
    limit("gateway.connect_seconds", |w| w.connect_seconds, |l| Time(&mut l.connect), 600),
    limit("gateway.answer_seconds", |w| w.answer_seconds, |l| Time(&mut l.answer), DAY),
    limit("gateway.idle_seconds", |w| w.idle_seconds, |l| Time(&mut l.idle), 30 * DAY),
    limit("gateway.stall_seconds", |w| w.stall_seconds, |l| Time(&mut l.stall), 3600),
    limit("gateway.heartbeat_seconds", |w| w.heartbeat_seconds, |l| Time(&mut l.heartbeat), 3600),
];

/// Each is at least one: without any nothing would work.
const fn limit(
    key: &'static str,
    written: fn(&Gateway) -> Option<u32>,
    meant: fn(&mut HttpLimits) -> Place<'_>,
    most: u32,
) -> Limit {
    Limit { key, written, meant, least: 1, most }
}

/// The value of one limit, and what it must lie between.
#[derive(Debug, Clone)]
pub(crate) struct Bounded {
    pub(crate) key: &'static str,
    pub(crate) set: Set<u32>,
    pub(crate) least: u32,
    pub(crate) most: u32,
}

/// Resolves `layers`, strongest first.
pub(crate) fn from_layers(layers: &[Layer]) -> Vec<Bounded> {
    let mut defaults = HttpLimits::default();
    let resolved = LIMITS.into_iter().map(|Limit { key, written, meant, least, most }| {
        let default = match meant(&mut defaults) {
            Count(count) => u32::try_from(*count).unwrap_or(most),
            Time(time) => u32::try_from(time.as_secs()).unwrap_or(most),
        };
        Bounded { key, set: pick(layers, default, |w| written(&w.gateway)), least, most }
    });
    resolved.collect()
}

/// The limits as the gateway knows them.
pub(crate) fn meant(limits: &[Bounded], message: usize) -> HttpLimits {
    let mut meant = HttpLimits { message, ..HttpLimits::default() };
    for (Bounded { set, .. }, limit) in limits.iter().zip(LIMITS) {
        match (limit.meant)(&mut meant) {
            Count(count) => *count = set.value as usize,
            Time(time) => *time = Duration::from_secs(set.value.into()),
        }
    }
    meant
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, Settings, file::parse};

    fn resolved(text: &str) -> Result<Settings, String> {
        let layer = Layer { origin: Origin::User("u.yaml".into()), written: parse(text, "u.yaml").expect("valid") };
        Settings::from_layers(vec![layer]).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_nobody_sets_is_as_the_gateway_has_it() {
        let settings = Settings::from_layers(Vec::new()).expect("defaults");
        let message = settings.limits.message_bytes.value;
        assert_eq!(meant(&settings.gateway, message), HttpLimits { message, ..HttpLimits::default() });
    }

    #[test]
    fn each_limit_is_set_by_its_key() {
        let settings = resolved("gateway: {processes: 3, answer_seconds: 7}").expect("within reason");
        let limits = meant(&settings.gateway, 1024);
        assert_eq!((limits.processes, limits.answer, limits.message), (3, Duration::from_secs(7), 1024));
        assert_eq!(limits.sessions, HttpLimits::default().sessions);
    }

    #[test]
    fn one_beyond_reason_is_refused_by_its_name_and_file() {
        for wrong in ["processes: 0", "head_seconds: 601"] {
            let failure = resolved(&format!("gateway: {{{wrong}}}")).expect_err("refused");
            assert!(failure.contains("gateway.") && failure.contains("u.yaml"), "{failure}");
        }
    }
}
