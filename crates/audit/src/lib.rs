//! The record of every verdict.
//!
//! JSON Lines on disk: bounded, rotated, shared by any number of proxies, and flushed before a refusal is answered.
//! Only masked [`Evidence`](vanguard_engine::finding::Evidence) is ever written, never an argument as it came.
//! `docs/audit.md` describes every field.

mod config;
mod digest;
mod log;
mod record;
mod stamp;
mod trail;

pub use config::{AuditConfig, OnFailure};
pub use digest::Digest;
pub use log::{Log, OpenError, SessionLog, WriteError};
pub use record::{Entry, MAX_RECORD_BYTES};
