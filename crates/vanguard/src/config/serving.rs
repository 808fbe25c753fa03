//! What the gateway over HTTP tells, and what it is to its clients, as it is written and as it is meant.

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_gateway::http::ForwardProxy;

use super::origin::pick;
use super::{Layer, Set};

/// What clients may reach that have the gateway for their HTTP proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub(crate) enum Forward {
    /// Nothing: it is the server itself
    Off,
    /// The servers at URLs, each by its own
    Upstreams,
    /// These, and what one needs to sign in to them
    SignIn,
}

impl Forward {
    /// As the gateway knows it.
    pub(crate) fn meant(self) -> ForwardProxy {
        match self {
            Self::Off => ForwardProxy::Off,
            Self::Upstreams => ForwardProxy::Upstreams,
            Self::SignIn => ForwardProxy::SignIn,
        }
    }
}

/// Each value with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) forward_proxy: Set<Forward>,
    pub(crate) metrics_listen: Set<Option<SocketAddr>>,
    pub(crate) access_log: Set<Option<PathBuf>>,
}

impl Serving {
    /// Resolves `layers`, strongest first.
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        Self {
            forward_proxy: pick(layers, Forward::Off, |w| w.gateway.forward_proxy),
            metrics_listen: pick(layers, None, |w| w.gateway.metrics_listen.map(Some)),
            access_log: pick(layers, None, |w| w.gateway.access_log.clone().map(Some)),
        }
    }
}
