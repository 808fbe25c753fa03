//! An upstream with an authorization server of its own, where we ask for nothing: its clients come to us and must find their way to it.
//!
//! What it says of itself (RFC 9728) is said under our address, since a client takes it for a trap if it names another. Tokens that the
//! client then brings go on as they come.

use std::sync::{Mutex, PoisonError};

use hyper::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode, Uri};
use serde::{Deserialize, Serialize};

use super::fetch::Fetch;
use super::metadata::WELL_KNOWN;
use super::reply::{Body, json};

/// The parameter of a challenge that leads to the document.
const LEADS: &str = "resource_metadata=\"";

/// One upstream, as its clients must see it.
#[derive(Debug)]
pub(super) struct Elsewhere {
    target: Uri,
    fetch: Fetch,
    /// Where it last said that its document is.
    told: Mutex<Option<Uri>>,
}

/// What is passed on of the document: nothing that is not known.
#[derive(Debug, Deserialize, Serialize)]
struct Document {
    resource: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    authorization_servers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes_supported: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bearer_methods_supported: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dpop_bound_access_tokens_required: Option<bool>,
}

impl Elsewhere {
    pub(super) fn new(target: Uri) -> Self {
        Self { target, fetch: Fetch::new(), told: Mutex::default() }
    }

    /// Where it is.
    pub(super) fn target(&self) -> &Uri {
        &self.target
    }

    /// Its document, as one about `resource`, our address; `None` where it has none.
    pub(super) async fn document(&self, resource: &str) -> Option<Response<Body>> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let path = self.target.path().trim_end_matches('/');
        let usual = [format!("{WELL_KNOWN}{path}"), WELL_KNOWN.to_owned()].map(|path| self.at(&path));
        for address in told.into_iter().chain(usual.into_iter().flatten()) {
            let Ok(bytes) = self.fetch.get(&address).await else { continue };
            let Ok(mut document) = serde_json::from_slice::<Document>(&bytes) else { continue };
            document.authorization_servers.retain(|server| self.may_lead_to(server));
            // A document about something else stays one, so that the client sees that.
            if self.is_about_it(&document.resource) {
                resource.clone_into(&mut document.resource);
            }
            return Some(json(StatusCode::OK, serde_json::to_vec(&document).ok()?.into()));
        }
        None
    }

    /// Has challenges lead to `document`, our address of it, and remembers where they led.
    pub(super) fn lead_here(&self, headers: &mut HeaderMap, document: &str) {
        for value in headers.get_all(WWW_AUTHENTICATE).iter().cloned().collect::<Vec<_>>() {
            let Some((before, there, after)) = value.to_str().ok().and_then(parts) else { continue };
            let there = own(there, &self.target);
            *self.told.lock().unwrap_or_else(PoisonError::into_inner) = there;
            let Ok(here) = HeaderValue::try_from(format!("{before}{LEADS}{document}\"{after}")) else { continue };
            // There is one as a rule; of several the last leads.
            headers.insert(WWW_AUTHENTICATE, here);
        }
    }

    fn at(&self, path: &str) -> Option<Uri> {
        let (scheme, authority) = (self.target.scheme_str()?, self.target.authority()?);
        format!("{scheme}://{authority}{path}").parse().ok()
    }

    /// Whether it is the upstream, or all below an address of it.
    fn is_about_it(&self, resource: &str) -> bool {
        let Ok(resource) = resource.parse::<Uri>() else { return false };
        let below = self.target.path().strip_prefix(resource.path().trim_end_matches('/'));
        same_origin(&resource, &self.target) && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether clients may be led there: not by an upstream elsewhere to what only they can reach in the clear.
    fn may_lead_to(&self, server: &str) -> bool {
        let Ok(server) = server.parse::<Uri>() else { return false };
        server.scheme_str() == Some("https") || is_beside(&server, &self.target)
    }
}

/// Where challenges of `target` lead to that is its own.
pub(super) fn led_to(headers: &HeaderMap, target: &Uri) -> Option<Uri> {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    challenges.filter_map(|value| value.to_str().ok().and_then(parts)).find_map(|(_, there, _)| own(there, target))
}

fn own(there: &str, target: &Uri) -> Option<Uri> {
    there.parse::<Uri>().ok().filter(|there| same_origin(there, target))
}

/// A challenge, cut at the address that it leads to.
fn parts(challenge: &str) -> Option<(&str, &str, &str)> {
    let at = challenge.to_ascii_lowercase().find(LEADS)?;
    let (before, rest) = challenge.split_at(at);
    let (there, after) = rest.get(LEADS.len()..)?.split_once('"')?;
    Some((before, there, after))
}

/// Whether a server in the clear is on the same host.
pub(super) fn is_beside(server: &Uri, target: &Uri) -> bool {
    server.scheme_str() == Some("http") && server.host().is_some() && server.host() == target.host()
}

pub(super) fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| uri.port_u16().or(if uri.scheme_str() == Some("https") { Some(443) } else { Some(80) });
    one.scheme() == other.scheme()
        && one.host().zip(other.host()).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
        && port(one) == port(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn upstream() -> Elsewhere {
        Elsewhere::new("https://up.example/a/mcp".parse().unwrap())
    }

    #[test]
    fn a_document_is_about_the_upstream_or_about_something_else() {
        for about in
            ["https://up.example/a/mcp", "https://UP.example:443/a/", "https://up.example", "https://up.example/"]
        {
            assert!(upstream().is_about_it(about), "{about}");
        }
        for other in ["https://up.example/a/mc", "https://evil.example/a/mcp", "http://up.example/a/mcp", "mcp", ""] {
            assert!(!upstream().is_about_it(other), "{other}");
        }
        for server in ["http://169.254.169.254/", "file:///etc/passwd", "javascript:1", "//evil.example", ""] {
            assert!(!upstream().may_lead_to(server), "{server}");
        }
        assert!(
            upstream().may_lead_to("https://login.example/tenant") && upstream().may_lead_to("http://up.example:9/")
        );
    }

    #[test]
    fn a_challenge_leads_here_and_where_it_led_is_remembered_if_it_is_the_upstream_s_own() {
        let led = |challenge: &str| {
            let upstream = upstream();
            let mut headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, challenge.parse().unwrap())]);
            upstream.lead_here(&mut headers, "http://here/doc");
            let told = upstream.told.lock().unwrap().as_ref().map(ToString::to_string);
            (headers[WWW_AUTHENTICATE].to_str().unwrap().to_owned(), told)
        };
        let own = r#"Bearer error="invalid_token", Resource_Metadata="https://up.example/x", scope="a b""#;
        let here = r#"Bearer error="invalid_token", resource_metadata="http://here/doc", scope="a b""#;
        assert_eq!(led(own), (here.to_owned(), Some("https://up.example/x".to_owned())));
        let other = r#"Bearer resource_metadata="http://169.254.169.254/""#;
        assert_eq!(led(other), (r#"Bearer resource_metadata="http://here/doc""#.to_owned(), None));
        assert_eq!(led("Basic realm=\"x\""), ("Basic realm=\"x\"".to_owned(), None));
    }

    proptest! {
        #[test]
        fn a_challenge_of_any_form_leads_nowhere_else(before in "[ -~]{0,40}", there in "[!#-~]{0,40}", after in "[ -~]{0,40}") {
            let challenge = format!("{before}{LEADS}{there}\"{after}");
            let (start, led, end) = parts(&challenge).unwrap();
            prop_assert_eq!(format!("{start}{LEADS}{led}\"{end}").to_ascii_lowercase(), challenge.to_ascii_lowercase());
            prop_assert!(!led.contains('"'));
        }
    }
}
