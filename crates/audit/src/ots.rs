//! OpenTimestamps: that a digest was there when a block of Bitcoin was made.
//!
//! A proof is a tree of operations, by which a digest leads to the Merkle root of a block, or to a calendar that will know the way later.
//! Pure; [`crate::send`] asks calendars, and [`crate::bitcoin`] knows blocks. The crate `opentimestamps` reads such files too, but a few
//! bytes can make it panic or take all memory, it asks nobody and it verifies nothing, so these are our own.
//!
//! Only what calendars use is taken: append, prepend and SHA-256. Operations of weak hashes (SHA-1, RIPEMD-160) and rare ones are refused by
//! name. A proof is at most [`MAX_BYTES`] long, has at most [`MAX_OPS`] operations, [`MAX_DEPTH`] of them after one another, and no message
//! on the way is longer than [`MAX_MESSAGE`].

mod detached;
mod reader;
mod timestamp;

pub use detached::Detached;
pub use timestamp::{Attestation, Op, Timestamp};

/// The most bytes of a proof. Those of real calendars have two or three thousand.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most operations of a proof.
pub const MAX_OPS: usize = 4096;
/// The most operations after one another, as the reference implementation has it.
pub const MAX_DEPTH: usize = 256;
/// The most bytes of a message that an operation makes or takes.
pub const MAX_MESSAGE: usize = 4096;

/// Why bytes are no proof that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtsError {
    /// It does not begin as one.
    #[error("it is no OpenTimestamps proof")]
    Magic,
    /// It is of a later version.
    #[error("it is of version {0} of the format, and only 1 is known")]
    Version(u64),
    /// It is of another digest than SHA-256.
    #[error("it is of a digest that is not SHA-256")]
    Digest,
    /// It ends too early.
    #[error("it ends too early")]
    Cut,
    /// Something follows its end.
    #[error("something follows its end")]
    Trailing,
    /// An operation is none that calendars use.
    #[error("operation {0:#04x} is not known; only append, prepend and SHA-256 are")]
    Operation(u8),
    /// Something is longer, deeper or more than is taken.
    #[error("{0} beyond the limit")]
    Limit(&'static str),
    /// The address of a calendar has characters that none may have.
    #[error("the address of a calendar is none")]
    Address,
    /// It leads nowhere.
    #[error("it attests nothing")]
    Empty,
}

#[cfg(test)]
mod tests;
