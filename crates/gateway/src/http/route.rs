//! The way of a request: name and origin, path, key, method, upstream.

use std::sync::Arc;

use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use vanguard_engine::Entry;

use super::caller::Caller;
use super::gate::Gate;
use super::inflight::InFlight;
use super::keys::Keys;
use super::local::Local;
use super::local::legacy::MESSAGES;
use super::remote::Remote;
use super::reply::{Body, Fault, Lacking, empty, json};

/// Where the upstreams are.
const ROOT: &str = "/mcp";

/// Where clients of the transport of 2024-11-05 listen.
const LISTEN: &str = "/sse";
/// The most bytes of a request's headers.
const HEAD_BYTES: usize = 32 * 1024;

/// What stands behind a path.
#[derive(Debug)]
pub(super) enum Behind {
    Url(Arc<Remote>),
    Command(Arc<Local>),
}

/// All that a request needs.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) gate: Gate,
    pub(super) keys: Option<Keys>,
    /// By the name in the path; without one, the only one.
    pub(super) upstreams: Vec<(Option<String>, Behind)>,
    pub(super) inflight: InFlight,
}

impl Gateway {
    /// Answers a request, whatever it is.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let mut response = self.route(request).await.unwrap_or_else(Fault::respond);
        // What a key or a session lets one see is for that one.
        response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }

    /// Drops what has lain idle for too long.
    pub(super) fn sweep(&self) {
        for (_, behind) in &self.upstreams {
            match behind {
                Behind::Url(remote) => remote.sweep(),
                Behind::Command(local) => local.sweep(),
            }
        }
    }

    /// Ends every session that has a process.
    pub(super) fn end_all(&self) {
        for (_, behind) in &self.upstreams {
            if let Behind::Command(local) = behind {
                local.end_all();
            }
        }
    }

    /// Waits for their processes to end.
    pub(super) fn wait(&self) {
        for (_, behind) in &self.upstreams {
            if let Behind::Command(local) = behind {
                local.wait();
            }
        }
    }

    async fn route(&self, request: Request<Incoming>) -> Result<Response<Body>, Fault> {
        match request.uri().path() {
            "/health" => return Ok(well(&request, true)),
            "/ready" => return Ok(well(&request, !self.inflight.is_closing())),
            _ => {}
        }
        self.gate.check(request.uri(), request.headers())?;
        if request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > HEAD_BYTES {
            return Err(Fault::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long"));
        }
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        let principal = match &self.keys {
            Some(keys) => {
                Some(keys.admit(&mut headers).ok_or_else(|| Fault::new(StatusCode::UNAUTHORIZED, "a key is needed"))?)
            }
            None => None,
        };
        // Only now, so that nobody without a key learns what is here.
        let behind = self.behind(parts.uri.path(), &parts.method)?;
        let legacy = !parts.uri.path().starts_with(ROOT);
        let token = principal.as_ref().is_some_and(|principal| principal.identity.entry == Entry::Token);
        let caller = Caller { principal, headers };
        let response = self.pass(behind, legacy, caller, (parts.method, parts.uri.query()), body).await?;
        Ok(if token { step_up(response) } else { response })
    }

    /// Hands the request to what stands behind its path.
    async fn pass(
        &self,
        behind: &Behind,
        legacy: bool,
        caller: Caller,
        (method, query): (Method, Option<&str>),
        body: Incoming,
    ) -> Result<Response<Body>, Fault> {
        match (method, behind) {
            (Method::POST, behind) => {
                let entered = self
                    .inflight
                    .enter()
                    .ok_or_else(|| Fault::new(StatusCode::SERVICE_UNAVAILABLE, "the gateway is closing"))?;
                let response = match behind {
                    Behind::Url(remote) => remote.post(caller, body).await,
                    Behind::Command(local) if legacy => local.post_beside(&caller, query, body).await,
                    Behind::Command(local) => local.post(caller, body).await,
                }?;
                Ok(entered.until_sent(response))
            }
            (Method::GET, Behind::Url(remote)) => remote.get(caller).await,
            (Method::GET, Behind::Command(local)) if legacy => local.listen(&caller),
            (Method::GET, Behind::Command(local)) => local.get(&caller),
            (Method::DELETE, Behind::Url(remote)) => remote.delete(caller).await,
            (Method::DELETE, Behind::Command(local)) if !legacy => local.delete(&caller),
            _ => Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not for MCP")),
        }
    }

    fn behind(&self, path: &str, method: &Method) -> Result<&Behind, Fault> {
        let path = path.strip_suffix('/').unwrap_or(path);
        // The transport of 2024-11-05 has a path for each way, and here only before a command.
        let path = match (path, self.upstreams.first()) {
            (LISTEN, Some((None, Behind::Command(_)))) if method == Method::GET => ROOT,
            (MESSAGES, Some((None, Behind::Command(_)))) if method == Method::POST => ROOT,
            _ => path,
        };
        let name = path.strip_prefix(ROOT).and_then(|rest| match rest {
            "" => Some(None),
            rest => rest.strip_prefix('/').map(Some),
        });
        let found = name.and_then(|name| self.upstreams.iter().find(|(known, _)| known.as_deref() == name));
        found
            .map(|(_, behind)| behind)
            .ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "nothing is served at this path"))
    }
}

/// Who was refused for want of a scope may come back with a token that has it.
fn step_up(mut response: Response<Body>) -> Response<Body> {
    let Some(Lacking(scopes)) = response.extensions_mut().remove() else { return response };
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scopes}\"");
    if let Ok(challenge) = challenge.try_into() {
        *response.status_mut() = StatusCode::FORBIDDEN;
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// What a load balancer asks.
fn well(request: &Request<Incoming>, well: bool) -> Response<Body> {
    match (request.method(), well) {
        (&Method::GET | &Method::HEAD, true) => json(StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#)),
        (&Method::GET | &Method::HEAD, false) => {
            json(StatusCode::SERVICE_UNAVAILABLE, Bytes::from_static(br#"{"status":"closing"}"#))
        }
        _ => empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}
