//! Who else has a say in what may be called, as it is written and as it is meant.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_audit::pdp::rego::{Rego, RegoConfig};
use vanguard_audit::pdp::{PdpConfig, PdpKind};
use vanguard_audit::send::Secret;

use super::origin::pick;
use super::sending::Address;
use super::{Layer, Set};
use crate::exit::Failure;

/// Who is asked about each call which passes, and can refuse it (and, with `may_lift`, let some pass that is refused here): policies in Rego that are evaluated here (`bundle`), a policy decision point
/// (`url`: OPA, Cerbos, or whoever speaks `AuthZEN`), or both. They get no arguments. A decision point lets one in by the token in
/// `VANGUARD_POLICY_TOKEN`, where that is given.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct DecisionPoint {
    /// Its address: https, or http on this machine. Of OPA that of the decision (`http://localhost:8181/v1/data/mcp/allow`), else that of the
    /// server. Nobody is asked without.
    pub(crate) url: Option<Address>,
    /// The interface that it has: `authzen` by default.
    pub(crate) kind: Option<Kind>,
    /// Policies in Rego: a file or a directory, `.rego`, and `.json` for the data that they look at.
    pub(crate) bundle: Option<PathBuf>,
    /// Which of their rules decides: `data.mcp.allow` by default. It is a boolean, or an object with `allow` and, if it likes, `reason`.
    pub(crate) rule: Option<String>,
    /// Rules whose findings it may let pass, by their ids: a call that nothing else speaks against is asked about as well. None by default.
    pub(crate) may_lift: Option<Vec<String>>,
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
            ("policy.bundle", self.bundle.is_some()),
            ("policy.rule", self.rule.is_some()),
            ("policy.may_lift", self.may_lift.is_some()),
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
    pub(crate) bundle: Set<Option<PathBuf>>,
    pub(crate) rule: Set<String>,
    pub(crate) may_lift: Set<Vec<String>>,
    pub(crate) deadline_ms: Set<u32>,
    pub(crate) on_failure: Set<Silence>,
    /// The policies, once they are read: one for all servers of these settings.
    read: Arc<OnceLock<Arc<Rego>>>,
}

impl Asked {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        let deadline = u32::try_from(PdpConfig::DEADLINE.as_millis()).unwrap_or(u32::MAX);
        Self {
            url: pick(layers, None, |w| w.policy.url.clone().map(Some)),
            kind: pick(layers, Kind::Authzen, |w| w.policy.kind),
            bundle: pick(layers, None, |w| w.policy.bundle.clone().map(Some)),
            rule: pick(layers, RegoConfig::RULE.to_owned(), |w| w.policy.rule.clone()),
            may_lift: pick(layers, Vec::new(), |w| w.policy.may_lift.clone()),
            deadline_ms: pick(layers, deadline, |w| w.policy.deadline_ms),
            on_failure: pick(layers, Silence::Block, |w| w.policy.on_failure),
            read: Arc::default(),
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
        let (deadline, lenient) = (self.deadline(), self.lenient());
        Ok(Some(PdpConfig { kind, url, token: token.transpose()?, deadline, lenient }))
    }

    /// The policies that are evaluated here, if any are. They are read once.
    pub(crate) fn rego(&self) -> Result<Option<Arc<Rego>>, Failure> {
        let Some(path) = self.bundle.value.clone() else { return Ok(None) };
        if let Some(read) = self.read.get() {
            return Ok(Some(Arc::clone(read)));
        }
        let (deadline, lenient) = (self.deadline(), self.lenient());
        let config = RegoConfig { path, rule: self.rule.value.clone(), deadline, lenient };
        let origin = &self.bundle.origin;
        let rego =
            Rego::read(config).map_err(|error| Failure::Configuration(format!("policy.bundle ({origin}): {error}")))?;
        Ok(Some(Arc::clone(self.read.get_or_init(|| Arc::new(rego)))))
    }

    /// Reads the policies again that were read.
    pub(crate) fn read_again(&self) -> Result<(), Failure> {
        let Some(rego) = self.read.get() else { return Ok(()) };
        rego.read_again().map_err(|error| Failure::Configuration(format!("policy.bundle: {error}")))
    }

    fn deadline(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.value.into())
    }

    fn lenient(&self) -> bool {
        self.on_failure.value == Silence::Warn
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
    fn policies_are_read_once_for_all_servers_and_again_when_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tools.rego");
        let write = |text: &str| std::fs::write(&file, text).expect("written");
        write("package mcp\nallow := true\n");
        let asked = asked(&format!("policy: {{bundle: '{}'}}", folder.path().display()));
        let read = || asked.rego().expect("valid").expect("policies");
        let first = read();
        assert!(Arc::ptr_eq(&first, &read()));
        write("package mcp\nallow if\n");
        let failure = asked.read_again().expect_err("refused").to_string();
        assert!(failure.contains("tools.rego:2") || failure.contains("tools.rego:3"), "{failure}");
        write("package mcp\nallow := false\n");
        asked.read_again().expect("valid");
        assert!(Arc::ptr_eq(&first, &read()), "those who have it see it");
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
