//! Who may enter the gateway over HTTP, as it is written and as it is meant.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_gateway::http::Algorithm;

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
    /// Tokens of an authorization server that open.
    pub(crate) jwt: Jwt,
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
    pub(crate) issuer: Set<Option<String>>,
    pub(crate) audience: Set<Vec<String>>,
    pub(crate) jwks_url: Set<Option<String>>,
    pub(crate) jwks_file: Set<Option<PathBuf>>,
    /// All that are known where there is none.
    pub(crate) algorithms: Set<Vec<AlgorithmName>>,
}

impl Entrance {
    /// Resolves `layers`, strongest first.
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        Self {
            keys: pick(layers, None, |w| w.entry.keys.clone().map(Some)),
            public_url: pick(layers, None, |w| w.entry.public_url.clone().map(Some)),
            issuer: pick(layers, None, |w| w.entry.jwt.issuer.clone().map(Some)),
            audience: pick(layers, Vec::new(), |w| w.entry.jwt.audience.clone()),
            jwks_url: pick(layers, None, |w| w.entry.jwt.jwks_url.clone().map(Some)),
            jwks_file: pick(layers, None, |w| w.entry.jwt.jwks_file.clone().map(Some)),
            algorithms: pick(layers, Vec::new(), |w| w.entry.jwt.algorithms.clone()),
        }
    }
}
