#![doc = include_str!("../README.md")]
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

mod canonical;
mod excess;
mod fault;
mod gather;
mod id;
mod json;
mod keys;
mod limits;
mod line;
mod message;
mod protocol;
pub mod reply;
mod salvage;
mod scan;
mod sse;
mod tape;
mod text;
mod value;

pub use canonical::canonical;
pub use fault::{Fault, FaultKind};
pub use gather::Gather;
pub use id::{Id, IdKey};
pub use limits::Limits;
pub use line::{Line, LineFramer};
pub use message::{Body, Message, Packet, read};
pub use salvage::{salvage_cut_id, salvage_id};
pub use sse::{Event, EventFramer, Piece};
pub use tape::{Kind, Tape};
pub use value::{Elements, Members, Value};
