//! What of the evidence leaves the machine, as it is written and as it is meant.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vanguard_audit::send::{AnchorConfig, AskedWitness, Endpoint, Secret, SendConfig, VexConfig, WitnessConfig};

use super::exporting::{Exported, TOKEN};
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

/// Reports of checkpoints to a VEX server. Only their digests are sent, by the key in `VANGUARD_VEX_KEY`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Reporting {
    /// Address of its interface, up to the version (`https://vex.example/api/v1`): https, or http on this machine. Nothing is sent without.
    pub(crate) url: Option<Address>,
    /// Id of the agent that reports; one is made where none is named.
    pub(crate) agent: Option<String>,
    /// Seconds between two reports of a log.
    pub(crate) interval_seconds: Option<u32>,
}

/// The key that VEX lets one in by, and its older name. Never in a file, and never in a server's environment.
pub(crate) const VEX_KEYS: [&str; 2] = ["VANGUARD_VEX_KEY", "VANGUARD_VEX_JWT"];

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

/// A witness that checkpoints are shown to: its key, and where it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witnessing {
    written: String,
    asked: AskedWitness,
}

impl FromStr for Witnessing {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { written: text.trim().to_owned(), asked: text.parse()? })
    }
}

impl Serialize for Witnessing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.written)
    }
}

impl<'de> Deserialize<'de> for Witnessing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Witnessing {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Witnessing".into()
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
    pub(crate) vex: Set<Option<Address>>,
    pub(crate) vex_agent: Set<Option<String>>,
    pub(crate) vex_seconds: Set<u32>,
    pub(crate) witnesses: Set<Vec<Witnessing>>,
    pub(crate) export: Exported,
}

impl Sending {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        let seconds = |interval: Duration| u32::try_from(interval.as_secs()).unwrap_or(u32::MAX);
        Self {
            calendars: pick(layers, Vec::new(), |w| w.audit.anchor.calendars.clone()),
            least: pick(layers, 1, |w| w.audit.anchor.least),
            anchor_seconds: pick(layers, seconds(AnchorConfig::INTERVAL), |w| w.audit.anchor.interval_seconds),
            vex: pick(layers, None, |w| w.audit.vex.url.clone().map(Some)),
            vex_agent: pick(layers, None, |w| w.audit.vex.agent.clone().map(Some)),
            vex_seconds: pick(layers, seconds(VexConfig::INTERVAL), |w| w.audit.vex.interval_seconds),
            witnesses: pick(layers, Vec::new(), |w| w.audit.witnesses.clone()),
            export: Exported::from_layers(layers),
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
        let (many, most) = (self.witnesses.value.len(), WitnessConfig::MAX_WITNESSES);
        if many > most {
            let origin = &self.witnesses.origin;
            return refuse(format!("audit.witnesses are {many} ({origin}); {most} is the most"));
        }
        let (many, least) = (self.calendars.value.len(), &self.least);
        if least.value < 1 || (many > 0 && least.value > many) {
            let (value, origin) = (least.value, &least.origin);
            return refuse(format!(
                "audit.anchor.least is {value} ({origin}); it must lie between 1 and {}",
                many.max(1)
            ));
        }
        for (key, set) in
            [("audit.anchor.interval_seconds", &self.anchor_seconds), ("audit.vex.interval_seconds", &self.vex_seconds)]
        {
            if set.value < 1 {
                return refuse(format!("{key} is 0 ({}); it must be 1 or more", set.origin));
            }
        }
        if self.vex_agent.value.as_deref().is_some_and(|agent| !VexConfig::is_agent(agent)) {
            return refuse(format!("audit.vex.agent ({}) is no id: letters, digits and `-`", self.vex_agent.origin));
        }
        Ok(())
    }

