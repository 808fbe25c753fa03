//! The connection that is kept to Redis: made ahead, and made anew whenever it failed somebody.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Cmd, Pipeline, RedisFuture, RedisResult, Value};
use tokio::runtime::Runtime;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::address::Address;
use super::{REST, described};

/// How long a connection may take to be made.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// How long an answer is waited for by the connection itself; whoever asks waits less.
pub(super) const ANSWER: Duration = Duration::from_secs(2);

/// A connection, or why there is none.
type Held = Result<Connection, String>;

/// Holds the connection. What keeps it ends with it.
pub(super) struct Link {
    held: watch::Receiver<Option<Held>>,
    failed: Arc<Notify>,
}

/// A connection that any number of questions share.
#[derive(Clone)]
pub(super) enum Connection {
    /// To one server.
    One(MultiplexedConnection),
    /// To the nodes of a cluster.
    Cluster(ClusterConnection),
}

impl Link {
    pub(super) fn to(address: Address, runtime: &Runtime) -> Self {
        let (sender, held) = watch::channel(None);
        let failed = Arc::new(Notify::new());
        runtime.spawn(keep(address, sender, Arc::clone(&failed)));
        Self { held, failed }
    }

    /// The connection, once there is one or is known to be none.
    pub(super) async fn connection(&self) -> Held {
        let mut held = self.held.clone();
        let held = held.wait_for(Option::is_some).await.map_err(|_| "is closed".to_owned())?;
        held.clone().unwrap_or_else(|| Err("is closed".to_owned()))
    }

    /// The connection failed somebody: a server that went away, or is not the master any more, or says nothing.
    pub(super) fn renew(&self) {
        self.failed.notify_one();
    }
}

/// Makes connections until nobody wants one any more.
async fn keep(mut address: Address, held: watch::Sender<Option<Held>>, failed: Arc<Notify>) {
    while !held.is_closed() {
        let connection = match timeout(CONNECT, address.connect()).await {
            Ok(made) => made.map_err(|error| described(&error)),
            Err(_) => Err(format!("cannot be reached within {} s", CONNECT.as_secs())),
        };
        let is_up = connection.is_ok();
        let _ = held.send(Some(connection));
        if is_up {
            failed.notified().await;
        }
        sleep(REST / 2).await;
    }
}

impl Address {
    async fn connect(&mut self) -> RedisResult<Connection> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(ANSWER));
        Ok(match self {
            Self::One(client) => Connection::One(client.get_multiplexed_async_connection_with_config(&config).await?),
            Self::Cluster(client) => Connection::Cluster(client.get_async_connection().await?),
            Self::Master(client) => Connection::One(client.get_async_connection_with_config(&config).await?),
        })
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
