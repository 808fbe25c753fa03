//! Who else has a say in what may be called, as it is written and as it is meant.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_audit::pdp::{PdpConfig, PdpKind};
use vanguard_audit::send::Secret;

use super::origin::pick;
use super::sending::Address;
use super::{Layer, Set};
use crate::exit::Failure;

/// A policy decision point that is asked about each call which passes, and can refuse it: OPA, Cerbos, or whoever speaks `AuthZEN`. It gets no
/// arguments. It lets one in by the token in `VANGUARD_POLICY_TOKEN`, where that is given.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct DecisionPoint {
    /// Its address: https, or http on this machine. Of OPA that of the decision (`http://localhost:8181/v1/data/mcp/allow`), else that of the
    /// server. Nobody is asked without.
    pub(crate) url: Option<Address>,
    /// The interface that it has: `authzen` by default.
    pub(crate) kind: Option<Kind>,
    /// Milliseconds that a decision may take: 1 to 10,000, 250 by default.
    pub(crate) deadline_ms: Option<u32>,
    /// What becomes of a call about which it decides nothing: `block` (the default) or `warn`.
    pub(crate) on_failure: Option<Silence>,
}

/// An interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Kind {
    Authzen,
    Cerbos,
    Opa,
}

/// What becomes of a call about which nothing is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Silence {
    Block,
    Warn,
}

/// The token. Never in a file, and never in a server's environment.
pub(crate) const TOKEN: &str = "VANGUARD_POLICY_TOKEN";

impl DecisionPoint {
    /// The keys that are given.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let keys = [
            ("policy.url", self.url.is_some()),
            ("policy.kind", self.kind.is_some()),
            ("policy.deadline_ms", self.deadline_ms.is_some()),
            ("policy.on_failure", self.on_failure.is_some()),
        ];
        keys.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }
}

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) url: Set<Option<Address>>,
    pub(crate) kind: Set<Kind>,
    pub(crate) deadline_ms: Set<u32>,
    pub(crate) on_failure: Set<Silence>,
}

impl Asked {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        let deadline = u32::try_from(PdpConfig::DEADLINE.as_millis()).unwrap_or(u32::MAX);
        Self {
            url: pick(layers, None, |w| w.policy.url.clone().map(Some)),
            kind: pick(layers, Kind::Authzen, |w| w.policy.kind),
            deadline_ms: pick(layers, deadline, |w| w.policy.deadline_ms),
            on_failure: pick(layers, Silence::Block, |w| w.policy.on_failure),
        }
    }

    /// Refuses what cannot be done.
    pub(crate) fn within_reason(&self) -> Result<(), Failure> {
        let Set { value, origin } = &self.deadline_ms;
        if (1..=10_000).contains(value) {
            return Ok(());
        }
        let what = format!("policy.deadline_ms is {value} ({origin}); it must lie between 1 and 10000");
        Err(Failure::Configuration(what))
    }

    /// Who is asked, if anybody is; `token` is what lets us in.
    pub(crate) fn meant(&self, token: Option<String>) -> Result<Option<PdpConfig>, Failure> {
        let Some(Address(url)) = self.url.value.clone() else { return Ok(None) };
        let wrong = |error| Failure::Configuration(format!("{TOKEN}: {error}"));
        let token = token.filter(|token| !token.is_empty()).map(|token| token.parse::<Secret>().map_err(wrong));
        let kind = match self.kind.value {
            Kind::Authzen => PdpKind::AuthZen,
            Kind::Cerbos => PdpKind::Cerbos,
            Kind::Opa => PdpKind::Opa,
        };
        let deadline = Duration::from_millis(self.deadline_ms.value.into());
        let lenient = self.on_failure.value == Silence::Warn;
        Ok(Some(PdpConfig { kind, url, token: token.transpose()?, deadline, lenient }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, file::parse};

    fn asked(text: &str) -> Asked {
        Asked::from_layers(&[Layer { origin: Origin::Flag("x"), written: parse(text, "x").expect("valid") }])
    }

    #[test]
    fn nobody_is_asked_unless_somebody_says_so() {
        assert!(asked("profile: strict").meant(None).expect("valid").is_none());
        let config = asked("policy: {url: 'http://localhost:8181/v1/data/mcp/allow', kind: opa, on_failure: warn}");
        let config = config.meant(Some("sk-very-secret".to_owned())).expect("valid").expect("asked");
        assert_eq!((config.kind, config.lenient, config.deadline), (PdpKind::Opa, true, PdpConfig::DEADLINE));
        assert!(config.token.is_some() && !format!("{config:?}").contains("sk-very"));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for deadline in [0, 10_001] {
            let failure = asked(&format!("policy: {{deadline_ms: {deadline}}}")).within_reason().expect_err("refused");
            assert!(failure.to_string().contains("policy.deadline_ms is"), "{failure}");
        }
        let secret = asked("policy: {url: 'https://pdp.example'}").meant(Some("two words".to_owned()));
        let failure = secret.expect_err("refused").to_string();
        assert!(failure.contains(TOKEN) && !failure.contains("two words"), "{failure}");
        assert!(parse("policy: {url: 'http://pdp.example'}", "x").is_err(), "in the clear, elsewhere");
    }
}
