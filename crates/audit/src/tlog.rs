//! A transparency log as C2SP writes it down: a Merkle tree (RFC 6962) in tiles (`tlog-tiles`), checkpoints (`tlog-checkpoint`) that are
//! signed notes (`signed-note`), and proofs that stand by themselves (`tlog-proof`).
//!
//! Pure but for [`Tiles`], which reads files. The crates `tlog_tiles` and `signed_note` do the same; they bring a second Ed25519 and a
//! second SHA-256 with them, and none builds a tree as it grows, so they are the judges in `tests/tlog.rs` instead.

mod checkpoint;
mod hash;
mod note;
mod proof;
mod tile;
mod tree;
mod witness;

pub use checkpoint::Checkpoint;
pub use hash::Hash;
pub use note::{KeyName, Note, NoteError};
pub use proof::Proof;
pub(crate) use tile::read_bounded;
pub use tile::{Entries, FULL, Tile, TileError, Tiles};
pub(crate) use tree::whole;
pub use tree::{Growing, Nodes, check_consistency, check_inclusion, consistency, inclusion, root};
pub use witness::Witness;
