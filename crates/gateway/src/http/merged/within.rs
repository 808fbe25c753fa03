//! Requests in a session with all servers, and what else a client says in one.

use std::sync::Arc;
use std::time::Duration;

use hyper::{Response, StatusCode};
use tokio::sync::mpsc::channel;
use tokio::task::JoinSet;
use tokio::time::timeout_at;
use uuid::Uuid;
use vanguard_wire::IdKey;

use super::lists::{List, Place};
use super::session::{Begun, Open, lock};
use super::translate::{self, Goes, onward};
use super::visit::Visit;
use super::{Merged, error, greeting, in_session, no_page, result, unknown};
use crate::http::event::bare;
use crate::http::heartbeat::Heartbeat;
use crate::http::letter::Letter;
use crate::http::reply::{self, Body, Fault, Lacking, SERVER_GONE};
use crate::http::told::Told;

/// How long the client's greeting waits for all servers, where some have answered.
const GREET: Duration = Duration::from_secs(10);
/// How long telling all servers something may hold up their client.
const TOLD: Duration = Duration::from_secs(2);
/// Events that wait for a client while servers are asked.
const WAITING: usize = 64;

impl Merged {
    /// Greets all servers for the client. The answer comes by a stream, since they may ask or say something before.
    pub(super) fn begin(self: &Arc<Self>, visit: Visit, line: &[u8], id: &str) -> Result<Response<Body>, Fault> {
        let session = Uuid::new_v4().to_string();
        let (who, servers) = (visit.identity().cloned(), self.members.len());
        let open = Arc::new(Open::new(session.clone(), who, line.to_vec(), servers, self.memory()));
        if !self.sessions.keep(&open, self.limits.sessions) {
            return Err(Fault::new(StatusCode::SERVICE_UNAVAILABLE, "there are too many sessions").to(Some(id)));
        }
        let (aside, told) = channel(WAITING);
        let (merged, id) = (Arc::clone(self), id.to_owned());
        tokio::spawn(async move {
            let mut greeted = JoinSet::new();
            for at in 0..merged.members.len() {
                let (merged, open, visit, aside) =
                    (Arc::clone(&merged), Arc::clone(&open), visit.clone(), aside.clone());
                greeted.spawn(async move { (at, merged.seat(&open, &visit, at, Some(&aside)).await) });
            }
            let mut begun: Vec<(usize, Arc<Begun>)> = Vec::new();
            let deadline = tokio::time::Instant::now() + GREET;
            loop {
                // Who is late is waited for only if nobody else is there.
                let seat = if begun.is_empty() {
                    greeted.join_next().await
                } else {
                    timeout_at(deadline, greeted.join_next()).await.unwrap_or(None)
                };
                let Some(Ok((at, seat))) = seat else { break };
                begun.extend(seat.ok().map(|seat| (at, seat)));
            }
            greeted.detach_all();
            begun.sort_by_key(|(at, _)| *at);
            let servers: Vec<_> =
                begun.iter().map(|(at, begun)| (&*merged.members[*at].name, &begun.greeting)).collect();
            let answer = if servers.is_empty() {
                merged.sessions.end(&open.id);
                error(&id, SERVER_GONE, "no server can be reached")
            } else {
                result(&id, &greeting::together(&servers))
            };
            // A client that is gone begins anew.
            let _ = aside.send(bare(&answer)).await;
        });
        Ok(in_session(reply::events(Told::new(told, Heartbeat::new(self.limits.heartbeat))), &session))
    }

