//! Who enters: whoever shows a key or a token that opens, or everybody where neither is asked for. Whether certificates are, the connection
//! has seen to before.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use vanguard_engine::Principal;

use super::headers::one;
use super::keys::Keys;
use super::pass::Pass;
use super::token::{Refused, Tokens};

/// The last second that is told from later ones: of the year 9999.
const MOST_SECONDS: f64 = 253_402_300_799.0;

/// What opens.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) keys: Option<Keys>,
    pub(super) tokens: Option<Arc<Tokens>>,
}

/// Somebody who does not enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outside {
    /// Nothing was shown that could open.
    Unknown,
    /// A token was shown that does not.
    Refused(&'static str),
    /// A token was shown, and it cannot be checked now.
    Unchecked,
}

impl Door {
    /// Whether nothing is asked for in the headers.
    pub(super) fn is_open(&self) -> bool {
        self.keys.is_none() && self.tokens.is_none()
    }

    /// Who asks, by what the headers show, or by the certificate where they need show nothing. What opened is taken out of them: it is for us,
    /// not for who stands behind us.
    pub(super) async fn admit(
        &self,
        headers: &mut HeaderMap,
        certified: Option<&Arc<Principal>>,
    ) -> Result<(Option<Arc<Principal>>, Option<Pass>), Outside> {
        if self.is_open() {
            return Ok((certified.map(Arc::clone), None));
        }
        if let Some((principal, digest)) = self.keys.as_ref().and_then(|keys| keys.admit(headers)) {
            return Ok((Some(principal), Some(Pass::Key(digest))));
        }
        let Some(tokens) = &self.tokens else { return Err(Outside::Unknown) };
        let token = one(headers, &AUTHORIZATION).ok().flatten().and_then(bearer).ok_or(Outside::Unknown)?;
        let (principal, until) = Box::pin(tokens.admit(token)).await.map_err(|refused| match refused {
            Refused::Invalid(why) => Outside::Refused(why),
            Refused::NoKeys => Outside::Unchecked,
        })?;
        headers.remove(AUTHORIZATION);
        Ok((Some(principal), Some(Pass::Token(Arc::clone(tokens), unix(until)))))
    }
}

/// Seconds as tokens write them; so late that no clock has it, for ever.
fn unix(seconds: f64) -> SystemTime {
    let since = Duration::try_from_secs_f64(seconds.min(MOST_SECONDS)).unwrap_or_default();
    SystemTime::UNIX_EPOCH + since
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
