//! What of the evidence leaves the machine, as it is written and as it is meant.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vanguard_audit::send::{AnchorConfig, Endpoint, SendConfig};

use super::origin::pick;
use super::{Layer, Set};
use crate::exit::Failure;

/// Checkpoints of the logs in Bitcoin, by calendars of OpenTimestamps. Only their digests are sent.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Anchoring {
    /// Addresses of the calendars, eight at most: https, or http on this machine. Nothing is sent without any.
    pub(crate) calendars: Option<Vec<Address>>,
    /// How many of them must take a checkpoint, and put it into a block. One by default.
    pub(crate) least: Option<usize>,
    /// Seconds between two checkpoints of a log that are anchored.
    pub(crate) interval_seconds: Option<u32>,
}

/// An address that something is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) Endpoint);

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Address {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Address".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) calendars: Set<Vec<Address>>,
    pub(crate) least: Set<usize>,
    pub(crate) anchor_seconds: Set<u32>,
}

impl Sending {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        let hour = u32::try_from(AnchorConfig::INTERVAL.as_secs()).unwrap_or(u32::MAX);
        Self {
            calendars: pick(layers, Vec::new(), |w| w.audit.anchor.calendars.clone()),
            least: pick(layers, 1, |w| w.audit.anchor.least),
            anchor_seconds: pick(layers, hour, |w| w.audit.anchor.interval_seconds),
        }
    }

    /// Refuses what cannot be done.
    pub(crate) fn within_reason(&self) -> Result<(), Failure> {
        let (many, most) = (self.calendars.value.len(), AnchorConfig::MAX_CALENDARS);
        let refuse = |what: String| Err(Failure::Configuration(what));
        if many > most {
            let origin = &self.calendars.origin;
            return refuse(format!("audit.anchor.calendars are {many} ({origin}); {most} is the most"));
        }
        let least = &self.least;
        if least.value < 1 || (many > 0 && least.value > many) {
            let (value, origin) = (least.value, &least.origin);
            return refuse(format!(
                "audit.anchor.least is {value} ({origin}); it must lie between 1 and {}",
                many.max(1)
            ));
        }
        if self.anchor_seconds.value < 1 {
            return refuse(format!(
                "audit.anchor.interval_seconds is 0 ({}); it must be 1 or more",
                self.anchor_seconds.origin
            ));
        }
        Ok(())
    }

    /// As the audit takes it.
    pub(crate) fn meant(&self) -> SendConfig {
        let calendars: Vec<_> = self.calendars.value.iter().map(|address| address.0.clone()).collect();
        let interval = Duration::from_secs(self.anchor_seconds.value.into());
        let anchor = AnchorConfig { calendars, least: self.least.value, interval };
        SendConfig { anchor: (!anchor.calendars.is_empty()).then_some(anchor) }
    }
}
