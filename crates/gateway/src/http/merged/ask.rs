//! Asking one server, as its client: by the endpoint that it has here, so that every message is judged as that server's.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use hyper::body::Bytes;
use hyper::{HeaderMap, Response, StatusCode};
use tokio::sync::mpsc::Sender;
use tokio::time::{timeout, timeout_at};
use vanguard_wire::{Gather, Id};

use super::greeting::Greeting;
use super::session::{Begun, Open, Seat};
use super::translate::{homeward, ours};
use super::visit::Visit;
use super::{Merged, Server};
use crate::http::caller::Caller;
use crate::http::event::bare;
use crate::http::headers::{SESSION, one};
use crate::http::letter::{Letter, Sort};
use crate::http::parcel::Parcel;
use crate::http::reply::{Body, Fault};
use crate::http::revision::{Era, HANDSHAKE};
use crate::http::taken::Taken;
use crate::http::voice::{Heard, Voice};
use crate::report::Event;

/// How long a server may take to begin a session: a command may have to be fetched first.
const BEGIN: Duration = Duration::from_secs(30);
/// How long a server may take for what needs no answer.
const TELL: Duration = Duration::from_secs(10);
/// For how long one that could not begin is not asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// Where what a server says beside its answer goes, if to anybody.
pub(super) type Aside<'a> = Option<&'a Sender<Bytes>>;

impl Merged {
    /// Sends a message to a server.
    pub(super) async fn post_to(&self, at: usize, caller: Caller, line: &[u8]) -> Result<Response<Body>, Fault> {
        let mut gathered = Gather::new(self.limits.message);
        gathered.take(line);
        let letter = Letter::read(line, &self.office.limits);
        let era = Era::of(caller.revision()?);
        let taken = Taken { gathered, letter, era, unread: None };
        match &self.members[at].server {
            Server::Url(remote) => remote.take(caller, taken).await,
            Server::Command(local) => local.take(caller, taken).await,
        }
    }

    /// An id for a request of our own.
    pub(super) fn number(&self) -> String {
        format!("vanguard:{}", self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a request under an id of ours and waits for its answer. What else is said meanwhile goes aside.
    pub(super) async fn ask(
        &self,
        at: usize,
        caller: Caller,
        (line, id): (&[u8], &str),
        aside: Aside<'_>,
    ) -> Result<Parcel, Fault> {
        let response = self.post_to(at, caller, line).await?;
        self.answer(at, response, id, aside).await
    }

    async fn answer(&self, at: usize, response: Response<Body>, id: &str, aside: Aside<'_>) -> Result<Parcel, Fault> {
        let (status, server) = (response.status(), &self.members[at].name);
        let mut voice = Voice::of(response, self.limits.message);
        let id = super::names::text(id);
        let key = Id::read(&id).map(Id::key);
        while let Some(heard) = poll_fn(|cx| voice.poll(cx)).await {
            let Heard::Message(parcel, _) = heard else { continue };
            match Letter::read(parcel.line(), &self.office.limits).sort {
                Sort::Response(answered) if answered == key => return Ok(parcel),
                _ => {
                    if let Some(aside) = aside {
                        let parcel = parcel.under(|line| homeward(line, server, &self.office.limits));
                        // A client that is gone misses it.
                        let _ = aside.send(bare(&parcel)).await;
                    }
                }
            }
        }
        let status = if status.is_success() { StatusCode::BAD_GATEWAY } else { status };
        Err(Fault::new(status, "it gave no answer"))
    }

    /// The session with a server, begun if there is none; an error says why there is none.
    pub(super) async fn seat(
        &self,
        open: &Open,
        visit: &Visit,
        at: usize,
        aside: Aside<'_>,
    ) -> Result<Arc<Begun>, String> {
        let mut seat = open.seats[at].lock().await;
        match &*seat {
            Seat::Taken(begun) => return Ok(Arc::clone(begun)),
            Seat::Empty(Some(tried)) if tried.elapsed() < AGAIN => return Err("it could not be begun with".to_owned()),
            Seat::Empty(_) => {}
        }
        let begun = self.begin_with(open, visit, at, aside).await;
        *seat = match &begun {
            Ok(begun) => Seat::Taken(Arc::clone(begun)),
            Err(_) => Seat::Empty(Some(Instant::now())),
        };
        drop(seat);
        self.note(at, begun.as_ref().err().map(String::as_str));
        if let Ok(begun) = &begun {
            open.tell_seated();
            // Else the client will tell it.
            if open.is_ready() {
                self.tell(visit, at, begun, br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
            }
        }
        begun
    }

    async fn begin_with(&self, open: &Open, visit: &Visit, at: usize, aside: Aside<'_>) -> Result<Arc<Begun>, String> {
        let deadline = tokio::time::Instant::now() + BEGIN;
        let visit = &visit.clone().remembered(open.memory.clone());
        let id = self.number();
        let line = ours(&open.initialize, &self.office.limits, &id, None).ok_or("it cannot be greeted")?;
        let late = || format!("it does not answer within {} seconds", BEGIN.as_secs());
        let posted = timeout_at(deadline, self.post_to(at, visit.within(None, "", None), &line)).await;
        let response = posted.map_err(|_| late())?.map_err(|fault| fault.message().to_owned())?;
        let session = named_session(response.headers());
        let answered = timeout_at(deadline, self.answer(at, response, &id, aside)).await;
        let greeting = match answered {
            Ok(Ok(parcel)) => Greeting::read(parcel.line(), &self.office.limits),
            Ok(Err(fault)) => Err(fault.message().to_owned()),
            Err(_) => Err(late()),
        };
        let greeting = greeting.and_then(|greeting| {
            let known = HANDSHAKE.contains(&&*greeting.revision);
            if known {
                Ok(greeting)
            } else {
                Err("it speaks no revision of the protocol that is known here".to_owned())
            }
        });
        let begun = Arc::new(Begun { session, greeting: greeting.clone().unwrap_or_default() });
        if let Err(why) = greeting {
            self.leave(visit, at, &begun).await;
            return Err(why);
        }
        Ok(begun)
    }

    /// Sends what needs no answer.
    pub(super) async fn tell(&self, visit: &Visit, at: usize, begun: &Begun, line: &[u8]) {
        let caller = visit.within(begun.session.as_deref(), &begun.greeting.revision, None);
        // What is wrong with the server shows when it is asked.
        let _ = timeout(TELL, self.post_to(at, caller, line)).await;
    }

    /// Ends the session with a server.
    pub(super) async fn leave(&self, visit: &Visit, at: usize, begun: &Begun) {
        if begun.session.is_none() {
            return;
        }
        let caller = visit.within(begun.session.as_deref(), &begun.greeting.revision, None);
        // Whether it ends in time is the server's matter.
        match &self.members[at].server {
            Server::Url(remote) => drop(timeout(TELL, remote.delete(caller)).await),
            Server::Command(local) => drop(local.delete(&caller)),
        }
    }

    /// Says once that a server is left out, until it is well again.
    pub(super) fn note(&self, at: usize, why: Option<&str>) {
        let member = &self.members[at];
        let was = member.left_out.swap(why.is_some(), Ordering::Relaxed);
        if let Some(why) = why.filter(|_| !was) {
            self.office.reports.tell(Event::LeftOut { server: member.name.clone(), why: why.to_owned() });
        }
    }
}

fn named_session(headers: &HeaderMap) -> Option<String> {
    one(headers, &SESSION).ok().flatten().map(str::to_owned)
}
