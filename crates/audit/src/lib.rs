//! The record of every verdict.
//!
//! Each is serialised once. Those bytes go to a transparency log that proves them later ([`evidence`], in the form of [`tlog`]), where they
//! are on disk before a refusal is answered, and to a file of JSON Lines for people and scripts: rotated, and shared by any number of proxies.
//! Only masked [`Evidence`](vanguard_engine::finding::Evidence) is ever written, never an argument as it came.
//! `docs/audit.md` describes every field.

pub mod anchor;
pub mod bitcoin;
pub mod bundle;
pub mod capsule;
mod config;
pub mod cosigned;
mod digest;
pub mod evidence;
pub mod key;
mod log;
pub mod manifest;
pub mod ots;
pub mod pdp;
pub mod receipt;
mod record;
pub mod send;
pub mod siem;
mod stamp;
pub mod tlog;
mod trail;
pub mod verify;

pub use config::{AuditConfig, OnFailure};
pub use digest::Digest;
pub use log::{Log, OpenError, SessionLog, WriteError};
pub use record::{Covered, Entry, Found, MAX_RECORD_BYTES, Material, PastRead, Record, Salts};
