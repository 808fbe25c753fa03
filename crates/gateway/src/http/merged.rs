//! All servers as one: what the endpoint `/mcp` is before several of them.
//!
//! It is a client of the endpoints that each server has here ([`ask`]), so sessions, transports and judging are theirs, and nothing reaches a
//! server but as at its own path. What it adds: names that say whose something is ([`names`], [`translate`]), lists and greetings put
//! together ([`lists`], [`greeting`]), several streams in one ([`chorus`]). What it keeps is which sessions belong together ([`session`]).

mod alone;
mod ask;
mod chorus;
mod greeting;
mod listening;
mod lists;
mod names;
mod owners;
mod session;
mod translate;
mod visit;
mod within;

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use vanguard_engine::Identity;
use vanguard_engine::session::Common;
use vanguard_engine::verdict::{Answer, Flow};
use vanguard_wire::{Line, reply as message};

use super::caller::Caller;
use super::config::HttpLimits;
use super::headers::{LAST_EVENT, SESSION, media_type, one};
use super::hearing::{Ruling, hear};
use super::letter::Sort;
use super::local::Local;
use super::office::Office;
use super::parcel::Parcel;
use super::remote::Remote;
use super::reply::{self, Body, Fault, INVALID_PARAMS, Lacking, METHOD_NOT_FOUND};
use super::revision::Era;
use super::taken::Taken;
use super::voice::{Heard, Voice};
use chorus::Chorus;
use listening::Listening;
use owners::Owners;
use session::{Begun, Open, Sessions, lock};
use visit::Visit;

/// The endpoint of all servers.
#[derive(Debug)]
pub(super) struct Merged {
    members: Vec<Member>,
    sessions: Sessions,
    /// Clients without sessions.
    alone: Mutex<HashMap<Option<Identity>, Known>>,
    limits: HttpLimits,
    /// For what reaches no server: a message that cannot be read is nobody's.
    office: Office,
    numbers: AtomicU64,
}

/// What is known of a client without a session.
#[derive(Debug)]
struct Known {
    owners: Arc<Mutex<Owners>>,
    /// Who remembers what it does, with whichever server.
    memory: Common,
    /// When it last asked.
    used: Instant,
}

/// One of the servers.
#[derive(Debug)]
struct Member {
    name: String,
    server: Server,
    /// It was said that it is left out.
    left_out: AtomicBool,
}

/// A server's own endpoint.
#[derive(Debug)]
pub(super) enum Server {
    Url(Arc<Remote>),
    Command(Arc<Local>),
}

impl Server {
    fn office(&self) -> &Office {
        match self {
            Self::Url(remote) => remote.office(),
            Self::Command(local) => local.office(),
        }
    }
}

impl Merged {
    /// `office` is the endpoint's own.
    pub(super) fn new(servers: Vec<(String, Server)>, limits: HttpLimits, office: Office) -> Self {
        let member = |(name, server)| Member { name, server, left_out: AtomicBool::new(false) };
        Self {
            members: servers.into_iter().map(member).collect(),
            sessions: Sessions::default(),
            alone: Mutex::default(),
            limits,
            office,
            numbers: AtomicU64::new(1),
        }
    }

    pub(super) fn office(&self) -> &Office {
        &self.office
    }

    /// Forgets what has lain idle for too long.
    pub(super) fn sweep(&self) {
        self.sessions.sweep(self.limits.idle);
        lock(&self.alone).retain(|_, known| known.used.elapsed() < self.limits.idle);
    }

    /// A memory for a session with all servers.
    fn memory(&self) -> Common {
        self.office.model.common()
    }

    /// A message of the client.
    pub(super) async fn post(self: &Arc<Self>, caller: Caller, body: Incoming) -> Result<Response<Body>, Fault> {
        let mut taken = Taken::read(&caller, body, &self.limits, &self.office.limits).await?;
        if let Some(status) = taken.unread {
            let talk = self.office.begin(&caller);
            return match hear(&talk, Flow::ToServer, &taken.gathered.line(), |_| ()) {
                Ruling::Refused(refusal) => Ok(reply::refused(refusal, Some(status))),
                // What cannot be read goes nowhere, whoever lets it pass.
                Ruling::Passed(()) => Err(Fault::new(status, "this is no JSON-RPC message")),
            };
        }
        let visit = Visit::of(&caller);
        if taken.era == Era::Stateless || taken.letter.revision.is_some() {
            return self.post_alone(visit, taken).await;
        }
        let session = caller.session()?;
        let Line::Message(line) = taken.gathered.line() else { return Err(nowhere(None)) };
        let letter = &taken.letter;
        match (&letter.sort, session) {
            (Sort::Batch { .. }, _) => Err(Fault::new(StatusCode::BAD_REQUEST, "no batches are taken here")),
            (Sort::Request { method, id, .. }, None) if method == "initialize" => self.begin(visit, line, id),
            (_, None) => Err(Fault::new(StatusCode::BAD_REQUEST, "an Mcp-Session-Id is needed; initialize gives one")
                .to(letter.id())),
            (sort, Some(session)) => {
                let open = self.find(session, &caller).map_err(|fault| fault.to(letter.id()))?;
                if let Sort::Request { key, id, method } = sort {
                    return self.request(open, visit, line, (key, id, method)).await;
                }
                self.relay(&open, &visit, line, letter.method()).await;
                Ok(reply::empty(StatusCode::ACCEPTED))
            }
        }
    }

