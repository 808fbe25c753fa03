//! What may change while the gateway runs: who enters, what judges, what is spoken. It is read whole, and then changes at once or not at all.

use std::fs::File;
use std::sync::Arc;

use arc_swap::ArcSwap;
use hyper::Uri;
use ipnet::IpNet;
use tokio::sync::watch;
use vanguard_engine::Engine;

use super::address::Addresses;
use super::door::Door;
use super::gate::Gate;
use super::keys::Keys;
use super::metadata::Guide;
use super::tls::Tls;
use super::token::{TokenConfig, Tokens};

/// As they were read.
#[derive(Debug)]
pub struct Terms {
    /// What judges. When it is read again, its zones and limits are those of the start.
    pub engine: Engine,
    /// What the gateway speaks TLS by; without any, it speaks in the clear.
    pub tls: Option<Tls>,
    /// Who may enter by a key. Without keys and tokens: whoever reaches it, and shows a certificate where those are asked for.
    pub keys: Option<Keys>,
    /// Who may enter by a token of an authorization server.
    pub tokens: Option<TokenConfig>,
    /// The address that clients know it by, where something before it has another.
    pub public: Option<Uri>,
    /// From where one may enter; from everywhere where there is none.
    pub allow_from: Vec<IpNet>,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where a line for each request goes, if anywhere.
    pub access: Option<File>,
}

/// Reads them again, or says why they cannot be.
pub type Reload = dyn Fn() -> Result<Terms, String> + Send + Sync;

/// As requests are taken by them.
#[derive(Debug)]
pub(super) struct InForce {
    pub(super) gate: Gate,
    pub(super) addresses: Addresses,
    pub(super) door: Door,
    pub(super) guide: Guide,
    pub(super) tls: Option<Tls>,
}

impl InForce {
    /// By whose certificates clients enter, where any are asked for.
    pub(super) fn authorities(&self) -> Option<[u8; 32]> {
        self.tls.as_ref().and_then(Tls::authorities)
    }
}

/// Those that are in force, until others are.
#[derive(Debug)]
pub(super) struct Standing {
    now: ArcSwap<InForce>,
    changed: watch::Sender<()>,
    hosts: Vec<String>,
    origins: Vec<String>,
}

impl Standing {
    /// `hosts` and `origins` stay as they are.
    pub(super) fn new(terms: Terms, hosts: Vec<String>, origins: Vec<String>) -> (Self, Arc<Engine>, Option<File>) {
        let (now, engine, access) = in_force(terms, (&hosts, &origins), None);
        (Self { now: ArcSwap::from_pointee(now), changed: watch::Sender::new(()), hosts, origins }, engine, access)
    }

    /// Those by which a request is taken from beginning to end.
    pub(super) fn now(&self) -> Arc<InForce> {
        self.now.load_full()
    }

    /// Tells when others are in force.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// From the next request on `terms` are in force. What judges from then on, and where requests are noted, is for the caller to see to.
    pub(super) fn replace(&self, terms: Terms) -> Result<(Arc<Engine>, Option<File>), &'static str> {
        let before = self.now();
        if before.tls.is_some() != terms.tls.is_some() {
            return Err("https cannot be begun or given up while the gateway runs; restart it");
        }
        let (now, engine, access) = in_force(terms, (&self.hosts, &self.origins), Some(&before));
        self.now.store(Arc::new(now));
        self.changed.send_replace(());
        Ok((engine, access))
    }
}

fn in_force(
    terms: Terms,
    (hosts, origins): (&[String], &[String]),
    before: Option<&InForce>,
) -> (InForce, Arc<Engine>, Option<File>) {
    let Terms { engine, tls, keys, tokens, public, allow_from, trusted_proxies, access } = terms;
    let known = before.and_then(|before| before.door.tokens.as_ref());
    let door = Door { keys, tokens: tokens.map(|config| Tokens::known_or_new(known, config)) };
    let guide = Guide {
        public,
        scheme: if tls.is_some() { "https" } else { "http" },
        issuer: door.tokens.as_ref().map(|tokens| tokens.issuer().to_owned()),
        scopes: engine.policy().scopes().into_iter().map(str::to_owned).collect(),
    };
    let gate = Gate::new(hosts, origins, !door.is_open());
    let addresses = Addresses { allowed: allow_from, proxies: trusted_proxies };
    (InForce { gate, addresses, door, guide, tls }, Arc::new(engine), access)
}
