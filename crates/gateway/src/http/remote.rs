//! An upstream at a URL: each request of the client is one of ours, judged before it is sent, and its answer judged as it comes.

mod client;
mod legacy;
mod stream;
mod talks;

use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use vanguard_engine::Identity;
use vanguard_engine::verdict::{Answer, Flow};
use vanguard_wire::Line;

use super::body::{Enough, gather};
use super::caller::Caller;
use super::config::HttpLimits;
use super::headers::{self, LAST_EVENT, SESSION, is_plain, media_type, one};
use super::hearing::{Ruling, hear, hear_from};
use super::letter::Letter;
use super::office::Office;
use super::parcel::Parcel;
use super::pass::listening;
use super::reply::{self, Body, Fault, SERVER_GONE};
use super::revision::Era;
use super::taken::Taken;
use crate::conversation::Conversation;
use crate::seat::Seat;
use client::{Answer as Answered, Client, Failed};
use stream::Judged;
use talks::{NotKept, Talks};

/// The most answers to an upstream's refused requests that are on their way to it at once.
const ANSWERS: usize = 64;
/// Whether another service is offered, on a way past us.
const ALT_SVC: HeaderName = HeaderName::from_static("alt-svc");

/// One upstream.
#[derive(Debug)]
pub(super) struct Remote {
    office: Office,
    client: Client,
    talks: Talks,
    limits: HttpLimits,
    answers: Arc<Semaphore>,
    /// Those of the transport of 2024-11-05.
    legacy: legacy::Sessions,
}

/// A conversation, and the session id that it goes by.
struct Place {
    talk: Arc<Conversation>,
    session: Option<String>,
}

impl Remote {
    pub(super) fn new(office: Office, target: Uri, limits: HttpLimits) -> Self {
        let client = Client::new(target, limits.connect, limits.answer);
        let talks = Talks::new(limits.sessions, limits.idle);
        let (answers, legacy) = (Arc::new(Semaphore::new(ANSWERS)), legacy::Sessions::default());
        Self { office, client, talks, limits, answers, legacy }
    }

    /// Who judges here.
    pub(super) fn seat(&self) -> &Seat {
        &self.office.seat
    }

    /// Sessions that are open.
    pub(super) fn sessions(&self) -> usize {
        self.talks.count()
    }

    /// Drops sessions that have lain idle for too long.
    pub(super) fn sweep(&self) {
        self.talks.sweep();
        self.client.sweep();
    }

    pub(super) fn office(&self) -> &Office {
        &self.office
    }

    /// A message of the client.
    pub(super) async fn post(self: &Arc<Self>, caller: Caller, body: Incoming) -> Result<Response<Body>, Fault> {
        let taken = Taken::read(&caller, body, &self.limits, &self.office.limits).await?;
        self.take(caller, taken).await
    }

    /// The same, of one that was read.
    pub(super) async fn take(self: &Arc<Self>, caller: Caller, taken: Taken) -> Result<Response<Body>, Fault> {
        let Taken { mut gathered, letter, era, unread } = taken;
        let place = self.place(&caller, era, letter.method() == Some("initialize"))?;
        match hear_from(&caller, &place.talk, &gathered.line(), |permit| (permit.hold(), Parcel::permitted(permit))) {
            Ruling::Passed((hold, parcel)) => {
                if !hold.is_zero() {
                    sleep(hold).await;
                }
                let response = self.exchange(&caller, place, &letter, &parcel).await;
                response.map(|response| listening(&letter, response))
            }
            Ruling::Refused(mut refusal) => {
                if let Some(answer) = refusal.onward.take() {
                    self.answer(answer, &caller.headers);
                }
                Ok(reply::refused(refusal, unread))
            }
        }
    }

    /// The client listens, or goes on listening.
    pub(super) async fn get(self: &Arc<Self>, caller: Caller) -> Result<Response<Body>, Fault> {
        let place = self.place(&caller, Era::of(caller.revision()?), false)?;
        let response = self.send(Method::GET, &caller.headers, Bytes::new()).await?;
        self.respond(&caller, place, None, response).await
    }

