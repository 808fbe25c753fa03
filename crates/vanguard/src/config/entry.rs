//! Who may enter the gateway over HTTP, as it is written and as it is meant.

use std::borrow::Cow;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vanguard_gateway::http::{Algorithm, IpNet};

use super::origin::pick;
use super::{Layer, Set};

/// Who may enter the gateway over HTTP.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Entry {
    /// File of keys that open: a line `NAME SHA256 [role=NAME…] [scope=NAME…]` for each.
    pub(crate) keys: Option<PathBuf>,
    /// Address that clients know the gateway by, where something before it has another (`https://mcp.example`).
    pub(crate) public_url: Option<String>,
    /// What it speaks https by; without any, it speaks http.
    pub(crate) tls: Tls,
    /// Tokens of an authorization server that open.
    pub(crate) jwt: Jwt,
    /// Addresses and networks (`192.0.2.0/24`) from which one may enter; from everywhere when absent.
    pub(crate) allow_from: Option<Vec<Network>>,
    /// Addresses and networks of proxies that are believed when they say for whom they ask (`X-Forwarded-For`); nobody is by default.
    pub(crate) trusted_proxies: Option<Vec<Network>>,
    /// Requests a second of each principal; no limit when absent.
    pub(crate) rate: Option<NonZeroU32>,
    /// Requests a second from each address (of IPv6, each network of 64 bits); no limit when absent.
    pub(crate) address_rate: Option<NonZeroU32>,
    /// Requests and streams that a principal may have open at once.
    pub(crate) open: Option<NonZeroU32>,
}

/// An address, or a network of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network(pub(crate) IpNet);

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let net =
            text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(|address| address.to_canonical().into()));
        net.map(Self)
            .map_err(|_| format!("`{text}` is no address or network; write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32"))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for Network {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// Certificates of the gateway and of its clients, in PEM.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Tls {
    /// File of the gateway's certificate, followed by those between it and an authority that clients know.
    pub(crate) certificate: Option<PathBuf>,
    /// File of its private key (PKCS 8, PKCS 1 or SEC 1), without a password.
    pub(crate) key: Option<PathBuf>,
    /// File of the authorities of which a client must show a certificate; none must when absent.
    pub(crate) client_ca: Option<PathBuf>,
    /// File of the certificates that these authorities have withdrawn (CRL): a list of each authority that signed one, none of which has expired.
    pub(crate) client_crl: Option<PathBuf>,
}

/// Tokens of an authorization server.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Jwt {
    /// Who makes them (`iss`), to the letter.
    pub(crate) issuer: Option<String>,
    /// For whom they are (`aud`): one of these, as a rule the address that clients know the gateway by.
    pub(crate) audience: Option<Vec<String>>,
    /// Address of the keys that they are signed by: https, or http on this machine. Asked again every ten minutes, and when a key is unknown.
    pub(crate) jwks_url: Option<String>,
    /// File of the keys that they are signed by, in the place of an address.
    pub(crate) jwks_file: Option<PathBuf>,
    /// Algorithms that they may be signed by; all known ones by default, of which none has a shared secret.
    pub(crate) algorithms: Option<Vec<AlgorithmName>>,
}

/// The name of an algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum AlgorithmName {
    /// RSA by PKCS 1, SHA-256.
    RS256,
    /// RSA by PKCS 1, SHA-384.
    RS384,
    /// RSA by PKCS 1, SHA-512.
    RS512,
    /// RSA by PSS, SHA-256.
    PS256,
    /// RSA by PSS, SHA-384.
    PS384,
    /// RSA by PSS, SHA-512.
    PS512,
    /// ECDSA on P-256.
    ES256,
    /// ECDSA on P-384.
    ES384,
    /// Ed25519.
    EdDSA,
}

