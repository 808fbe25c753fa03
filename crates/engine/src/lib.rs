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

pub mod access;
pub mod authority;
pub mod behaviour;
mod byteset;
mod checks;
mod company;
mod deadline;
mod denial;
pub mod detect;
pub mod engine;
pub mod explain;
mod fields;
pub mod finding;
pub mod hosts;
pub mod meaning;
mod memo;
mod names;
mod pairs;
pub mod pins;
pub mod policy;
pub mod principal;
mod redact;
pub mod role;
pub mod rules;
mod secret;
pub mod session;
pub mod trace;
pub mod verdict;
pub mod views;
pub mod zone;

pub use behaviour::Behaviour;
pub use company::Company;
pub use engine::{Clock, Engine, Scratch};
pub use finding::{Action, Confidence, Evidence, Finding, Layer, RuleInfo, Severity};
pub use policy::{BLOCKED, DenyAs, Exception, Policy, Profile};
pub use principal::{Entry, Identity, Principal};
pub use role::{Correction, Role, Roles};
pub use session::Session;
pub use vanguard_wire::Limits;
pub use verdict::{Answer, Coverage, Decision, Effect, Flow, Judged, Permit, Timing, Verdict};

/// Builds what every session needs, whatever its rules. For a thread beside a start: else the first message waits for it.
pub fn prepare() {
    detect::injection::prepare();
    views::prepare();
}
