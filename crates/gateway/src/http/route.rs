//! The way of a request: name and origin, path, key, method, upstream.

use std::sync::Arc;
use std::time::Instant;

use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONNECTION, HOST, HeaderValue, WWW_AUTHENTICATE};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use vanguard_engine::Entry;

use super::access::{AccessLog, Visitor};
use super::caller::Caller;
use super::door::Outside;
use super::elsewhere::Elsewhere;
use super::forward::{self, Forward};
use super::headers::media_type;
use super::inflight::{InFlight, until_sent};
use super::legacy::{LISTEN, MESSAGES};
use super::local::Local;
use super::measure::Measure;
use super::merged::{Merged, Server};
use super::metadata;
use super::pass::{Listens, Pass, while_it_holds};
use super::peer::Peer;
use super::remote::Remote;
use super::reply::{Body, Fault, Lacking, empty, json};
use super::terms::{InForce, Standing, Terms};
use crate::seat::Seat;
use crate::tally::Tally;

/// Where the upstreams are.
const ROOT: &str = "/mcp";

/// The most bytes of a request's headers.
const HEAD_BYTES: usize = 32 * 1024;

/// What stands behind a path.
#[derive(Debug)]
pub(super) enum Behind {
    Url(Arc<Remote>, Box<Elsewhere>),
    Command(Arc<Local>),
    /// All of the others.
    Merged(Arc<Merged>),
}

impl Behind {
    /// Who judges there.
    fn seat(&self) -> &Seat {
        match self {
            Self::Url(remote, _) => remote.seat(),
            Self::Command(local) => local.seat(),
            Self::Merged(merged) => &merged.office().seat,
        }
    }

    /// Its own address, where it has one.
    pub(super) fn url(&self) -> Option<&Uri> {
        match self {
            Self::Url(_, elsewhere) => Some(elsewhere.target()),
            Self::Command(_) | Self::Merged(_) => None,
        }
    }

    /// The one server that it is.
    pub(super) fn server(&self) -> Option<Server> {
        match self {
            Self::Url(remote, _) => Some(Server::Url(Arc::clone(remote))),
            Self::Command(local) => Some(Server::Command(Arc::clone(local))),
            Self::Merged(_) => None,
        }
    }
}

/// All that a request needs.
#[derive(Debug)]
pub(super) struct Gateway {
    pub(super) standing: Arc<Standing>,
    pub(super) measure: Measure,
    /// By the name in the path; without one, the only one.
    pub(super) upstreams: Vec<(Option<String>, Behind)>,
    /// What we pass on as an HTTP proxy, if anything.
    pub(super) forward: Option<Forward>,
    pub(super) inflight: InFlight,
    /// Where somebody may ask for figures.
    pub(super) tally: Option<Arc<Tally>>,
    pub(super) access: Option<AccessLog>,
}

impl Gateway {
    /// Answers a request, whatever it is. `peer` is the other end of its connection.
    pub(super) async fn answer(&self, request: Request<Incoming>, peer: &Peer) -> Response<Body> {
        let (begun, method) = (Instant::now(), request.method().clone());
        let path = self.access.as_ref().map(|_| request.uri().path().to_owned());
        let mut visitor = Visitor { address: peer.address, who: None };
        let mut response = self.route(request, peer, &mut visitor).await.unwrap_or_else(Fault::respond);
        if let (Some(access), Some(path)) = (&self.access, &path) {
            access.note(&visitor, method.as_str(), path, response.status().as_u16(), begun.elapsed());
        }
        if let Some(tally) = &self.tally {
            tally.answered(method.as_str(), response.status().as_u16(), begun.elapsed());
            if media_type(response.headers()).as_deref() == Some("text/event-stream") {
                response = until_sent(tally.stream(), response);
            }
        }
        // What a key or a session lets one see is for that one.
        response.headers_mut().entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        response
    }

    /// All figures, as text.
    pub(super) fn figures(&self) -> String {
        let (mut urls, mut commands) = (0, 0);
        for (_, behind) in &self.upstreams {
            match behind {
                Behind::Url(remote, _) => urls += remote.sessions(),
                Behind::Command(local) => commands += local.sessions(),
                // Its sessions are theirs.
                Behind::Merged(_) => {}
            }
        }
        let asked = self.upstreams.first().and_then(|(_, behind)| {
            let engine = behind.seat().engine();
            engine.counsel().map(|(counsel, _)| counsel.figures())
        });
        self.tally
            .as_ref()
            .map_or_else(String::new, |tally| tally.text([("url", urls), ("command", commands)], asked.as_ref()))
    }