    /// A request in a session.
    pub(super) async fn request(
        self: &Arc<Self>,
        open: Arc<Open>,
        visit: Visit,
        line: &[u8],
        (key, id, method): (&IdKey, &str, &str),
    ) -> Result<Response<Body>, Fault> {
        if let Some(list) = List::of(method) {
            if translate::goes_on(line, &self.office.limits) {
                return Ok(reply::message(StatusCode::OK, &no_page(id)));
            }
            let (aside, told) = channel(WAITING);
            let (merged, line, id, session) = (Arc::clone(self), line.to_vec(), id.to_owned(), open.id.clone());
            tokio::spawn(async move {
                let place = Place::Session(open);
                let listed = merged.list((&place, &visit), list, &line, Some(&aside)).await;
                let _ = aside.send(bare(&result(&id, &listed))).await;
            });
            return Ok(in_session(reply::events(Told::new(told, Heartbeat::new(self.limits.heartbeat))), &session));
        }
        match method {
            "ping" => return Ok(reply::message(StatusCode::OK, &result(id, "{}"))),
            "logging/setLevel" => {
                self.to_each(&open, &visit, |begun| begun.greeting.offers.logging, line).await;
                return Ok(reply::message(StatusCode::OK, &result(id, "{}")));
            }
            "initialize" => return Err(Fault::new(StatusCode::BAD_REQUEST, "the session has begun").to(Some(id))),
            _ => {}
        }
        let place = Place::Session(Arc::clone(&open));
        let Some((at, line, _)) = self.owner((&place, &visit), line).await else {
            return Ok(reply::message(StatusCode::OK, &unknown(id, method)));
        };
        open.sent(key, at);
        let response = match self.in_seat(&open, &visit, at, &line).await {
            Ok(response) => response,
            Err(why) => {
                let what = format!("the server {} cannot be reached: {why}", self.members[at].name);
                return Ok(reply::message(StatusCode::OK, &error(id, SERVER_GONE, &what)));
            }
        };
        let mut response = self.heard(at, response, Some(open)).await;
        // A status that says that the server is gone would end the session with all others.
        if !response.status().is_success() && response.extensions().get::<Lacking>().is_none() {
            *response.status_mut() = StatusCode::OK;
        }
        Ok(response)
    }

    /// Sends a request in the session with a server, which begins anew if the server has ended it.
    async fn in_seat(&self, open: &Open, visit: &Visit, at: usize, line: &[u8]) -> Result<Response<Body>, String> {
        let mut again = true;
        loop {
            let begun = self.seat(open, visit, at, None).await?;
            let caller = visit.within(begun.session.as_deref(), &begun.greeting.revision, None);
            let response = self.post_to(at, caller, line).await.unwrap_or_else(Fault::respond);
            if response.status() != StatusCode::NOT_FOUND || !again {
                return Ok(response);
            }
            again = false;
            open.over(at, &begun).await;
        }
    }

    /// What a request is about: whose it is, the request as that server knows it, and the name there.
    pub(super) async fn owner(
        self: &Arc<Self>,
        (place, visit): (&Place, &Visit),
        line: &[u8],
    ) -> Option<(usize, Vec<u8>, Option<String>)> {
        match onward(line, &self.office.limits) {
            Goes::To(server, inner) => {
                let name = Letter::read(&inner, &self.office.limits).name;
                Some((self.at(&server)?, inner, name))
            }
            Goes::ToOwner(uri) => {
                if !lock(place.owners()).is_known() {
                    for list in [List::Resources, List::Templates] {
                        let line = translate::listing(line, &self.office.limits, list.method());
                        self.list((place, &visit.asking(list.method())), list, &line, None).await;
                    }
                }
                let at = lock(place.owners()).of(&uri)?;
                Some((at, line.to_vec(), None))
            }
            Goes::Nowhere => None,
        }
    }

    /// A notification, or an answer to a server.
    pub(super) async fn relay(self: &Arc<Self>, open: &Open, visit: &Visit, line: &[u8], method: Option<&str>) {
        match method {
            Some("notifications/initialized") => {
                open.get_ready();
                self.to_each(open, visit, |_| true, line).await;
            }
            Some("notifications/roots/list_changed") => self.to_each(open, visit, |_| true, line).await,
            Some("notifications/cancelled") => {
                let at = translate::cancelled(line, &self.office.limits).and_then(|request| open.went_to(&request));
                if let Some(at) = at {
                    self.to_one(open, visit, at, line).await;
                }
            }
            _ => {
                if let Goes::To(server, inner) = onward(line, &self.office.limits)
                    && let Some(at) = self.at(&server)
                {
                    self.to_one(open, visit, at, &inner).await;
                }
            }
        }
    }

    async fn to_one(&self, open: &Open, visit: &Visit, at: usize, line: &[u8]) {
        if let Some(begun) = open.begun(at) {
            self.tell(visit, at, &begun, line).await;
        }
    }

    /// Tells all servers with which there is a session and that fit, at once. One that is slow to take it holds up none of them.
    async fn to_each(self: &Arc<Self>, open: &Open, visit: &Visit, fits: impl Fn(&Begun) -> bool, line: &[u8]) {
        let mut told = JoinSet::new();
        for at in 0..self.members.len() {
            if let Some(begun) = open.begun(at).filter(|begun| fits(begun)) {
                let (merged, visit, line) = (Arc::clone(self), visit.clone(), line.to_vec());
                told.spawn(async move { merged.tell(&visit, at, &begun, &line).await });
            }
        }
        let deadline = tokio::time::Instant::now() + TOLD;
        while let Ok(Some(_)) = timeout_at(deadline, told.join_next()).await {}
        told.detach_all();
    }
}
