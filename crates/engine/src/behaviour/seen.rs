//! What a session has done until now, for whoever looks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Behaviour;
use super::limit::Per;
use super::memory::{Count, Lost, Memory, Of};

/// What a session has done until now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Calls of tools.
    pub calls: u32,
    /// What was brought that is remembered: `private`, `untrusted`, `sensitive`.
    pub holds: Vec<String>,
    /// What its own windows hold, by limit, where they hold anything.
    pub windows: BTreeMap<String, Held>,
    /// Seconds for which nothing of it passes, for too much of it was refused.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub quarantine_seconds: u64,
}

/// What a window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// How much there is.
    pub now: u64,
    /// How much there may be.
    pub most: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Behaviour {
    /// Looks at what is remembered of a session, and changes nothing. Only windows of its own: those that sessions share are nobody's.
    ///
    /// # Errors
    /// What is remembered cannot be had.
    pub fn seen(&self, memory: &dyn Memory, now_ms: u64) -> Result<Seen, Lost> {
        let own: Vec<_> = self.limits.iter().filter(|limit| limit.per == Per::Session).collect();
        let counts: Vec<Count<'_>> = own
            .iter()
            .map(|limit| {
                let window_ms = u64::try_from(limit.window.as_millis()).unwrap_or(u64::MAX);
                Count { limit: &limit.info.id, of: Of::Session, window_ms, amount: 0 }
            })
            .collect();
        let mut seen = Seen::default();
        memory.pass(now_ms, &counts, &mut |totals, trail| {
            let held = own.iter().zip(totals).filter(|(_, total)| **total > 0);
            seen.windows = held
                .map(|(limit, total)| (limit.info.id.to_string(), Held { now: *total, most: limit.most }))
                .collect();
            seen.calls = trail.calls;
            seen.holds = trail.flows.holds().into_iter().map(str::to_owned).collect();
            seen.quarantine_seconds = trail.quarantined_until.saturating_sub(now_ms).div_ceil(1_000);
        })?;
        Ok(seen)
    }
}