impl AlgorithmName {
    /// As the gateway knows it.
    pub(crate) fn meant(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::RS384 => Algorithm::RS384,
            Self::RS512 => Algorithm::RS512,
            Self::PS256 => Algorithm::PS256,
            Self::PS384 => Algorithm::PS384,
            Self::PS512 => Algorithm::PS512,
            Self::ES256 => Algorithm::ES256,
            Self::ES384 => Algorithm::ES384,
            Self::EdDSA => Algorithm::EdDSA,
        }
    }
}

/// Who may enter, each value with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Entrance {
    pub(crate) keys: Set<Option<PathBuf>>,
    pub(crate) public_url: Set<Option<String>>,
    pub(crate) certificate: Set<Option<PathBuf>>,
    pub(crate) private_key: Set<Option<PathBuf>>,
    pub(crate) client_ca: Set<Option<PathBuf>>,
    pub(crate) client_crl: Set<Option<PathBuf>>,
    pub(crate) issuer: Set<Option<String>>,
    pub(crate) audience: Set<Vec<String>>,
    pub(crate) jwks_url: Set<Option<String>>,
    pub(crate) jwks_file: Set<Option<PathBuf>>,
    /// All that are known where there is none.
    pub(crate) algorithms: Set<Vec<AlgorithmName>>,
    pub(crate) allow_from: Set<Vec<Network>>,
    pub(crate) trusted_proxies: Set<Vec<Network>>,
    pub(crate) rate: Set<Option<NonZeroU32>>,
    pub(crate) address_rate: Set<Option<NonZeroU32>>,
    /// What is usual where it is not said.
    pub(crate) open: Set<Option<NonZeroU32>>,
}

impl Entrance {
    /// Resolves `layers`, strongest first.
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        Self {
            keys: pick(layers, None, |w| w.entry.keys.clone().map(Some)),
            public_url: pick(layers, None, |w| w.entry.public_url.clone().map(Some)),
            certificate: pick(layers, None, |w| w.entry.tls.certificate.clone().map(Some)),
            private_key: pick(layers, None, |w| w.entry.tls.key.clone().map(Some)),
            client_ca: pick(layers, None, |w| w.entry.tls.client_ca.clone().map(Some)),
            client_crl: pick(layers, None, |w| w.entry.tls.client_crl.clone().map(Some)),
            issuer: pick(layers, None, |w| w.entry.jwt.issuer.clone().map(Some)),
            audience: pick(layers, Vec::new(), |w| w.entry.jwt.audience.clone()),
            jwks_url: pick(layers, None, |w| w.entry.jwt.jwks_url.clone().map(Some)),
            jwks_file: pick(layers, None, |w| w.entry.jwt.jwks_file.clone().map(Some)),
            algorithms: pick(layers, Vec::new(), |w| w.entry.jwt.algorithms.clone()),
            allow_from: pick(layers, Vec::new(), |w| w.entry.allow_from.clone()),
            trusted_proxies: pick(layers, Vec::new(), |w| w.entry.trusted_proxies.clone()),
            rate: pick(layers, None, |w| w.entry.rate.map(Some)),
            address_rate: pick(layers, None, |w| w.entry.address_rate.map(Some)),
            open: pick(layers, None, |w| w.entry.open.map(Some)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::file::parse;

    #[test]
    fn an_address_is_a_network_of_one_and_what_is_none_is_said_with_its_place() {
        let written = parse("entry: {allow_from: [192.0.2.7, '2001:db8::/32']}", "x").expect("valid");
        let networks = written.entry.allow_from.expect("some");
        assert_eq!(networks.iter().map(|net| net.0.to_string()).collect::<Vec<_>>(), ["192.0.2.7/32", "2001:db8::/32"]);
        for (text, expected) in [
            ("entry:\n  allow_from: [192.0.2.0/33]\n", "is no address or network"),
            ("entry:\n  allow_from: [localhost]\n", "is no address or network"),
            ("entry:\n  rate: 0\n", "nonzero"),
        ] {
            let fault = parse(text, "x").expect_err("refused").to_string();
            assert!(fault.starts_with("x:2:") && fault.contains(expected), "{fault}");
        }
    }
}