    /// Has `terms` in force from here on, or leaves all as it is.
    pub(super) fn renew(&self, terms: Terms) -> Result<(), &'static str> {
        let (engine, access) = self.standing.replace(terms)?;
        for (_, behind) in &self.upstreams {
            behind.seat().take(&engine);
        }
        if let (Some(log), Some(file)) = (&self.access, access) {
            log.go_on_in(file);
        }
        Ok(())
    }

    /// Drops what has lain idle for too long.
    pub(super) fn sweep(&self) {
        self.measure.sweep();
        for (_, behind) in &self.upstreams {
            match behind {
                Behind::Url(remote, _) => remote.sweep(),
                Behind::Command(local) => local.sweep(),
                Behind::Merged(merged) => merged.sweep(),
            }
        }
    }

    /// Answers requests to which a process has said nothing for too long.
    pub(super) fn give_up(&self) {
        for (_, behind) in &self.upstreams {
            if let Behind::Command(local) = behind {
                local.give_up();
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

    async fn route(
        &self,
        request: Request<Incoming>,
        peer: &Peer,
        visitor: &mut Visitor,
    ) -> Result<Response<Body>, Fault> {
        let forward = self.forward.as_ref().filter(|_| request.uri().scheme().is_some());
        match request.uri().path() {
            "/health" if forward.is_none() => return Ok(well(&request, true)),
            "/ready" if forward.is_none() => return Ok(well(&request, !self.inflight.is_closing())),
            _ => {}
        }
        let terms = &*self.standing.now();
        if peer.authorities != terms.authorities() {
            // The certificate was asked for by other terms, or not at all.
            let again = Fault::new(StatusCode::MISDIRECTED_REQUEST, "ask again on a new connection");
            let mut response = again.respond();
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            return Ok(response);
        }
        if request.method() == Method::CONNECT {
            return Err(forward::no_tunnel());
        }
        terms.gate.check(request.uri(), request.headers(), forward.is_some())?;
        visitor.address = terms.addresses.admit(visitor.address, request.headers())?;
        self.measure.step(visitor.address)?;
        if request.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum::<usize>() > HEAD_BYTES {
            return Err(Fault::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long"));
        }
        if let Some(forward) = forward {
            return Box::pin(self.forwarded(forward, terms, request, peer, visitor)).await;
        }
        let (parts, body) = request.into_parts();
        let (mut headers, path) = (parts.headers, parts.uri.path());
        if let Some(about) = metadata::asked(path) {
            return Box::pin(self.about(terms, &parts.method, &headers, about)).await;
        }
        let legacy = !path.starts_with(ROOT);
        // What a client comes with must be for the path; of the older transport there is only one.
        let resource = if legacy { ROOT } else { path.strip_suffix('/').unwrap_or(path) };
        let principal = terms.door.admit(&mut headers, peer.certified.as_ref()).await;
        let (principal, pass) = principal.map_err(|outside| outside_of(terms, outside, &headers, resource))?;
        visitor.who = principal.as_ref().map(|principal| principal.identity.clone());
        // Only now, so that nobody without a key learns what is here.
        let behind = self.behind(path, &parts.method)?;
        let token = principal.as_ref().is_some_and(|principal| principal.identity.entry == Entry::Token);
        let host = headers.get(HOST).cloned();
        let caller = Caller::new(principal, headers);
        let response =
            self.entered(behind, legacy, (caller, pass, peer), (parts.method, parts.uri.query()), body).await?;
        Ok(match behind {
            _ if token => step_up(terms, response, host, resource),
            Behind::Url(_, elsewhere) if terms.door.is_open() => lead_here(terms, response, host, resource, elsewhere),
            _ => response,
        })
    }

    /// Passes on what a caller asks who has entered, as long as may be: by pace, and by what opened.
    pub(super) async fn entered(
        &self,
        behind: &Behind,
        legacy: bool,
        (caller, pass, peer): (Caller, Option<Pass>, &Peer),
        (method, query): (Method, Option<&str>),
        body: Incoming,
    ) -> Result<Response<Body>, Fault> {
        let share = caller.identity().map(|who| self.measure.principal(who)).transpose()?;
        let listens = method == Method::GET;
        let mut response = self.pass(behind, legacy, caller, (method, query), body).await?;
        let listens = response.extensions_mut().remove::<Listens>().is_some() || listens;
        if listens && (pass.is_some() || peer.authorities.is_some()) {
            response = while_it_holds(&self.standing, (pass, peer.authorities), response);
        }
        Ok(match share {
            Some(share) => until_sent(share, response),
            None => response,
        })
    }

    /// What a client must know to come with a token. Where something is asked for, it is the same for every path that could be one of
    /// ours, so that nobody learns which are.
    async fn about(
        &self,
        terms: &InForce,
        method: &Method,
        headers: &HeaderMap,
        about: &str,
    ) -> Result<Response<Body>, Fault> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this is only to be read"));
        }
        let path = match terms.guide.inside(about) {
            "" | "/" => Some(ROOT),
            path => path.strip_prefix(ROOT).filter(|rest| rest.is_empty() || rest.starts_with('/')).map(|_| path),
        };
        let nothing = || Fault::new(StatusCode::NOT_FOUND, "nothing is said of this path");
        let path = path.ok_or_else(nothing)?;
        match self.behind(path, &Method::POST) {
            // Where we ask for nothing, it may.
            Ok(Behind::Url(_, elsewhere)) if terms.door.is_open() => {
                let resource = terms.guide.address(headers, path).ok_or_else(nothing)?;
                elsewhere.document(&resource).await.ok_or_else(nothing)
            }
            _ => terms.guide.document(headers, path).ok_or_else(nothing),
        }
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
                // What takes most room is apart: all of it is moved several times on the way of every request.
                let response = match behind {
                    Behind::Url(remote, _) if legacy => Box::pin(remote.post_beside(caller, query, body)).await,
                    Behind::Url(remote, _) => remote.post(caller, body).await,
                    Behind::Command(local) if legacy => local.post_beside(&caller, query, body).await,
                    Behind::Command(local) => Box::pin(local.post(caller, body)).await,
                    Behind::Merged(merged) => Box::pin(merged.post(caller, body)).await,
                }?;
                Ok(entered.until_sent(response))
            }
            (Method::GET, Behind::Url(remote, _)) if legacy => remote.listen(&caller),
            (Method::GET, Behind::Url(remote, _)) => remote.get(caller).await,
            (Method::GET, Behind::Command(local)) if legacy => local.listen(&caller),
            (Method::GET, Behind::Command(local)) => local.get(&caller),
            (Method::GET, Behind::Merged(merged)) => Box::pin(merged.get(caller)).await,
            (Method::DELETE, Behind::Merged(merged)) => merged.delete(&caller),
            (Method::DELETE, Behind::Url(remote, _)) if !legacy => remote.delete(caller).await,
            (Method::DELETE, Behind::Command(local)) if !legacy => local.delete(&caller),
            _ => Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not for MCP")),
        }
    }

    fn behind(&self, path: &str, method: &Method) -> Result<&Behind, Fault> {
        let path = path.strip_suffix('/').unwrap_or(path);
        // The transport of 2024-11-05 has a path for each way, and here only before a server that is the only one.
        let path = match (path, self.upstreams.first()) {
            (LISTEN, Some((None, _))) if method == Method::GET => ROOT,
            (MESSAGES, Some((None, _))) if method == Method::POST => ROOT,
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

/// What somebody is told who does not enter.
fn outside_of(terms: &InForce, outside: Outside, headers: &HeaderMap, path: &str) -> Fault {
    let (message, parameters) = match outside {
        Outside::Unchecked => return Fault::new(StatusCode::SERVICE_UNAVAILABLE, "tokens cannot be checked now"),
        Outside::Unknown if terms.door.tokens.is_some() => ("a token is needed".to_owned(), None),
        Outside::Unknown => ("a key is needed".to_owned(), None),
        Outside::Refused(why) => {
            let parameters = [("error", "invalid_token"), ("error_description", why)];
            (format!("the token does not open: {why}"), Some(parameters))
        }
    };
    let challenge = terms.guide.challenge(headers, path, parameters.as_ref().map_or(&[], |all| &all[..]));
    Fault::new(StatusCode::UNAUTHORIZED, message).challenge(challenge)
}

/// Who was refused for want of a scope may come back with a token that has it.
fn step_up(terms: &InForce, mut response: Response<Body>, host: Option<HeaderValue>, path: &str) -> Response<Body> {
    let Some(Lacking(scopes)) = response.extensions_mut().remove() else { return response };
    let headers = host.map(|host| (HOST, host)).into_iter().collect();
    let parameters = [("error", "insufficient_scope"), ("scope", &scopes)];
    if let Ok(challenge) = terms.guide.challenge(&headers, path, &parameters).try_into() {
        *response.status_mut() = StatusCode::FORBIDDEN;
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Whom the upstream sends for a token finds what it says of itself here.
fn lead_here(
    terms: &InForce,
    mut response: Response<Body>,
    host: Option<HeaderValue>,
    path: &str,
    elsewhere: &Elsewhere,
) -> Response<Body> {
    if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        let headers = host.map(|host| (HOST, host)).into_iter().collect();
        if let Some(document) = terms.guide.document_address(&headers, path) {
            elsewhere.lead_here(response.headers_mut(), &document);
        }
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
