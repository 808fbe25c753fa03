//! What the record keeps of a line's bytes.

use vanguard_audit::{Digest, Entry};
use vanguard_engine::verdict::{Decision, Timing};
use vanguard_wire::Line;

/// Length and digest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprint {
    digest: Option<Digest>,
    bytes: u64,
}

impl Fingerprint {
    pub(crate) fn of(line: &Line<'_>) -> Self {
        match *line {
            Line::Message(bytes) => Self { digest: Some(Digest::of(bytes)), bytes: bytes.len() as u64 },
            Line::Oversize { length, .. } => Self { digest: None, bytes: length },
        }
    }

    pub(crate) fn entry(self, decision: &Decision, timing: Timing) -> Entry<'_> {
        Entry { decision, timing, digest: self.digest, bytes: self.bytes, material: None }
    }
}
