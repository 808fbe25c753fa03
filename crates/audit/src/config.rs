//! What may be set about the audit.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::evidence::EvidenceConfig;

/// Where records go, and what happens when they can't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditConfig {
    /// The active file, as people and scripts read it; `None` for none. Its directory is made (mode 0700) when it is missing.
    pub path: Option<PathBuf>,
    /// The log that proves what was recorded, if it is kept.
    pub evidence: Option<EvidenceConfig>,
    /// The active file is rotated once it is this long.
    pub max_bytes: u64,
    /// Rotated files that are kept, at least one: `audit.jsonl.1` is the youngest.
    pub keep: u32,
    /// What becomes of messages while records can't be written.
    pub on_failure: OnFailure,
    /// Whether a refusal's record is forced to the disk (`fdatasync`) before the refusal is answered. Without it a
    /// crash of the machine, not of the proxy, can lose the newest refusals.
    pub sync: bool,
}

impl AuditConfig {
    /// 64 MiB.
    pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
    /// Five rotated files.
    pub const KEEP: u32 = 5;

    /// Records to `path` and no evidence, everything else by default.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: Some(path.into()),
            evidence: None,
            max_bytes: Self::MAX_BYTES,
            keep: Self::KEEP,
            on_failure: OnFailure::default(),
            sync: true,
        }
    }
}

/// What becomes of messages while records can't be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// Refuse every further message until records can be written again.
    #[default]
    Block,
    /// Go on, say so on stderr, and count what is lost.
    Warn,
}
