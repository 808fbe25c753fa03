//! The binary as a user runs it. `cargo xtask test` brings the servers and clients that these tests drive.
#![allow(
    clippy::disallowed_types,
    reason = "a test reads answers that the proxy has already judged; nothing is decided on them"
)]

mod audit;
mod blocked;
mod clients;
mod commands;
mod decision_point;
mod deploy;
mod docs;
mod everything;
mod evidence;
mod filesystem;
mod gateway;
mod legacy_rules;
mod lifetime;
mod pins;
mod protocol;
mod python_servers;
mod sandbox;
mod scenarios;
mod semantic;
mod sessions;
mod smuggling;
mod throttle;
mod zones;
