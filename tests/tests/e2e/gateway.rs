//! The gateway over HTTP.

mod clients;
mod conformance;
mod elsewhere;
mod entry;
mod eras;
mod forward;
mod hostile;
mod measures;
mod merged;
mod metrics;
mod older;
mod pins;
mod principals;
mod reload;
mod remote;
mod servers;
mod sessions;
mod silence;
mod stateless;
mod tls;
mod tokens;
mod two_gateways;