    /// As the audit takes it; `variable` tells the environment, where the key is.
    pub(crate) fn meant(&self, variable: impl Fn(&'static str) -> Option<String>) -> Result<SendConfig, Failure> {
        let calendars: Vec<_> = self.calendars.value.iter().map(|address| address.0.clone()).collect();
        let interval = Duration::from_secs(self.anchor_seconds.value.into());
        let anchor = AnchorConfig { calendars, least: self.least.value, interval };
        let anchor = (!anchor.calendars.is_empty()).then_some(anchor);
        let export = self.export.meant(variable(TOKEN))?;
        let witnesses: Vec<_> = self.witnesses.value.iter().map(|Witnessing { asked, .. }| asked.clone()).collect();
        let witness = WitnessConfig { witnesses, interval: WitnessConfig::INTERVAL };
        let witness = (!witness.witnesses.is_empty()).then_some(witness);
        let Some(Address(url)) = self.vex.value.clone() else {
            return Ok(SendConfig { anchor, vex: None, witness, export });
        };
        let named = VEX_KEYS.into_iter().find_map(|name| Some((name, variable(name).filter(|key| !key.is_empty())?)));
        let wrong = |name, error| Failure::Configuration(format!("{name}: {error}"));
        let key = named.map(|(name, key)| key.parse::<Secret>().map_err(|error| wrong(name, error))).transpose()?;
        let (agent, interval) = (self.vex_agent.value.clone(), Duration::from_secs(self.vex_seconds.value.into()));
        Ok(SendConfig { anchor, vex: Some(VexConfig { url, key, agent, interval }), witness, export })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, Written};

    fn sending(text: &str) -> Result<Sending, String> {
        let written: Written = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let sending = Sending::from_layers(&[Layer { origin: Origin::Flag("--x"), written }]);
        sending.within_reason().map_err(|failure| failure.to_string())?;
        Ok(sending)
    }

    #[test]
    fn nothing_is_sent_unless_somebody_says_where() {
        let none = sending("{}").unwrap().meant(|_| Some("secret".to_owned())).unwrap();
        assert!(!none.is_some());
        let vex = sending("audit: {vex: {url: 'http://localhost:8000/api/v1'}}").unwrap();
        let config = vex.meant(|name| (name == "VANGUARD_VEX_JWT").then(|| "sk-very-secret".to_owned())).unwrap();
        assert!(config.anchor.is_none() && config.vex.as_ref().unwrap().key.is_some());
        assert!(!format!("{config:?}").contains("sk-very"), "a key shows nowhere");
        let failure = vex.meant(|_| Some("sk-two words".to_owned())).unwrap_err().to_string();
        assert!(failure.contains("VANGUARD_VEX_KEY") && !failure.contains("words of"), "{failure}");
        assert!(!failure.contains("sk-"), "{failure}");
    }

    #[test]
    fn what_cannot_be_done_is_refused_with_what_fits() {
        for (text, what) in [
            ("audit: {anchor: {calendars: ['http://a.example']}}", "http is for this machine only"),
            ("audit: {anchor: {calendars: ['https://a.example'], least: 2}}", "between 1 and 1"),
            ("audit: {anchor: {least: 0}}", "between 1 and 1"),
            ("audit: {anchor: {interval_seconds: 0}}", "1 or more"),
            ("audit: {vex: {interval_seconds: 0}}", "audit.vex.interval_seconds"),
            ("audit: {vex: {agent: '../x'}}", "is no id"),
            ("audit: {vex: {url: 'https://key@vex.example'}}", "no name and no password"),
            ("audit: {witnesses: ['witness.example']}", "NAME+ID+KEY URL"),
            ("audit: {witnesses: ['witness.example+00000000+AAAA https://witness.example']}", "cosignatures"),
        ] {
            let error = sending(text).unwrap_err();
            assert!(error.contains(what), "{text}: {error}");
        }
        let nine: Vec<String> = (0..9).map(|n| format!("'https://{n}.example'")).collect();
        assert!(sending(&format!("audit: {{anchor: {{calendars: [{}]}}}}", nine.join(","))).is_err());
    }
}
