//! Tokens of an authorization server: signed claims (RFC 7519) that say who somebody is and what was granted to whom they are.

mod keyset;
mod remembered;
mod signature;
mod source;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::Uri;
pub use jsonwebtoken::Algorithm;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde::de::IgnoredAny;
use vanguard_engine::{Entry, Identity, Principal};

pub use keyset::KeySet;
use remembered::Remembered;
use source::Source;

/// The algorithms that a token may be signed by. None has a secret that both sides know: who checks such a token could make one.
pub const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// The longest token that is looked at.
const MAX_BYTES: usize = 16 * 1024;
/// The longest name of a key, and of whom a token is for.
const MAX_NAME: usize = 255;
/// By how many seconds clocks may differ.
const LEEWAY: u32 = 30;

/// Which tokens open the gateway.
#[derive(Debug, Clone)]
pub struct TokenConfig {
    /// Who makes them, to the letter.
    pub issuer: String,
    /// For whom they are: one of these (RFC 8707: our own address, as clients know it).
    pub audiences: Vec<String>,
    /// What they are signed by.
    pub keys: KeySource,
    /// By which algorithms.
    pub algorithms: Vec<Algorithm>,
}

/// Where the public keys of the authorization server are.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// At an address, asked for when they are needed.
    Address(Uri),
    /// Here.
    Set(KeySet),
}

/// Checks tokens.
#[derive(Debug)]
pub(super) struct Tokens {
    issuer: String,
    audiences: Vec<String>,
    algorithms: Vec<Algorithm>,
    source: Source,
    remembered: Remembered,
}

/// A token that does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// For this reason, which tells nothing that its holder does not know.
    Invalid(&'static str),
    /// The keys to check it with cannot be had.
    NoKeys,
}

/// What is read of a token. What must hold of the rest, its audience and times, is checked beside.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    scope: Option<Words>,
    scp: Option<Words>,
    roles: Option<Words>,
    /// It is bound to a key of its holder, which a bearer does not show.
    cnf: Option<IgnoredAny>,
}

/// Words in a line or a list: servers differ.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Line(String),
    List(Vec<String>),
}

impl Words {
    fn each(&self) -> impl Iterator<Item = Box<str>> {
        let list = match self {
            Self::Line(line) => std::slice::from_ref(line),
            Self::List(list) => list,
        };
        list.iter().flat_map(|line| line.split_ascii_whitespace()).map(Into::into)
    }
}

impl Tokens {
    pub(super) fn new(config: TokenConfig) -> Self {
        signature::install();
        let TokenConfig { issuer, audiences, keys, algorithms } = config;
        Self { issuer, audiences, algorithms, source: Source::new(keys), remembered: Remembered::default() }
    }

    /// Those of `known` where they are checked in the same way, with the keys that have been asked for; else new ones.
    pub(super) fn known_or_new(known: Option<&Arc<Self>>, config: TokenConfig) -> Arc<Self> {
        let same = known.filter(|known| {
            (&known.issuer, &known.audiences, &known.algorithms)
                == (&config.issuer, &config.audiences, &config.algorithms)
                && known.source.asks_at(&config.keys)
        });
        same.map_or_else(|| Arc::new(Self::new(config)), Arc::clone)
    }

    /// Who makes them.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom the token is of, and until when it holds (Unix time in seconds).
    pub(super) async fn admit(&self, token: &str) -> Result<(Arc<Principal>, f64), Refused> {
        if token.len() > MAX_BYTES {
            return Err(Refused::Invalid("it is too long"));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(u64::MAX, |since| since.as_secs());
        if let Some(known) = self.remembered.find(token, now, self.source.number()) {
            return Ok(known);
        }
        let header = decode_header(token).map_err(|_| Refused::Invalid("it is no token that is read here"))?;
        // Keys and addresses of keys in the header are the sender's own: nobody looks at them.
        let kind = header.typ.as_deref().map(str::to_ascii_lowercase);
        if !matches!(kind.as_deref(), None | Some("jwt" | "at+jwt" | "application/at+jwt")) || header.crit.is_some() {
            return Err(Refused::Invalid("it is no access token"));
        }
        if !self.algorithms.contains(&header.alg) {
            return Err(Refused::Invalid("its algorithm is not taken"));
        }
        let id = header.kid.as_deref();
        if id.is_some_and(|id| id.len() > MAX_NAME) {
            return Err(Refused::Invalid("it is signed by no known key"));
        }
        let keys = self.source.with(id, header.alg).await?;
        let key = keys.set.find(id, header.alg).ok_or(Refused::NoKeys)?;
        let checked = decode::<Claims>(token, key, &self.validation(header.alg));
        let claims = checked.map_err(|error| Refused::Invalid(reason(error.kind())))?.claims;
        let expires = claims.exp + f64::from(LEEWAY);
        let principal = Arc::new(self.principal(claims)?);
        self.remembered.keep(token, &principal, expires, keys.number);
        Ok((principal, expires))
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&self.audiences);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY.into();
        validation
    }

    fn principal(&self, claims: Claims) -> Result<Principal, Refused> {
        if claims.iss != self.issuer {
            return Err(Refused::Invalid("another server made it"));
        }
        if claims.cnf.is_some() {
            return Err(Refused::Invalid("it is bound to a key that was not shown"));
        }
        if claims.sub.is_empty() || claims.sub.len() > MAX_NAME {
            return Err(Refused::Invalid("it does not name its subject"));
        }
        let words = |words: &[&Option<Words>]| -> BTreeSet<Box<str>> {
            words.iter().filter_map(|words| words.as_ref()).flat_map(Words::each).collect()
        };
        let (scopes, roles) = (words(&[&claims.scope, &claims.scp]), words(&[&claims.roles]));
        let identity = Identity { entry: Entry::Token, name: claims.sub.into() };
        Ok(Principal { identity, roles, scopes })
    }
}

/// What is wrong with a token, in words for its holder.
fn reason(kind: &jsonwebtoken::errors::ErrorKind) -> &'static str {
    use jsonwebtoken::errors::ErrorKind as Kind;
    match kind {
        Kind::ExpiredSignature => "it has expired",
        Kind::ImmatureSignature => "it does not hold yet",
        Kind::InvalidIssuer => "another server made it",
        Kind::InvalidAudience => "it is for another audience",
        Kind::MissingRequiredClaim(_) | Kind::InvalidClaimFormat(_) | Kind::Json(_) => {
            "a claim is missing or unreadable"
        }
        Kind::InvalidSignature => "its signature does not hold",
        _ => "it is no token that is read here",
    }
}

#[cfg(test)]
mod tests;
