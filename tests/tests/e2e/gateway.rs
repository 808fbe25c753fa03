//! The gateway over HTTP.

mod clients;
mod entry;
mod principals;
mod remote;
mod sessions;
mod stateless;
mod tokens;
