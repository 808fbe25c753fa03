//! Where Redis is: one server, a cluster, or whichever server sentinels say is the master.

use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{Client, IntoConnectionInfo, TlsCertificates, TlsMode};
use url::Url;

use super::link::{ANSWER, CONNECT};

/// Who is asked for a connection.
pub(super) enum Address {
    One(Box<Client>),
    Cluster(Box<ClusterClient>),
    /// The master that sentinels name.
    Master(Box<SentinelClient>),
}

/// The port of a sentinel where none is given.
const SENTINEL_PORT: u16 = 26_379;

impl Address {
    /// Of an address as the configuration has it. No error tells what stands in it, which may be a password.
    pub(super) fn read(text: &str, roots: Option<&[u8]>) -> Result<Self, String> {
        let trust = roots.map(|roots| TlsCertificates { client_tls: None, root_cert: Some(roots.to_vec()) });
        let (scheme, rest) = text.split_once("://").ok_or("is no address: it begins with redis://, for instance")?;
        let failed = |error: redis::RedisError| error.category().to_owned();
        match scheme.split_once('+') {
            Some((kind @ ("redis" | "rediss"), "cluster")) => {
                cluster(&nodes(kind, rest)?, trust).map(|client| Self::Cluster(Box::new(client))).map_err(failed)
            }
            Some((kind @ ("redis" | "rediss"), "sentinel")) => master(&nodes(kind, rest)?, trust),
            _ => match trust {
                Some(trust) => Client::build_with_tls(text, trust),
                None => Client::open(text),
            }
            .map(|client| Self::One(Box::new(client)))
            .map_err(failed),
        }
    }
}

/// One URL for each of several hosts, each with the user, the password and the path that they have in common.
fn nodes(scheme: &str, rest: &str) -> Result<Vec<Url>, String> {
    let (authority, path) = rest.split_once('/').map_or((rest, String::new()), |(all, path)| (all, format!("/{path}")));
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let at = if user.is_empty() { "" } else { "@" };
    hosts
        .split(',')
        .map(|host| {
            let url = Url::parse(&format!("{scheme}://{user}{at}{host}{path}"));
            url.ok().filter(Url::has_host).ok_or_else(|| "names no host, or one that is none".to_owned())
        })
        .collect()
}

fn cluster(nodes: &[Url], trust: Option<TlsCertificates>) -> redis::RedisResult<ClusterClient> {
    let mut builder = ClusterClientBuilder::new(nodes.iter().map(Url::as_str))
        .connection_timeout(CONNECT)
        .response_timeout(ANSWER)
        .retries(1);
    if let Some(trust) = trust {
        builder = builder.certs(trust);
    }
    builder.build()
}

/// Sentinels have no passwords of their own here: what the address says is the server's.
fn master(nodes: &[Url], trust: Option<TlsCertificates>) -> Result<Address, String> {
    let failed = |error: redis::RedisError| error.category().to_owned();
    let first = nodes.first().ok_or("names no host")?;
    let mut path = first.path_segments().into_iter().flatten();
    let name = path.next().filter(|name| !name.is_empty()).ok_or("names no master: redis+sentinel://host/master")?;
    let database = match path.next().unwrap_or_default() {
        "" => 0,
        number => number.parse().map_err(|_| "has something else than a number for its database")?,
    };
    let is_secure = first.scheme() == "rediss";
    let plain = |node: &Url| {
        let mut node = node.clone();
        node.set_path("");
        let _ = node.set_port(Some(node.port().unwrap_or(SENTINEL_PORT)));
        node.into_connection_info().map_err(failed)
    };
    let user = plain(first)?.redis_settings().clone();
    let sentinels =
        nodes.iter().map(|node| plain(node).map(|info| info.addr().clone())).collect::<Result<Vec<_>, _>>()?;
    let mut builder = SentinelClientBuilder::new(sentinels, name, SentinelServerType::Master)
        .map_err(failed)?
        .set_client_to_redis_db(database);
    if is_secure {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        if let Some(trust) = trust {
            builder =
                builder.set_client_to_redis_certificates(trust.clone()).set_client_to_sentinel_certificates(trust);
        }
    }
    if let Some(name) = user.username() {
        builder = builder.set_client_to_redis_username(name);
    }
    if let Some(password) = user.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    Ok(Address::Master(Box::new(builder.build().map_err(failed)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<&'static str, String> {
        Address::read(text, None).map(|address| match address {
            Address::One(_) => "one",
            Address::Cluster(_) => "cluster",
            Address::Master(_) => "master",
        })
    }

    #[test]
    fn an_address_says_how_redis_is_kept() {
        for (text, kind) in [
            ("redis://127.0.0.1:6379/0", "one"),
            ("rediss://me:secret@cache.example/2", "one"),
            ("redis+unix:///run/redis.sock", "one"),
            ("valkey://127.0.0.1", "one"),
            ("redis+cluster://me:secret@10.0.0.1,10.0.0.2:7000,[::1]:7001", "cluster"),
            ("rediss+cluster://cache.example", "cluster"),
            ("redis+sentinel://10.0.0.1,10.0.0.2:26380/mymaster", "master"),
            ("rediss+sentinel://me:p%40ss@sentinel.example/mymaster/3", "master"),
        ] {
            assert_eq!(read(text), Ok(kind), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_its_password() {
        for text in [
            "hunter2",
            "http://me:hunter2@h",
            "redis+cluster://me:hunter2@",
            "redis+cluster://me:hunter2@a,,b",
            "redis+sentinel://me:hunter2@h",
            "redis+sentinel://me:hunter2@h/m/hunter2",
            "redis://me:hunter2@h/hunter2",
            "redis+moon://me:hunter2@h",
        ] {
            let error = read(text).expect_err(text);
            assert!(!error.is_empty() && !error.contains("hunter2"), "{error}");
        }
    }
}
