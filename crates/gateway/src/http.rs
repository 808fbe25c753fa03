//! The gateway over HTTP: many clients, in front of commands and URLs.
//!
//! A request's way is [`route`]: name and origin, key, path, upstream. [`remote`] passes requests on to a URL, one for one; [`local`] keeps a
//! process for each session and files what it says by the request it belongs to; [`merged`] is a client of both, for several servers at once. The two hand every message to `hearing`, which judges and
//! records as stdio does, and send nothing but a [`parcel`]: what the engine permits, or an answer of our own. Neither has an opinion on what is
//! an attack.

mod access;
mod address;
mod body;
mod caller;
mod config;
mod door;
mod eager;
mod edits;
mod elsewhere;
mod envelope;
mod event;
mod fetch;
mod forward;
mod gate;
mod headers;
mod hearing;
mod heartbeat;
mod inflight;
mod keys;
mod legacy;
mod letter;
mod local;
mod measure;
mod merged;
mod metadata;
mod metrics;
mod office;
mod pace;
mod parcel;
mod pass;
mod patient;
mod peer;
mod remote;
mod reply;
mod revision;
mod route;
mod serve;
mod shares;
mod taken;
mod terms;
mod tls;
mod token;
mod told;
mod voice;

pub use hyper::Uri;
pub use ipnet::IpNet;

pub use config::{Bounds, ForwardProxy, HttpConfig, HttpLimits, Paces, Target, Upstream};
pub use keys::{KeyError, Keys};
pub(crate) use reply::SERVER_GONE;
pub use serve::serve;
pub use terms::{Reload, Terms};
pub use tls::{Tls, TlsError, TlsFile};
pub use token::{ALGORITHMS, Algorithm, KeySet, KeySource, TokenConfig};
