//! Messages to verdicts.
//!
//! Pure and synchronous: (policy, session state, message, clock) in, verdict out. No I/O, no async runtime, no panics.
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::unreachable,
    reason = "peer bytes reach every line of this crate: a panic would end the session, an overflow would hide an attack"
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::unreachable,
        reason = "a test panics to fail"
    )
)]

pub mod finding;
pub mod policy;
pub mod role;
pub mod rules;
pub mod verdict;
pub mod views;
