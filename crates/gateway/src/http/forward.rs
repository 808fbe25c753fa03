//! Clients that have us for their HTTP proxy (`HTTP_PROXY`), and so see the upstream's own address (RFC 9112, section 3.2.2).
//!
//! Nothing is passed on but what is of an upstream: messages to its URL, judged as at its endpoint, and, where that is wanted, what a client
//! needs to [sign in](sign_in) to it. We are nobody's way to anything else.

mod sign_in;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderValue, PROXY_AUTHORIZATION};
use hyper::{HeaderMap, Request, Response, StatusCode, Uri};

use super::access::Visitor;
use super::caller::Caller;
use super::config::ForwardProxy;
use super::door::Outside;
use super::elsewhere::same_origin;
use super::headers::one;
use super::inflight::until_sent;
use super::peer::Peer;
use super::reply::{Body, Fault};
use super::route::{Behind, Gateway};
use super::terms::InForce;
use sign_in::SignIn;

/// What a client is asked for that has shown nothing, or nothing that opens.
const CHALLENGE: &str = "Basic realm=\"vanguard\"";

/// What is passed on.
#[derive(Debug)]
pub(super) struct Forward {
    sign_in: Option<SignIn>,
}

impl Forward {
    /// `patience` is how long a body may take.
    pub(super) fn by(setting: ForwardProxy, patience: Duration) -> Option<Self> {
        match setting {
            ForwardProxy::Off => None,
            ForwardProxy::Upstreams => Some(Self { sign_in: None }),
            ForwardProxy::SignIn => Some(Self { sign_in: Some(SignIn::new(patience)) }),
        }
    }
}

impl Gateway {
    /// Answers a request for the address of another server.
    pub(super) async fn forwarded(
        &self,
        forward: &Forward,
        terms: &InForce,
        request: Request<Incoming>,
        peer: &Peer,
        visitor: &mut Visitor,
    ) -> Result<Response<Body>, Fault> {
        let (parts, body) = request.into_parts();
        let entered = terms.door.admit(&mut shown(&parts.headers), peer.certified.as_ref()).await;
        let (principal, pass) = entered.map_err(outside_of)?;
        visitor.who = principal.as_ref().map(|principal| principal.identity.clone());
        let urls: Vec<(&Behind, &Uri)> =
            self.upstreams.iter().filter_map(|(_, behind)| Some((behind, behind.url()?))).collect();
        if let Some((behind, url)) = urls.iter().find(|(_, url)| is_at(&parts.uri, url)) {
            let caller = Caller::new(principal, parts.headers);
            let response = self.entered(behind, false, (caller, pass, peer), (parts.method, None), body).await?;
            if let Some(sign_in) = &forward.sign_in {
                sign_in.challenged(url, response.headers());
            }
            return Ok(response);
        }
        let Some(sign_in) = &forward.sign_in else { return Err(not_ours()) };
        let share = principal.as_ref().map(|who| self.measure.principal(&who.identity)).transpose()?;
        let urls: Vec<&Uri> = urls.into_iter().map(|(_, url)| url).collect();
        let response = sign_in.pass(&urls, parts, body).await?;
        Ok(until_sent(share, response))
    }
}

/// Whether a request is for the URL of an upstream, and not for something else on its server.
fn is_at(target: &Uri, url: &Uri) -> bool {
    is_like(target, url) && target.query() == url.query()
}

/// Whether it is, but for the query.
fn is_like(target: &Uri, url: &Uri) -> bool {
    let bare = |uri: &Uri| uri.path().trim_end_matches('/').to_owned();
    same_origin(target, url) && bare(target) == bare(url)
}

/// What somebody shows to a proxy, in the place where it is looked for: what stands there already is for the server behind.
fn shown(headers: &HeaderMap) -> HeaderMap {
    let secret = one(headers, &PROXY_AUTHORIZATION).ok().flatten().and_then(|value| {
        let (scheme, rest) = value.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Some(value.to_owned());
        }
        // As `http://anything:KEY@gateway` has it; the name is in the key's.
        let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        pair.split_once(':').map(|(_, key)| format!("Bearer {key}"))
    });
    let secret = secret.and_then(|secret| HeaderValue::try_from(secret).ok());
    secret.into_iter().map(|secret| (AUTHORIZATION, secret)).collect()
}

fn outside_of(outside: Outside) -> Fault {
    let why = match outside {
        Outside::Unchecked => return Fault::new(StatusCode::SERVICE_UNAVAILABLE, "tokens cannot be checked now"),
        Outside::Unknown => "this proxy asks for a key: http://any:KEY@HOST:PORT",
        Outside::Refused(why) => why,
    };
    Fault::new(StatusCode::PROXY_AUTHENTICATION_REQUIRED, why).challenge(CHALLENGE.to_owned())
}

/// What is asked for belongs to no upstream.
fn not_ours() -> Fault {
    Fault::new(StatusCode::FORBIDDEN, "this proxy leads to the MCP servers behind it, and nowhere else")
}

/// A tunnel is refused: what goes through it could not be read.
pub(super) fn no_tunnel() -> Fault {
    let why = "no tunnels (CONNECT): what goes through one cannot be judged; ask for an https server at this gateway's own address";
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_url_of_an_upstream_is_one() {
        let url = Uri::from_static("http://up.example:3001/a/mcp");
        for yes in ["http://up.example:3001/a/mcp", "http://UP.example:3001/a/mcp/"] {
            assert!(is_at(&yes.parse().unwrap(), &url), "{yes}");
        }
        for no in [
            "http://up.example/a/mcp",
            "https://up.example:3001/a/mcp",
            "http://up.example:3001/a/mcp?x",
            "http://up.example:3001/a/mcp/b",
            "http://up.example:3001/a/%6dcp",
            "http://up.example:3001/",
            "http://up.example.evil:3001/a/mcp",
        ] {
            assert!(!is_at(&no.parse().unwrap(), &url), "{no}");
        }
        assert!(is_at(&Uri::from_static("http://up.example:80/"), &Uri::from_static("http://up.example")));
    }

    #[test]
    fn what_is_shown_to_the_proxy_is_read_and_what_is_for_the_server_is_not() {
        let shown = |value: &str| {
            let headers = [(AUTHORIZATION, "Bearer theirs"), (PROXY_AUTHORIZATION, value)];
            let shown = shown(&headers.map(|(name, value)| (name, value.parse().unwrap())).into_iter().collect());
            shown.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(shown("Bearer a").as_deref(), Some("Bearer a"));
        assert_eq!(shown("basic bWU6YTpi").as_deref(), Some("Bearer a:b"), "me:a:b");
        for nothing in ["", "Basic", "Basic bWU=", "Basic ?", "Basic /w=="] {
            assert_eq!(shown(nothing), None, "{nothing}");
        }
    }
}
