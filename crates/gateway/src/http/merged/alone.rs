//! Requests that stand each by itself (2026-07-28).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hyper::{Response, StatusCode};
use tokio::task::JoinSet;
use tokio::time::timeout;
use vanguard_engine::session::Common;
use vanguard_wire::Line;

use super::chorus::Chorus;
use super::greeting::{self, Greeting};
use super::lists::{List, Place};
use super::owners::Owners;
use super::session::lock;
use super::translate::{self, ours};
use super::visit::Visit;
use super::{Known, Merged, error, is_stream, no_page, nowhere, result, unknown};
use crate::http::envelope;
use crate::http::letter::Sort;
use crate::http::pass::Listens;
use crate::http::reply::{self, Body, Fault, METHOD_NOT_FOUND, SERVER_GONE};
use crate::http::taken::Taken;
use crate::http::voice::Voice;

/// How long a server may take to say what it offers.
const DISCOVER: Duration = Duration::from_secs(10);

impl Merged {
    pub(super) async fn post_alone(self: &Arc<Self>, visit: Visit, mut taken: Taken) -> Result<Response<Body>, Fault> {
        envelope::complete(&taken.letter)?;
        let Sort::Request { id, method, .. } = &taken.letter.sort else {
            // Over HTTP a request is cancelled by leaving it, and nothing else is told in this era.
            return Ok(reply::empty(StatusCode::ACCEPTED));
        };
        let Line::Message(line) = taken.gathered.line() else { return Err(nowhere(Some(id))) };
        let (owners, memory) = self.known_of(&visit);
        let (place, visit) = (Place::Alone(owners), &visit.remembered(memory));
        if let Some(list) = List::of(method) {
            if translate::goes_on(line, &self.office.limits) {
                return Ok(reply::message(StatusCode::OK, &no_page(id)));
            }
            let listed = self.list((&place, visit), list, line, None).await;
            return Ok(reply::message(StatusCode::OK, &result(id, &listed)));
        }
        match &**method {
            "server/discover" => return Ok(self.discover(visit, line, id).await),
            "subscriptions/listen" => return Ok(self.subscribe(visit, line, id).await),
            _ => {}
        }
        let Some((at, line, name)) = self.owner((&place, visit), line).await else {
            let known = matches!(&**method, "tools/call" | "prompts/get" | "completion/complete" | "resources/read");
            let status = if known { StatusCode::OK } else { StatusCode::NOT_FOUND };
            return Ok(reply::message(status, &unknown(id, method)));
        };
        let visit = name.map_or_else(|| visit.clone(), |name| visit.about(&name));
        let response = self.post_to(at, visit.alone(), &line).await?;
        Ok(self.heard(at, response, None).await)
    }

    /// What all servers offer. Where one speaks only of the time before, all do: a client that asks for this first goes on with the handshake.
    async fn discover(self: &Arc<Self>, visit: &Visit, line: &[u8], id: &str) -> Response<Body> {
        let line: Arc<[u8]> = line.into();
        let mut asked = JoinSet::new();
        for at in 0..self.members.len() {
            let (merged, visit, line) = (Arc::clone(self), visit.clone(), Arc::clone(&line));
            asked.spawn(async move {
                let id = merged.number();
                let line = ours(&line, &merged.office.limits, &id, None).unwrap_or_default();
                (at, timeout(DISCOVER, merged.ask(at, visit.alone(), (&line, &id), None)).await)
            });
        }
        let mut greetings = Vec::new();
        let mut handshake = false;
        while let Some(Ok((at, answer))) = asked.join_next().await {
            let why = match answer {
                Ok(Ok(parcel)) => {
                    match Greeting::read(parcel.line(), &self.office.limits) {
                        Ok(greeting) => greetings.push((at, greeting)),
                        Err(_) => handshake = true,
                    }
                    None
                }
                Ok(Err(fault)) => Some(fault.message().to_owned()),
                Err(_) => Some(format!("it does not answer within {} seconds", DISCOVER.as_secs())),
            };
            self.note(at, why.as_deref());
        }
        if handshake {
            return reply::message(StatusCode::NOT_FOUND, &error(id, METHOD_NOT_FOUND, "Method not found"));
        }
        greetings.sort_by_key(|(at, _)| *at);
        let servers: Vec<_> = greetings.iter().map(|(at, greeting)| (&*self.members[*at].name, greeting)).collect();
        if servers.is_empty() {
            return reply::message(StatusCode::BAD_GATEWAY, &error(id, SERVER_GONE, "no server can be reached"));
        }
        reply::message(StatusCode::OK, &result(id, &greeting::together(&servers)))
    }

    /// What all servers tell of changes, in one stream.
    async fn subscribe(self: &Arc<Self>, visit: &Visit, line: &[u8], id: &str) -> Response<Body> {
        let mut voices = Vec::new();
        for at in 0..self.members.len() {
            let listened = timeout(DISCOVER, self.post_to(at, visit.alone(), line)).await;
            if let Ok(Ok(response)) = listened
                && is_stream(response.headers())
            {
                voices.push((at, Voice::of(response, self.limits.message)));
            }
        }
        if voices.is_empty() {
            return reply::message(StatusCode::NOT_FOUND, &error(id, METHOD_NOT_FOUND, "Method not found"));
        }
        let mut response = reply::events(Chorus::as_one(self, voices));
        response.extensions_mut().insert(Listens);
        response
    }

    /// What is known of a client's resources.
    fn known_of(&self, visit: &Visit) -> (Arc<Mutex<Owners>>, Common) {
        let mut alone = lock(&self.alone);
        let who = visit.identity().cloned();
        if alone.len() >= self.limits.sessions && !alone.contains_key(&who) {
            // They are listed again when they are asked for.
            alone.clear();
        }
        let known = alone.entry(who).or_insert_with(|| Known {
            owners: Arc::default(),
            memory: self.office.common_of(visit.identity()),
            used: Instant::now(),
        });
        known.used = Instant::now();
        (Arc::clone(&known.owners), known.memory.clone())
    }
}
