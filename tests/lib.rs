//! What the end-to-end tests stand on: the binary under test, the real servers and clients, a server on strings, and
//! conversations written as Markdown.
#![allow(
    clippy::disallowed_types,
    reason = "a test reads answers that the proxy has already judged; nothing is decided on them"
)]
#![allow(clippy::missing_panics_doc, reason = "a test fails by panicking, and so does all that it stands on")]

mod audit;
mod classifier;
mod client;
mod fixtures;
mod gateway;
mod issuer;
mod page;
mod processes;
mod puppet;
mod scenario;
mod scorer;
mod served;
mod tls;
mod upstream;

pub use audit::{Log, Record};
pub use classifier::{Classifier, Cuts};
pub use client::{Client, PATIENCE, Proxy, vanguard};
pub use fixtures::{
    cerbos, conformance_client, legacy_rules, newer_node, node, node_script, python, python_script, repository,
};
pub use gateway::{Gateway, KEYS, Response, request};
pub use issuer::Issuer;
pub use page::serve;
pub use processes::{alive, marked, settle, zombies};
pub use puppet::{Event, Puppet};
pub use scenario::{Expected, Scenario, Side, Step};
pub use scorer::{Asked, Protocol, Reply, SCORER_KEY, SCORER_MODEL, Scorer};
pub use served::Served;
pub use tls::Authority;
pub use upstream::{Arrival, Upstream, response};
