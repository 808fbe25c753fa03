//! Who may enter: keys by their digests.

use std::collections::BTreeSet;
use std::sync::Arc;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderName};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use vanguard_engine::{Entry, Identity, Principal};

/// The header that 1.5.0 took a key in, beside `Authorization`.
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The shortest key that is taken: shorter ones can be guessed.
const SHORTEST: usize = 16;

/// The keys that open the gateway. None is kept: only digests are.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    keys: Vec<(Arc<Principal>, [u8; 32])>,
}

/// A key that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It could be guessed.
    #[error("it is shorter than {SHORTEST} characters; make one with `openssl rand -hex 32`")]
    Short,
    /// It is not a digest.
    #[error("it is not 64 hexadecimal digits; make it with `printf %s KEY | sha256sum`")]
    NoDigest,
    /// It says of its holder what is neither a role nor a scope.
    #[error("`{0}` is not understood; write role=NAME or scope=NAME behind the digest")]
    NoGrant(String),
}

impl Keys {
    /// Adds a key in the clear under a name.
    pub fn add(&mut self, name: &str, key: &str) -> Result<(), KeyError> {
        if key.len() < SHORTEST {
            return Err(KeyError::Short);
        }
        self.keys.push((holder(name, [])?, Sha256::digest(key).into()));
        Ok(())
    }

    /// Adds a key by its SHA-256, in hexadecimal digits, whose holder has the `grants`: `role=NAME` and `scope=NAME`.
    pub fn add_digest<'g>(
        &mut self,
        name: &str,
        digest: &str,
        grants: impl IntoIterator<Item = &'g str>,
    ) -> Result<(), KeyError> {
        let mut bytes = [0; 32];
        if digest.len() != 64 || !digest.is_ascii() {
            return Err(KeyError::NoDigest);
        }
        for (byte, digits) in bytes.iter_mut().zip(digest.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| KeyError::NoDigest)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| KeyError::NoDigest)?;
        }
        self.keys.push((holder(name, grants)?, bytes));
        Ok(())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Who asks, by the key in the headers. The key is taken out of them: it is for us, not for who stands behind us.
    pub(super) fn admit(&self, headers: &mut HeaderMap) -> Option<(Arc<Principal>, [u8; 32])> {
        for header in [AUTHORIZATION, X_API_KEY] {
            let mut given = headers.get_all(&header).iter();
            let (Some(value), None) = (given.next(), given.next()) else { continue };
            let Some(key) = presented(&header, value.as_bytes()) else { continue };
            let digest = Sha256::digest(key).into();
            if let Some(principal) = self.holder(&digest) {
                headers.remove(&header);
                return Some((principal, digest));
            }
        }
        None
    }

    /// Whether the key with this digest still opens.
    pub(super) fn has(&self, digest: &[u8; 32]) -> bool {
        self.holder(digest).is_some()
    }

    /// Compares with every key, each in constant time, so that neither the time nor its order tells of any.
    fn holder(&self, digest: &[u8; 32]) -> Option<Arc<Principal>> {
        let mut holder = None;
        for (principal, known) in &self.keys {
            if bool::from(known.ct_eq(digest)) {
                holder = Some(principal);
            }
        }
        holder.map(Arc::clone)
    }
}

/// Whoever holds a key under this name.
fn holder<'g>(name: &str, grants: impl IntoIterator<Item = &'g str>) -> Result<Arc<Principal>, KeyError> {
    let (mut roles, mut scopes) = (BTreeSet::new(), BTreeSet::new());
    for grant in grants {
        match grant.split_once('=') {
            Some(("role", role)) if !role.is_empty() => roles.insert(role.into()),
            Some(("scope", scope)) if !scope.is_empty() => scopes.insert(scope.into()),
            _ => return Err(KeyError::NoGrant(grant.to_owned())),
        };
    }
    let identity = Identity { entry: Entry::Key, name: name.into() };
    Ok(Arc::new(Principal { identity, roles, scopes }))
}

/// The key in a header's value.
fn presented<'v>(header: &HeaderName, value: &'v [u8]) -> Option<&'v [u8]> {
    if *header == X_API_KEY {
        return Some(value);
    }
    let (scheme, key) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| key.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef";

    fn keys() -> Keys {
        let mut keys = Keys::default();
        keys.add("ci", KEY).unwrap();
        keys.add_digest(
            "desk",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            ["role=a", "scope=b:c", "scope=d"],
        )
        .unwrap();
        keys
    }

    fn admitted(pairs: &[(&'static str, &str)]) -> (Option<String>, usize) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        let principal = keys().admit(&mut headers).map(|(principal, _)| principal.identity.name.to_string());
        (principal, headers.len())
    }

    fn held(keys: &Keys, key: &[u8]) -> Arc<Principal> {
        keys.holder(&Sha256::digest(key).into()).unwrap()
    }

    #[test]
    fn a_key_opens_in_either_header_and_goes_no_further() {
        let bearer = format!("bearer  {KEY}");
        assert_eq!(admitted(&[("authorization", &bearer)]), (Some("ci".to_owned()), 0));
        assert_eq!(
            admitted(&[("x-api-key", "test"), ("authorization", "Bearer theirs")]),
            (Some("desk".to_owned()), 1)
        );
    }

    #[test]
    fn a_holder_has_what_the_key_s_line_grants() {
        let known = keys();
        let (desk, ci) = (held(&known, b"test"), held(&known, KEY.as_bytes()));
        assert!(ci.roles.is_empty() && ci.scopes.is_empty());
        assert_eq!(
            (desk.roles.len(), desk.scopes.iter().map(|scope| &**scope).collect::<Vec<_>>()),
            (1, vec!["b:c", "d"])
        );
        for grant in ["admin", "role=", "scope=", "roles=a", "=a"] {
            let refused = Keys::default().add_digest("a", &"0".repeat(64), [grant]);
            assert_eq!(refused, Err(KeyError::NoGrant(grant.to_owned())));
        }
    }

    #[test]
    fn nothing_else_opens() {
        let bearer = format!("Bearer {KEY}");
        for headers in [
            &[][..],
            &[("authorization", "Bearer 0123456789abcdee")],
            &[("authorization", KEY)],
            &[("authorization", "Bearer ")],
            &[("authorization", &bearer), ("authorization", "Bearer other")],
        ] {
            assert_eq!(admitted(headers), (None, headers.len()), "{headers:?}");
        }
    }

    #[test]
    fn a_key_that_can_be_guessed_or_a_digest_that_is_none_is_not_taken() {
        assert_eq!(Keys::default().add("a", "0123456789abcde"), Err(KeyError::Short));
        assert_eq!(Keys::default().add_digest("a", KEY, []), Err(KeyError::NoDigest));
        assert_eq!(Keys::default().add_digest("a", &"é".repeat(32), []), Err(KeyError::NoDigest));
    }
}
