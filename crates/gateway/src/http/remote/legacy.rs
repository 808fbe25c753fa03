//! The transport of 2024-11-05 (HTTP+SSE), before a URL: one stream that is the session, and messages posted beside it.
//!
//! Behind the two we are a client of the upstream as any other is, over Streamable HTTP and by way of [`Remote::take`]: its sessions and its
//! judging are those of all others. What comes of each message is put into the one stream.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::{sleep, timeout};
use uuid::Uuid;
use vanguard_engine::{Identity, Principal};
use vanguard_wire::{Limits, Packet, Tape, read};

use super::Remote;
use crate::http::caller::Caller;
use crate::http::event::{bare, endpoint};
use crate::http::headers::{self, LAST_EVENT, REVISION, SESSION, media_type};
use crate::http::heartbeat::Heartbeat;
use crate::http::legacy::{named, place};
use crate::http::letter::{Letter, Sort};
use crate::http::reply::{self, Body, Cut, Fault, SERVER_GONE};
use crate::http::taken::Taken;
use crate::http::told::Told;
use crate::http::voice::{Heard, Voice};

/// Events that wait for the client.
const ROOM: usize = 64;
/// How long to wait before a stream that has ended is opened again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often the rest of a broken answer is asked for.
const TRIES: usize = 5;

/// Those that are open, by the id that their stream has told.
#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Arc<Open>>>);

/// One session.
#[derive(Debug)]
struct Open {
    principal: Option<Arc<Principal>>,
    /// What its client began with: what we ask by ourselves goes under it.
    headers: HeaderMap,
    out: Sender<Bytes>,
    /// Its client has left it full for too long.
    over: AtomicBool,
    known: Mutex<Known>,
    /// Room for requests that wait for an answer.
    room: Arc<Semaphore>,
}

/// What the upstream has said of it.
#[derive(Debug, Default)]
struct Known {
    session: Option<HeaderValue>,
    revision: Option<HeaderValue>,
}

impl Remote {
    /// A client begins a session and listens to it.
    pub(in crate::http) fn listen(self: &Arc<Self>, caller: &Caller) -> Result<Response<Body>, Fault> {
        let (out, events) = channel(ROOM);
        let open = Arc::new(Open {
            principal: caller.principal.clone(),
            headers: headers::apart(&caller.headers),
            out,
            over: AtomicBool::new(false),
            known: Mutex::default(),
            room: Arc::new(Semaphore::new(self.limits.pending)),
        });
        // Of the system's randomness: who does not know it cannot guess it.
        let id = Uuid::new_v4().to_string();
        // There is room: nothing else has been sent.
        let _ = open.out.try_send(endpoint(&place(&id)));
        if !self.legacy.keep(&id, &open, self.limits.sessions) {
            return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "there are too many sessions"));
        }
        let told = Told::new(events, Heartbeat::new(self.limits.heartbeat));
        Ok(reply::events(Only { told, id, open, remote: Arc::clone(self) }))
    }

    /// A message of a session whose stream is open. What answers it comes by that.
    pub(in crate::http) async fn post_beside(
        self: &Arc<Self>,
        mut caller: Caller,
        query: Option<&str>,
        body: Incoming,
    ) -> Result<Response<Body>, Fault> {
        let open = named(query).and_then(|id| self.legacy.find(id, caller.identity()));
        let open = open.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "there is no such session"))?;
        open.dress(&mut caller.headers, None);
        let taken = Taken::read(&caller, body, &self.limits, &self.office.limits).await?;
        let begins = taken.letter.method() == Some("initialize");
        if taken.letter.requests().is_empty() {
            let is_ready = taken.letter.method() == Some("notifications/initialized");
            let response = self.take(caller, taken).await?;
            if is_ready && response.status().is_success() {
                tokio::spawn(Arc::clone(&open).hear(Arc::clone(self)));
            }
            return Ok(if response.status().is_success() { reply::empty(StatusCode::ACCEPTED) } else { response });
        }
        let room = Arc::clone(&open.room).try_acquire_owned();
        let room = room.map_err(|_| {
            let what = "too many requests of this session wait for an answer";
            Fault::new(StatusCode::TOO_MANY_REQUESTS, what).to(taken.letter.id())
        })?;
        let remote = Arc::clone(self);
        // Clients of this transport give the post itself no time.
        tokio::spawn(async move {
            let letter = taken.letter.clone();
            let response = remote.take(caller, taken).await;
            let response = response.unwrap_or_else(|fault| fault.to(letter.id()).respond());
            if begins && response.status().is_success() {
                open.known().session = response.headers().get(SESSION).cloned();
            }
            open.answer(&remote, &letter, response).await;
            drop(room);
        });
        Ok(reply::empty(StatusCode::ACCEPTED))
    }
}

impl Open {
    /// Has a request go on as one of the session, after an event of it where one is given.
    fn dress(&self, headers: &mut HeaderMap, after: Option<&str>) {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let known = self.known();
        let after = after.and_then(|after| HeaderValue::from_str(after).ok());
        for (name, value) in [(SESSION, known.session.clone()), (REVISION, known.revision.clone()), (LAST_EVENT, after)]
        {
            match value {
                Some(value) => headers.insert(name, value),
                None => headers.remove(name),
            };
        }
    }