    /// The client ends its session.
    pub(super) async fn delete(self: &Arc<Self>, caller: Caller) -> Result<Response<Body>, Fault> {
        let place = self.place(&caller, Era::of(caller.revision()?), false)?;
        let session = place.session.clone();
        let response = self.send(Method::DELETE, &caller.headers, Bytes::new()).await?;
        if let Some(session) = session.filter(|_| response.status().is_success()) {
            self.talks.forget(&session);
        }
        self.respond(&caller, place, None, response).await
    }

    /// Answers an upstream's request that was refused, beside everything else.
    fn answer(self: &Arc<Self>, answer: Answer, headers: &HeaderMap) {
        // Beyond so many at once it floods us, and may wait for ever.
        let Ok(permit) = Arc::clone(&self.answers).try_acquire_owned() else { return };
        let (remote, headers, parcel) = (Arc::clone(self), headers.clone(), Parcel::from(answer));
        tokio::spawn(async move {
            // Its answer is to nobody.
            let _ = remote.send(Method::POST, &headers, parcel.line().clone()).await;
            drop(permit);
        });
    }

    /// Where the caller's messages belong.
    fn place(&self, caller: &Caller, era: Era, begins: bool) -> Result<Place, Fault> {
        let session = match era {
            Era::Handshake => caller.session()?,
            Era::Stateless => None,
        };
        if let Some(id) = session {
            let talk = self.talks.find(id, caller.identity());
            let talk = talk.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "there is no such session"))?;
            return Ok(Place { talk, session: Some(id.to_owned()) });
        }
        if begins && !self.talks.has_room() {
            return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "there are too many sessions"));
        }
        let talk = if begins {
            self.office.begin(caller)
        } else {
            self.talks.beside(caller.principal.as_ref(), || self.office.begin_alone(caller))
        };
        Ok(Place { talk: Arc::new(talk), session: None })
    }

    /// Sends a permitted message, and answers with what comes of it.
    async fn exchange(
        self: &Arc<Self>,
        caller: &Caller,
        place: Place,
        letter: &Letter,
        parcel: &Parcel,
    ) -> Result<Response<Body>, Fault> {
        let sent = self.send(Method::POST, &caller.headers, parcel.line().clone()).await;
        let response = sent.map_err(|fault| {
            if let Some(id) = letter.id() {
                // It is answered by the fault.
                let _ = place.talk.session.abandon_one(id, "");
            }
            fault.to(letter.id())
        })?;
        if letter.method() == Some("initialize") && response.status().is_success() {
            self.begin(&place.talk, caller.identity(), response.headers()).map_err(|f| f.to(letter.id()))?;
        }
        self.respond(caller, place, letter.id(), response).await
    }

    /// Takes in the session that the upstream has begun, if it has sessions.
    fn begin(&self, talk: &Arc<Conversation>, who: Option<&Identity>, headers: &HeaderMap) -> Result<(), Fault> {
        let Some(id) = one(headers, &SESSION).map_err(|_| behind("gave two session ids"))? else { return Ok(()) };
        self.talks.keep(id, who, talk).map_err(|why| match why {
            NotKept::Full => Fault::new(StatusCode::SERVICE_UNAVAILABLE, "there are too many sessions"),
            NotKept::BadId => behind("gave a session id that cannot be taken"),
        })
    }

    async fn send(&self, method: Method, headers: &HeaderMap, body: Bytes) -> Result<Response<Answered>, Fault> {
        let mut request = Request::new(Full::new(body));
        *request.headers_mut() = headers::onward(headers);
        *request.method_mut() = method;
        // In a few words, without naming who stands behind us.
        self.client.send(request).await.map_err(|failed| {
            let (status, why) = match failed {
                Failed::Unreachable => (StatusCode::BAD_GATEWAY, "the server behind cannot be reached"),
                Failed::BrokeOff => (StatusCode::BAD_GATEWAY, "the server behind broke off"),
                Failed::Silent => (StatusCode::GATEWAY_TIMEOUT, "the server behind does not answer"),
            };
            Fault::new(status, why).code(SERVER_GONE)
        })
    }

    /// Makes the upstream's response ours. `waiting` is the request that it should answer.
    async fn respond(
        self: &Arc<Self>,
        caller: &Caller,
        place: Place,
        waiting: Option<&str>,
        response: Response<Answered>,
    ) -> Result<Response<Body>, Fault> {
        let (parts, body) = response.into_parts();
        let mut headers = headers::onward(&parts.headers);
        headers.remove(ALT_SVC);
        let abandoned = |fault: Fault| {
            waiting.map(|id| place.talk.session.abandon_one(id, ""));
            fault.to(waiting)
        };
        if parts.status.is_redirection() || parts.status.is_informational() {
            return Err(abandoned(behind("leads elsewhere")));
        }
        if !is_plain(&parts.headers) {
            return Err(abandoned(behind("compressed its answer although it was not asked to")));
        }
        if parts.status == StatusCode::NOT_FOUND
            && let Some(session) = &place.session
        {
            self.talks.forget(session);
        }
        let kind = media_type(&parts.headers);
        if parts.status.is_success() && kind.as_deref() == Some("text/event-stream") {
            let waiting = waiting.map(str::to_owned);
            let mut asked = headers::apart(&caller.headers);
            asked.remove(LAST_EVENT);
            asked.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let stream = Judged::new(self, place.talk, asked, waiting, body);
            headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache, no-transform"));
            headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
            return Ok(made(parts.status, headers, stream.boxed_unsync()));
        }
        let gathered = timeout(self.limits.answer, gather(body, self.limits.message, Enough::End)).await;
        let gathered = gathered.map_err(|_| {
            let silent = Fault::new(StatusCode::GATEWAY_TIMEOUT, "the server behind does not end its answer");
            abandoned(silent.code(SERVER_GONE))
        })?;
        let mut gathered = gathered.map_err(|_| abandoned(behind("broke off")))?;
        let line = gathered.line();
        if line == Line::Message(b"") {
            let unanswered = waiting.and_then(|id| place.talk.session.abandon_one(id, "the MCP server gave no answer"));
            return Ok(match unanswered {
                Some(answer) if parts.status.is_success() => reply::message(StatusCode::BAD_GATEWAY, &answer.into()),
                _ => made(parts.status, headers, reply::empty(parts.status).into_body()),
            });
        }
        let parcel = match hear(&place.talk, Flow::ToClient, &line, Parcel::permitted) {
            Ruling::Passed(parcel) => Some(parcel),
            Ruling::Refused(refusal) => {
                if let Some(back) = refusal.back {
                    self.answer(back, &caller.headers);
                }
                refusal.onward.map(Parcel::from)
            }
        };
        // Whatever it was: this request gets no other answer.
        let unanswered = waiting.and_then(|id| place.talk.session.abandon_one(id, "the MCP server gave no answer"));
        let Some(parcel) = parcel.or(unanswered.map(Parcel::from)) else {
            // Text that is no message reaches nobody: status and headers say what a client must know.
            let status = if parts.status.is_success() { StatusCode::BAD_GATEWAY } else { parts.status };
            let fault = Fault::new(status, "the MCP server's answer was no message and is withheld").respond();
            return Ok(made(status, headers, fault.into_body()));
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(made(parts.status, headers, reply::whole(parcel.line().clone())))
    }
}

/// Something is wrong with the upstream's answer.
fn behind(what: &str) -> Fault {
    Fault::new(StatusCode::BAD_GATEWAY, format!("the server behind {what}"))
}

fn made(status: StatusCode, headers: HeaderMap, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
