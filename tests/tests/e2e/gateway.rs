//! The gateway over HTTP.

mod clients;
mod entry;
mod remote;
mod sessions;
mod stateless;
