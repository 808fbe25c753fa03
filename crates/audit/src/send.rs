//! What leaves the machine, where somebody asked for it: checkpoints to calendars of OpenTimestamps and to witnesses, reports of them to VEX,
//! and records to who watches over many programs.
//!
//! But for those records, only digests leave, and to witnesses the checkpoint itself, which is one with a name. What is to be sent waits in the [`Outbox`], a directory beside the logs, until it was: through crashes, and for as long
//! as the other side is not there. The [`Courier`] is the thread that does it, one in all processes of a directory; no message ever waits
//! for it. Without a setting that asks for it there is no thread.

mod address;
mod anchoring;
mod calendar;
mod courier;
mod export;
mod http;
mod offers;
mod outbox;
mod round;
mod secret;
mod vex;
mod witness;

use std::time::Duration;

pub use address::Endpoint;
pub use calendar::{Calendar, CalendarError};
pub use courier::Courier;
pub use export::{Cursor, ExportConfig, Exported, Format, Receiver, Syslog};
pub use http::{Answer, Http};
pub(crate) use outbox::NAME as OUTBOX;
pub use outbox::{Job, Kind, MAX_DEAD, MAX_WAITING, Outbox};
pub use round::{Done, Round};
pub use secret::Secret;
pub use witness::Asked as AskedWitness;

/// What is sent, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SendConfig {
    /// Checkpoints that are anchored in Bitcoin.
    pub anchor: Option<AnchorConfig>,
    /// Checkpoints that are reported to VEX.
    pub vex: Option<VexConfig>,
    /// Checkpoints that witnesses are asked to sign.
    pub witness: Option<WitnessConfig>,
    /// Records that are sent as they are made.
    pub export: Option<ExportConfig>,
}

impl SendConfig {
    /// The time between two checkpoints of a log that are sent so; `None` where none is.
    pub(crate) fn interval(&self, kind: Kind) -> Option<Duration> {
        match kind {
            Kind::Anchor => self.anchor.as_ref().map(|anchor| anchor.interval),
            Kind::Report => self.vex.as_ref().map(|vex| vex.interval),
            Kind::Witness => self.witness.as_ref().map(|witness| witness.interval),
        }
    }

    /// Whether anything is sent at all.
    pub fn is_some(&self) -> bool {
        self.anchor.is_some() || self.vex.is_some() || self.witness.is_some() || self.export.is_some()
    }
}

/// Calendars that checkpoints are given to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorConfig {
    /// Their addresses.
    pub calendars: Vec<Endpoint>,
    /// How many of them must take a checkpoint before it counts as pending.
    pub least: usize,
    /// The time between two checkpoints of a log that are anchored.
    pub interval: Duration,
}

impl AnchorConfig {
    /// The most calendars.
    pub const MAX_CALENDARS: usize = 8;
    /// An hour: about what a calendar takes anyway.
    pub const INTERVAL: Duration = Duration::from_hours(1);
}

/// The VEX server that checkpoints are reported to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexConfig {
    /// Its address, up to the version of its interface (`…/api/v1`).
    pub url: Endpoint,
    /// What it lets one in by.
    pub key: Option<Secret>,
    /// The agent that reports; one is made where none is named.
    pub agent: Option<String>,
    /// The time between two reports of a log.
    pub interval: Duration,
}

impl VexConfig {
    /// A minute: a server takes some hundred questions in one, of all that report to it.
    pub const INTERVAL: Duration = Duration::from_mins(1);

    /// Whether an agent's id is one.
    pub fn is_agent(id: &str) -> bool {
        vex::is_id(id)
    }
}

/// Witnesses that checkpoints are shown to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessConfig {
    /// Who, and where.
    pub witnesses: Vec<AskedWitness>,
    /// The time between two checkpoints of a log that they are asked about.
    pub interval: Duration,
}

impl WitnessConfig {
    /// The most witnesses.
    pub const MAX_WITNESSES: usize = 8;
    /// A minute: what a rewritten log could lie about is what came since.
    pub const INTERVAL: Duration = Duration::from_mins(1);
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests;
