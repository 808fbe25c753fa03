//! The public keys of an authorization server (RFC 7517): those that a token may be signed by.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};

use super::ALGORITHMS;

/// The most keys of a set that are used; servers have a handful.
const MAX_KEYS: usize = 64;

/// Its keys that sign, by an algorithm that is known.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<Public>,
}

#[derive(Debug, Clone)]
struct Public {
    id: Option<String>,
    /// What it may have signed by. A key is of one kind, so no other algorithm is tried with it.
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

impl KeySet {
    /// Reads a set. Keys that are of no use are passed over; where all are, that is an error.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        let set: JwkSet = serde_json::from_slice(bytes).map_err(|_| "it is no set of keys (RFC 7517)".to_owned())?;
        let keys: Vec<_> = set.keys.iter().filter_map(Public::read).take(MAX_KEYS).collect();
        if keys.is_empty() {
            return Err("it holds no public key that tokens may be signed by".to_owned());
        }
        Ok(Self { keys })
    }

    /// The key that a token was signed by, as its header says: it is named, or the only one.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&DecodingKey> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithms.contains(&algorithm));
        let fits = match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        };
        fits.map(|public| &public.key)
    }
}

impl Public {
    fn read(jwk: &Jwk) -> Option<Self> {
        let algorithms: Vec<_> = of_kind(&jwk.algorithm)
            .iter()
            .copied()
            .filter(|algorithm| jwk.common.key_algorithm.is_none_or(|own| own == (*algorithm).into()))
            .collect();
        let signs = jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
        if algorithms.is_empty() || !signs {
            return None;
        }
        Some(Self { id: jwk.common.key_id.clone(), algorithms, key: DecodingKey::from_jwk(jwk).ok()? })
    }
}

/// What a key of this kind signs by.
fn of_kind(parameters: &AlgorithmParameters) -> &'static [Algorithm] {
    match parameters {
        AlgorithmParameters::RSA(_) => &ALGORITHMS[..6],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => &[Algorithm::ES256],
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => &[Algorithm::ES384],
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => &[Algorithm::EdDSA],
        // Shared secrets among them.
        _ => &[],
    }
}
