//! What was recorded as evidence: a transparency log for each server, signed, that shows what was changed in it later.
//!
//! Below a directory (the [`Home`]) lie the key and the logs. A log is written by one process at a time; others read it as they like.
//! A record first goes to the log's write-ahead file ([`wal`]), which is what makes it durable. What is there is then put into tiles and
//! signed by the [`sealer`]. The [`Journal`] is both together.

pub(crate) mod files;
mod home;
mod journal;
mod reader;
mod sealer;
mod wal;

pub use home::{Home, HomeError, LogDir};
pub use journal::{Journal, JournalError, OpenedJournal, Recovered, Tampered};
pub use reader::{ReadError, Reader};
pub use sealer::CHECKPOINT;
pub use wal::{Unsealed, unsealed};

/// Of evidence: where it goes, and how much of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceConfig {
    /// The directory of the key and the logs.
    pub dir: std::path::PathBuf,
    /// The log's name: that of the server, or of the gateway.
    pub name: String,
    /// Bytes of records after which the oldest of a log are dropped. Their hashes stay.
    pub max_bytes: u64,
    /// What of it leaves the machine.
    pub send: crate::send::SendConfig,
}

impl EvidenceConfig {
    /// 1 GiB.
    pub const MAX_BYTES: u64 = 1 << 30;
}

#[cfg(test)]
mod tests;