    /// A request of our own.
    fn caller(&self, after: Option<&str>) -> Caller {
        let mut headers = self.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.dress(&mut headers, after);
        Caller::new(self.principal.clone(), headers)
    }

    /// Puts what answers a request into the stream, asking for the rest where it breaks off and can be had.
    async fn answer(&self, remote: &Arc<Remote>, letter: &Letter, mut response: Response<Body>) {
        for _ in 0..TRIES {
            let Relayed::Ended(after) = self.relay(remote, response, Some(letter)).await else { return };
            let Some(after) = after else { break };
            sleep(PAUSE).await;
            match remote.get(self.caller(Some(&after))).await {
                Ok(rest) => response = rest,
                Err(_) => break,
            }
        }
        let fault = Fault::new(StatusCode::BAD_GATEWAY, "the server behind gave no answer").code(SERVER_GONE);
        if letter.id().is_some() {
            self.relay(remote, fault.to(letter.id()).respond(), Some(letter)).await;
        }
    }

    /// Puts what the upstream says by itself into the stream, as long as there is somebody who reads it.
    async fn hear(self: Arc<Self>, remote: Arc<Remote>) {
        let mut after = None;
        while let Ok(response) = remote.get(self.caller(after.as_deref())).await {
            if media_type(response.headers()).as_deref() != Some("text/event-stream") {
                return;
            }
            let Relayed::Ended(last) = self.relay(&remote, response, None).await else { return };
            after = last.or(after);
            sleep(PAUSE).await;
        }
    }

    /// Puts all of a response into the stream: until its end, until `letter` is answered, or until nobody reads.
    async fn relay(&self, remote: &Remote, response: Response<Body>, letter: Option<&Letter>) -> Relayed {
        let mut voice = Voice::of(response, remote.limits.message);
        let mut last = None;
        loop {
            let heard = tokio::select! {
                heard = poll_fn(|cx| voice.poll(cx)) => heard,
                () = self.out.closed() => return Relayed::Done,
            };
            let (parcel, id) = match heard {
                None => return Relayed::Ended(last),
                Some(Heard::Message(parcel, id)) => (parcel, id),
                Some(Heard::Mark { id, .. }) => {
                    last = id.or(last);
                    continue;
                }
                Some(Heard::Beat) => continue,
            };
            last = id.or(last);
            let said = Letter::read(parcel.line(), &remote.office.limits);
            let answers = letter.is_some_and(|letter| is_answer(&said, letter));
            if answers && letter.and_then(Letter::method) == Some("initialize") {
                let revision = revision(parcel.line(), &remote.office.limits);
                self.known().revision = revision.and_then(|revision| HeaderValue::from_str(&revision).ok());
            }
            if !matches!(timeout(remote.limits.stall, self.out.send(bare(&parcel))).await, Ok(Ok(()))) {
                self.over.store(true, Ordering::Release);
                return Relayed::Done;
            }
            if answers {
                return Relayed::Done;
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a response ended.
enum Relayed {
    /// All that was wanted of it is in the stream, or nobody reads that any more.
    Done,
    /// It has ended before; the last event that it named.
    Ended(Option<String>),
}

/// Whether a message is what a request waits for.
fn is_answer(said: &Letter, letter: &Letter) -> bool {
    match (&said.sort, &letter.sort) {
        (Sort::Response(Some(answered)), Sort::Request { key, .. }) => answered == key,
        _ => false,
    }
}

/// The revision that an answer to `initialize` agrees to.
fn revision(line: &[u8], limits: &Limits) -> Option<String> {
    let mut tape = Tape::default();
    match read(line, limits, &mut tape) {
        Ok(Packet::Single(message)) => match message.body {
            vanguard_wire::Body::Response { result, .. } => Some(result.get("protocolVersion")?.string()?.into_owned()),
            _ => None,
        },
        _ => None,
    }
}

impl Sessions {
    /// Takes one in, unless there are `most`.
    fn keep(&self, id: &str, open: &Arc<Open>, most: usize) -> bool {
        let mut all = self.lock();
        let room = all.len() < most;
        if room {
            all.insert(id.to_owned(), Arc::clone(open));
        }
        room
    }

    /// The one with this id, if it is of the same person.
    fn find(&self, id: &str, who: Option<&Identity>) -> Option<Arc<Open>> {
        let identity = |open: &Open| open.principal.as_ref().map(|principal| principal.identity.clone());
        self.lock().get(id).filter(|open| identity(open).as_ref() == who).map(Arc::clone)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Open>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stream that is the session: they end together.
struct Only {
    told: Told,
    id: String,
    open: Arc<Open>,
    remote: Arc<Remote>,
}

impl HttpBody for Only {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let this = self.get_mut();
        match Pin::new(&mut this.told).poll_frame(cx) {
            Poll::Pending if this.open.over.load(Ordering::Acquire) => Poll::Ready(None),
            told => told,
        }
    }
}

impl Drop for Only {
    fn drop(&mut self) {
        self.remote.legacy.lock().remove(&self.id);
        if self.open.known().session.is_none() {
            return;
        }
        let (open, remote) = (Arc::clone(&self.open), Arc::clone(&self.remote));
        // Where the gateway itself ends there is nobody left to tell the upstream.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { drop(remote.delete(open.caller(None)).await) });
        }
    }
}
