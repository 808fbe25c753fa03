//! Where records go as they are made, as it is written and as it is meant.

use std::borrow::Cow;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vanguard_audit::send::{ExportConfig, Format, Receiver, Secret};

use super::origin::pick;
use super::{Layer, Set};
use crate::exit::Failure;

/// Records for who watches over many programs, as they are made. They come out of the log in `audit.dir`, so nothing is lost while the
/// receiver is away, and no message waits. Over HTTP it lets one in by the token in `VANGUARD_EXPORT_TOKEN`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Exporting {
    /// Who takes them: `file:/PATH`, `stdout` (of `serve` alone), a syslog server on this machine (`syslog+udp://HOST:PORT`,
    /// `syslog+tcp://HOST:PORT`, `syslog+unix:/PATH`) or on any over TLS (`syslog+tls://HOST:PORT`), or an address: https, or http on this machine. Nothing is sent without.
    pub(crate) to: Option<To>,
    /// As what: `record` (as in `audit.path`), `ocsf` (the default), `ecs`, `cef`, `otlp` (log records of OpenTelemetry, by `POST
    /// ADDRESS/v1/logs`), or `spans` (spans of OpenTelemetry, by `POST ADDRESS/v1/traces`, of messages whose `_meta` names a trace).
    pub(crate) format: Option<FormatName>,
    /// Only records with a finding, and refusals.
    pub(crate) findings: Option<bool>,
}

/// The token. Never in a file, and never in a server's environment.
pub(crate) const TOKEN: &str = "VANGUARD_EXPORT_TOKEN";

/// Who takes records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct To(pub(crate) Receiver);

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum FormatName {
    Record,
    Ocsf,
    Ecs,
    Cef,
    Otlp,
    Spans,
}

impl FromStr for To {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        text.parse().map(Self)
    }
}

impl Serialize for To {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for To {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for To {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "To".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Exporting {
    /// The keys that are given.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let keys = [
            ("audit.export.to", self.to.is_some()),
            ("audit.export.format", self.format.is_some()),
            ("audit.export.findings", self.findings.is_some()),
        ];
        keys.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
    }
}

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Exported {
    pub(crate) to: Set<Option<To>>,
    pub(crate) format: Set<FormatName>,
    pub(crate) findings: Set<bool>,
}

impl Exported {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        Self {
            to: pick(layers, None, |w| w.audit.export.to.clone().map(Some)),
            format: pick(layers, FormatName::Ocsf, |w| w.audit.export.format),
            findings: pick(layers, false, |w| w.audit.export.findings),
        }
    }

    /// As the audit takes it, if anything is sent; `token` is what lets us in.
    pub(crate) fn meant(&self, token: Option<String>) -> Result<Option<ExportConfig>, Failure> {
        let Some(To(to)) = self.to.value.clone() else { return Ok(None) };
        let format = match self.format.value {
            FormatName::Record => Format::Record,
            FormatName::Ocsf => Format::Ocsf,
            FormatName::Ecs => Format::Ecs,
            FormatName::Cef => Format::Cef,
            FormatName::Otlp if to.is_http() => Format::Otlp,
            FormatName::Spans if to.is_http() => Format::Spans,
            FormatName::Otlp | FormatName::Spans => {
                let origin = &self.format.origin;
                let what =
                    format!("audit.export.format is of OTLP ({origin}), which goes to an address over HTTP only");
                return Err(Failure::Configuration(what));
            }
        };
        let wrong = |error| Failure::Configuration(format!("{TOKEN}: {error}"));
        let token = token.filter(|token| !token.is_empty()).map(|token| token.parse::<Secret>().map_err(wrong));
        Ok(Some(ExportConfig { to, format, findings: self.findings.value, token: token.transpose()? }))
    }

    /// Refuses to write where the client reads the protocol.
    pub(crate) fn beside_stdio(&self) -> Result<(), Failure> {
        match &self.to {
            Set { value: Some(To(Receiver::Stdout)), origin } => Err(Failure::Configuration(format!(
                "audit.export.to is stdout ({origin}), which belongs to the client here; it is for `vanguard serve`"
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Origin, file::parse};

    fn exported(text: &str) -> Exported {
        Exported::from_layers(&[Layer { origin: Origin::Flag("x"), written: parse(text, "x").expect("valid") }])
    }

    #[test]
    fn nothing_is_sent_unless_somebody_says_where() {
        assert!(exported("profile: strict").meant(Some("secret".to_owned())).expect("valid").is_none());
        let config = exported("audit: {export: {to: 'http://localhost:4318', format: otlp, findings: true}}");
        let config = config.meant(Some("sk-very-secret".to_owned())).expect("valid").expect("sent");
        assert!(config.findings && config.format == Format::Otlp && !format!("{config:?}").contains("sk-very"));
        for to in [
            "file:/var/log/mcp.jsonl",
            "stdout",
            "syslog+udp://127.0.0.1:514",
            "syslog+unix:/dev/log",
            "syslog+tls://siem.example:6514",
            "syslog+tls://[::1]:6514",
        ] {
            let shown = exported(&format!("audit: {{export: {{to: '{to}'}}}}")).to.value.expect("given").0.to_string();
            assert_eq!(shown, to);
        }
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (to, what) in [
            ("http://siem.example", "https"),
            ("syslog+udp://10.0.0.1:514", "this machine only"),
            ("syslog+tcp://localhost", "HOST:PORT"),
            ("syslog+tls://siem.example", "HOST:PORT"),
            ("syslog+tls://a b:6514", "HOST:PORT"),
            ("syslog://localhost:514", "syslog+udp"),
            ("file:relative", "from the root on"),
            ("kafka://x", "file:/PATH"),
            ("https://key@siem.example", "no name and no password"),
        ] {
            let error = parse(&format!("audit: {{export: {{to: '{to}'}}}}"), "x").expect_err(to).to_string();
            assert!(error.contains(what), "{to}: {error}");
        }
        let otlp =
            exported("audit: {export: {to: stdout, format: otlp}}").meant(None).expect_err("refused").to_string();
        assert!(otlp.contains("HTTP only"), "{otlp}");
        let stdout = exported("audit: {export: {to: stdout}}").beside_stdio().expect_err("refused").to_string();
        assert!(stdout.contains("vanguard serve"), "{stdout}");
    }
}