    /// The client listens, or goes on listening.
    pub(super) async fn get(self: &Arc<Self>, caller: Caller) -> Result<Response<Body>, Fault> {
        let (open, visit) = (self.known(&caller)?, Visit::of(&caller));
        let after = one(&caller.headers, &LAST_EVENT)
            .map_err(|_| Fault::new(StatusCode::BAD_REQUEST, "there must be one Last-Event-ID"))?;
        let id = open.id.clone();
        let resumed = match after {
            None => None,
            Some(after) => {
                let lost = || Fault::new(StatusCode::BAD_REQUEST, "what came after this event is not kept");
                let (stays, server, after) = chorus::place(after).ok_or_else(lost)?;
                let at = self.at(server).ok_or_else(lost)?;
                let begun = open.begun(at).ok_or_else(lost)?;
                let response = self.listen_to(&visit, at, &begun, Some(after)).await?;
                if !stays {
                    return Ok(self.heard(at, response, Some(open)).await);
                }
                Some((at, response, begun))
            }
        };
        let listening = Listening::new(open, visit);
        Ok(in_session(reply::events(Chorus::staying(self, listening, resumed)), &id))
    }

    /// The client ends its session.
    pub(super) fn delete(self: &Arc<Self>, caller: &Caller) -> Result<Response<Body>, Fault> {
        let (open, visit) = (self.known(caller)?, Visit::of(caller));
        self.sessions.end(&open.id);
        for at in 0..self.members.len() {
            if let Some(begun) = open.begun(at) {
                let (merged, visit) = (Arc::clone(self), visit.clone());
                // Nobody waits for a server that is slow to say goodbye.
                tokio::spawn(async move { merged.leave(&visit, at, &begun).await });
            }
        }
        Ok(reply::empty(StatusCode::OK))
    }

    async fn listen_to(
        &self,
        visit: &Visit,
        at: usize,
        begun: &Begun,
        after: Option<&str>,
    ) -> Result<Response<Body>, Fault> {
        let caller = visit.within(begun.session.as_deref(), &begun.greeting.revision, after);
        match &self.members[at].server {
            Server::Url(remote) => remote.get(caller).await,
            Server::Command(local) => local.get(&caller),
        }
    }

    /// A server's answer as the client gets it.
    async fn heard(self: &Arc<Self>, at: usize, response: Response<Body>, open: Option<Arc<Open>>) -> Response<Body> {
        let (status, session) = (response.status(), open.as_ref().map(|open| open.id.clone()));
        let mut answer = if is_stream(response.headers()) {
            reply::events(Chorus::of(self, at, Voice::of(response, self.limits.message), open))
        } else {
            let lacking = response.extensions().get::<Lacking>().cloned();
            let mut voice = Voice::of(response, self.limits.message);
            let mut answer = match poll_fn(|cx| voice.poll(cx)).await {
                Some(Heard::Message(parcel, _)) => {
                    let server = &self.members[at].name;
                    reply::message(status, &parcel.under(|line| translate::homeward(line, server, &self.office.limits)))
                }
                _ => reply::empty(status),
            };
            lacking.map(|lacking| answer.extensions_mut().insert(lacking));
            answer
        };
        if let Some(session) = session {
            answer = in_session(answer, &session);
        }
        answer
    }

    fn at(&self, server: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == server)
    }

    fn known(&self, caller: &Caller) -> Result<Arc<Open>, Fault> {
        if Era::of(caller.revision()?) == Era::Stateless {
            return Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this revision has only POST"));
        }
        let id = caller.session()?.ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST, "an Mcp-Session-Id is needed"))?;
        self.find(id, caller)
    }

    fn find(&self, id: &str, caller: &Caller) -> Result<Arc<Open>, Fault> {
        let open = self.sessions.find(id, caller.identity());
        open.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "there is no such session"))
    }
}

fn is_stream(headers: &HeaderMap) -> bool {
    media_type(headers).as_deref() == Some("text/event-stream")
}

fn in_session(mut response: Response<Body>, id: &str) -> Response<Body> {
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(SESSION, id);
    }
    response
}

/// An answer of our own. `id` is written as the request wrote it, `result` is JSON.
fn result(id: &str, result: &str) -> Parcel {
    let mut line = br#"{"jsonrpc":"2.0","id":"#.to_vec();
    line.extend_from_slice(&vanguard_wire::canonical(id.as_bytes()));
    line.extend_from_slice(b",\"result\":");
    line.extend_from_slice(result.as_bytes());
    line.push(b'}');
    Parcel::from(Answer { flow: Flow::ToClient, line })
}

fn error(id: &str, code: i64, what: &str) -> Parcel {
    Parcel::from(Answer { flow: Flow::ToClient, line: message::error(Some(id), code, what, None) })
}

/// What is said of a request that no server is for.
fn unknown(id: &str, method: &str) -> Parcel {
    match method {
        "tools/call" | "prompts/get" | "completion/complete" => {
            error(id, INVALID_PARAMS, "there is nothing of this name; names are SERVER__NAME")
        }
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => {
            error(id, INVALID_PARAMS, "no server has this resource")
        }
        _ => error(id, METHOD_NOT_FOUND, "Method not found"),
    }
}

/// What is said of a request for a further page of a list: ours have one.
fn no_page(id: &str) -> Parcel {
    error(id, INVALID_PARAMS, "there is no such cursor")
}

fn nowhere(id: Option<&str>) -> Fault {
    Fault::new(StatusCode::BAD_REQUEST, "this is no message").to(id)
}
