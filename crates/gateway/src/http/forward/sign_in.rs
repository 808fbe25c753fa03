//! What a client of an upstream needs to get a token for it: what the upstream says of itself (RFC 9728), what its authorization servers say
//! of themselves (RFC 8414, `OpenID` Connect), and the endpoints that are named there.
//!
//! Each step leads to the next, and only what one has led to is passed on, only in the clear, and only on the upstream's own host: https goes
//! past us, and an upstream must not open a way to what stands beside us. We ask for nothing by ourselves. What passes is no message and is
//! not judged; it is small, it is JSON where it comes back, and an endpoint that takes messages is never among it.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALT_SVC, CONTENT_TYPE};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::timeout;
use vanguard_wire::Line;

use super::{is_like, not_ours};
use crate::http::body::{Enough, gather};
use crate::http::elsewhere::{is_beside, led_to, same_origin};
use crate::http::fetch::Fetch;
use crate::http::headers::{is_framed_once, is_plain, media_type, onward};
use crate::http::metadata::asked;
use crate::http::reply::{self, Body, Fault};

/// The most addresses that are known of each kind. Of more the oldest is forgotten, and a client begins anew.
const KNOWN: usize = 256;
/// The longest address that is remembered.
const MAX_ADDRESS: usize = 2048;
/// The longest body of a request.
const MAX_BYTES: usize = 64 * 1024;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Where authorization servers say what they are, before or behind the path of their name.
const DOCUMENTS: [&str; 2] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
/// The endpoints of an upstream that is its own authorization server and says nothing of it, as of 2025-03-26.
const USUAL: [&str; 3] = ["/authorize", "/token", "/register"];

/// What has been led to.
#[derive(Debug)]
pub(super) struct SignIn {
    known: Mutex<Known>,
    fetch: Fetch,
    body: Duration,
}

#[derive(Debug, Default)]
struct Known {
    /// Where upstreams say what they are, beside the usual place.
    resources: Addresses,
    /// Authorization servers: any address of theirs.
    servers: Addresses,
    /// Their endpoints.
    endpoints: Addresses,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// What an upstream says of itself.
    Resource,
    /// What an authorization server says of itself.
    Server,
    /// An endpoint of one.
    Endpoint,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    authorization_servers: Vec<String>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "as the document names them")]
struct Server {
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    registration_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    pushed_authorization_request_endpoint: Option<String>,
}

impl SignIn {
    pub(super) fn new(body: Duration) -> Self {
        Self { known: Mutex::default(), fetch: Fetch::new(), body }
    }

    /// Remembers where the upstream at `url` has led a client that lacks a token.
    pub(super) fn challenged(&self, url: &Uri, headers: &HeaderMap) {
        if let Some(there) = led_to(headers, url) {
            self.known().resources.add(there);
        }
    }

    /// Passes a request on, if something has led to where it goes. `urls` are those of the upstreams.
    pub(super) async fn pass(&self, urls: &[&Uri], parts: Parts, body: Incoming) -> Result<Response<Body>, Fault> {
        let Parts { method, uri, headers, .. } = parts;
        let sort = self.known().sort(urls, &uri).ok_or_else(not_ours)?;
        match method {
            Method::GET => {}
            Method::POST if sort == Sort::Endpoint => {}
            _ => return Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not for signing in")),
        }
        let body = self.body(&headers, body).await?;
        let mut request = Request::new(Full::from(body));
        *request.headers_mut() = onward(&headers);
        *request.method_mut() = method;
        *request.uri_mut() = uri.clone();
        let answer = timeout(PATIENCE, self.fetch.ask(request)).await;
        let answer = answer.map_err(|_| Fault::new(StatusCode::GATEWAY_TIMEOUT, "the server does not answer"))?;
        let (parts, bytes) = answer.map_err(|what| Fault::new(StatusCode::BAD_GATEWAY, what))?;
        let mut headers = onward(&parts.headers);
        headers.remove(ALT_SVC);
        let is_json = media_type(&parts.headers).as_deref() == Some("application/json")
            && serde_json::from_slice::<IgnoredAny>(&bytes).is_ok();
        if is_json && parts.status == StatusCode::OK {
            self.known().learn(sort, urls, &uri, &bytes);
        }
        let body = if is_json {
            reply::whole(bytes.into())
        } else if parts.status == StatusCode::OK {
            return Err(Fault::new(StatusCode::BAD_GATEWAY, "the server's answer is no JSON and is withheld"));
        } else {
            headers.remove(CONTENT_TYPE);
            reply::empty(parts.status).into_body()
        };
        let mut response = Response::new(body);
        *response.status_mut() = parts.status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn body(&self, headers: &HeaderMap, body: Incoming) -> Result<Vec<u8>, Fault> {
        if !is_framed_once(headers) || !is_plain(headers) {
            return Err(Fault::new(StatusCode::BAD_REQUEST, "a body in another form than it is written in"));
        }
        let gathered = timeout(self.body, gather(body, MAX_BYTES, Enough::Oversize)).await;
        let gathered = gathered.map_err(|_| Fault::new(StatusCode::REQUEST_TIMEOUT, "the body took too long"))?;
        let mut gathered = gathered.map_err(|_| Fault::new(StatusCode::BAD_REQUEST, "the body was cut off"))?;
        let bytes = match gathered.line() {
            Line::Message(bytes) => bytes.to_vec(),
            Line::Oversize { .. } => return Err(Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long")),
        };
        let kind = media_type(headers);
        let fits = matches!(kind.as_deref(), Some("application/x-www-form-urlencoded" | "application/json"));
        if !bytes.is_empty() && !fits {
            return Err(Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "signing in takes a form or JSON"));
        }
        Ok(bytes)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn sort(&self, urls: &[&Uri], uri: &Uri) -> Option<Sort> {
        let path = uri.path();
        if urls.iter().any(|url| is_like(uri, url)) {
            // Whatever it was named as, it takes messages.
            return None;
        }
        let is_theirs = urls.iter().any(|url| same_origin(uri, url));
        let is_server = is_theirs || self.servers.any(|server| same_origin(server, uri));
        if (is_theirs && asked(path).is_some())
            || self.resources.any(|known| same_origin(known, uri) && known.path() == path)
        {
            return Some(Sort::Resource);
        }
        if is_server && is_document(path) {
            return Some(Sort::Server);
        }
        let is_endpoint = self.endpoints.any(|known| same_origin(known, uri) && known.path() == path);
        (is_endpoint || (is_theirs && USUAL.contains(&path))).then_some(Sort::Endpoint)
    }

    /// What a document leads to.
    fn learn(&mut self, sort: Sort, urls: &[&Uri], uri: &Uri, document: &[u8]) {
        let address = |text: String| text.parse::<Uri>().ok();
        match sort {
            Sort::Resource => {
                let Ok(Resource { authorization_servers }) = serde_json::from_slice(document) else { return };
                let beside = |server: &Uri| urls.iter().any(|url| same_origin(url, uri) && is_beside(server, url));
                authorization_servers.into_iter().filter_map(address).filter(beside).for_each(|s| self.servers.add(s));
            }
            Sort::Server => {
                let Ok(server) = serde_json::from_slice::<Server>(document) else { return };
                let endpoints = [
                    server.authorization_endpoint,
                    server.token_endpoint,
                    server.registration_endpoint,
                    server.revocation_endpoint,
                    server.device_authorization_endpoint,
                    server.pushed_authorization_request_endpoint,
                ];
                let own = |endpoint: &Uri| same_origin(endpoint, uri);
                endpoints.into_iter().flatten().filter_map(address).filter(own).for_each(|e| self.endpoints.add(e));
            }
            Sort::Endpoint => {}
        }
    }
}

fn is_document(path: &str) -> bool {
    DOCUMENTS.iter().any(|known| {
        let before = path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        before || path.ends_with(known)
    })
}

/// Addresses, no more than there may be.
#[derive(Debug, Default)]
struct Addresses(VecDeque<Uri>);

impl Addresses {
    fn add(&mut self, address: Uri) {
        if address.to_string().len() > MAX_ADDRESS || self.0.contains(&address) {
            return;
        }
        if self.0.len() >= KNOWN {
            self.0.pop_front();
        }
        self.0.push_back(address);
    }

    fn any(&self, is: impl FnMut(&Uri) -> bool) -> bool {
        self.0.iter().any(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_leads_to_the_next_and_to_nothing_else() {
        let mut known = Known::default();
        let up = Uri::from_static("http://up.example:3001/mcp");
        let urls = [&up];
        let sort = |known: &Known, uri: &str| known.sort(&urls, &uri.parse().unwrap());
        let resource = "http://up.example:3001/.well-known/oauth-protected-resource/mcp";
        let server = "http://up.example:9000/.well-known/oauth-authorization-server/tenant";
        assert_eq!(sort(&known, resource), Some(Sort::Resource));
        assert_eq!(sort(&known, server), None, "nothing has led there yet");
        let named = br#"{"resource":"x","authorization_servers":["http://up.example:9000/tenant","http://169.254.169.254/","https://as.example/","no"]}"#;
        known.learn(Sort::Resource, &urls, &resource.parse().unwrap(), named);
        assert_eq!(sort(&known, server), Some(Sort::Server));
        assert_eq!(sort(&known, "http://up.example:9000/tenant/.well-known/openid-configuration"), Some(Sort::Server));
        for nothing in [
            "http://169.254.169.254/.well-known/openid-configuration",
            "https://as.example/.well-known/openid-configuration",
            "http://up.example:9000/tenant",
            "http://up.example:9000/tenant/token",
            "http://up.example:9000/.well-known/other",
            "http://up.example:3001/admin",
        ] {
            assert_eq!(sort(&known, nothing), None, "{nothing}");
        }
        let named = br#"{"token_endpoint":"http://up.example:9000/tenant/token","authorization_endpoint":"http://up.example:3001/admin","registration_endpoint":7}"#;
        known.learn(Sort::Server, &urls, &server.parse().unwrap(), named);
        assert_eq!(sort(&known, "http://up.example:9000/tenant/token"), None, "what is no document leads nowhere");
        let named = br#"{"token_endpoint":"http://up.example:9000/tenant/token","authorization_endpoint":"http://up.example:3001/admin"}"#;
        known.endpoints.add("http://up.example:3001/mcp/".parse().unwrap());
        assert_eq!(sort(&known, "http://up.example:3001/mcp/?x"), None, "it takes messages");
        known.learn(Sort::Server, &urls, &server.parse().unwrap(), named);
        assert_eq!(sort(&known, "http://up.example:9000/tenant/token?x=y"), Some(Sort::Endpoint));
        assert_eq!(sort(&known, "http://up.example:3001/admin"), None, "of another server than who says so");
    }

    #[test]
    fn of_too_many_addresses_the_oldest_is_forgotten() {
        let mut known = Addresses::default();
        for n in 0..=KNOWN {
            known.add(format!("http://up.example/{n}").parse().unwrap());
        }
        known.add(format!("http://up.example/{}", "x".repeat(MAX_ADDRESS)).parse().unwrap());
        assert_eq!(known.0.len(), KNOWN);
        assert!(!known.any(|address| address.path() == "/0") && known.any(|address| address.path() == "/1"));
    }
}
