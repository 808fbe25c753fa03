//! An upstream that is a command: one process a session, its stdio spoken as Streamable HTTP.

mod exchanges;
mod legacy;
mod listener;
mod mirrors;
mod processes;
mod rename;
mod sessions;
mod stateless;
mod stream;
mod streams;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::task::block_in_place;
use uuid::Uuid;

use super::caller::Caller;
use super::config::HttpLimits;
use super::envelope;
use super::headers::{LAST_EVENT, SESSION, one};
use super::hearing::{Ruling, hear_from};
use super::letter::Letter;
use super::office::Office;
use super::reply::{self, Body, Fault, SERVER_GONE, UNSUPPORTED_VERSION};
use super::revision::{Era, HANDSHAKE, STATELESS, knows_priming};
use super::taken::Taken;
use crate::config::StdioConfig;
use crate::outlet::{Closed, Outlet as _};
use crate::seat::Seat;
use exchanges::Exchanges;
use listener::Listener;
use processes::Processes;
use sessions::{NotBegun, Open, Sessions};
use streams::{Reader, Streams};

/// One upstream.
#[derive(Debug)]
pub(super) struct Local {
    office: Office,
    command: StdioConfig,
    sessions: Arc<Sessions<Streams>>,
    /// Those of the transport of 2024-11-05.
    legacy: Arc<Sessions<Streams>>,
    /// Processes that serve requests of the stateless era, by principal.
    shared: Arc<Sessions<Exchanges>>,
    starting: tokio::sync::Mutex<()>,
    processes: Arc<Processes>,
    limits: HttpLimits,
}

impl Local {
    pub(super) fn new(office: Office, command: StdioConfig, limits: HttpLimits) -> Self {
        let processes = Arc::new(Processes::new(limits.processes));
        let sessions = Arc::new(Sessions::new(Arc::clone(&processes)));
        let legacy = Arc::new(Sessions::new(Arc::clone(&processes)));
        let shared = Arc::new(Sessions::new(Arc::clone(&processes)));
        Self { office, command, sessions, legacy, shared, starting: tokio::sync::Mutex::default(), processes, limits }
    }

    pub(super) fn office(&self) -> &Office {
        &self.office
    }

    /// A message of the client.
    pub(super) async fn post(&self, caller: Caller, body: Incoming) -> Result<Response<Body>, Fault> {
        let taken = Taken::read(&caller, body, &self.limits, &self.office.limits).await?;
        self.take(caller, taken).await
    }

    /// The same, of one that was read.
    pub(super) async fn take(&self, caller: Caller, mut taken: Taken) -> Result<Response<Body>, Fault> {
        if taken.era == Era::Stateless || taken.letter.revision.is_some() {
            if caller.revision()? != Some(STATELESS) {
                return Err(not_spoken(caller.revision()?, &[STATELESS]).to(taken.letter.id()));
            }
            accepts(&caller, &["application/json", "text/event-stream"])?;
            envelope::complete(&taken.letter)?;
            return self.post_alone(&caller, taken).await;
        }
        spoken(caller.revision()?).map_err(|fault| fault.to(taken.letter.id()))?;
        accepts(&caller, &["application/json", "text/event-stream"])?;
        let begins = taken.letter.method() == Some("initialize") && taken.letter.id().is_some();
        let open = match caller.session()? {
            Some(id) => self.find(id, &caller)?,
            None if begins => self.begin_in(&self.sessions, &caller, taken.letter.id())?,
            None => {
                return Err(Fault::new(StatusCode::BAD_REQUEST, "an Mcp-Session-Id is needed; initialize gives one"));
            }
        };
        let response = self.exchange(&open, &caller, &mut taken).await;
        if begins && !response.as_ref().is_ok_and(is_stream) {
            self.sessions.end(&open);
        }
        response
    }

    /// The client listens, or goes on listening.
    pub(super) fn get(&self, caller: &Caller) -> Result<Response<Body>, Fault> {
        let open = self.known(caller)?;
        accepts(caller, &["text/event-stream"])?;
        let after = one(&caller.headers, &LAST_EVENT)
            .map_err(|_| Fault::new(StatusCode::BAD_REQUEST, "there must be one Last-Event-ID"))?;
        let reader = match after {
            Some(after) => open
                .client
                .resume(after)
                .ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST, "what came after this event is not kept"))?,
            None => open.client.listen(),
        };
        Ok(self.stream(&open, reader))
    }

    /// The client ends its session.
    pub(super) fn delete(&self, caller: &Caller) -> Result<Response<Body>, Fault> {
        self.sessions.end(&*self.known(caller)?);
        Ok(reply::empty(StatusCode::OK))
    }

    /// Who judges here.
    pub(super) fn seat(&self) -> &Seat {
        &self.office.seat
    }

    /// Sessions that are open: processes.
    pub(super) fn sessions(&self) -> usize {
        self.processes.count()
    }

    /// Ends sessions that have lain idle for too long.
    pub(super) fn sweep(&self) {
        self.sessions.sweep(self.limits.idle);
        self.legacy.sweep(self.limits.idle);
        self.shared.sweep(self.limits.idle);
    }

    /// Answers requests to which a process has said nothing for too long.
    pub(super) fn give_up(&self) {
        let HttpLimits { answer, idle, .. } = self.limits;
        self.sessions.give_up(answer, idle);
        self.legacy.give_up(answer, idle);
        self.shared.give_up(answer, idle);
    }

    /// Tells every process to end.
    pub(super) fn end_all(&self) {
        self.sessions.end_all();
        self.legacy.end_all();
        self.shared.end_all();
    }

    /// Waits for them.
    pub(super) fn wait(&self) {
        let waits = self.command.waits;
        self.processes.wait(waits.grace + waits.term + waits.tail);
    }

    /// The session that a request without a message names.
    fn known(&self, caller: &Caller) -> Result<Arc<Open<Streams>>, Fault> {
        let revision = caller.revision()?;
        if Era::of(revision) == Era::Stateless {
            return Err(Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this revision has only POST"));
        }
        spoken(revision)?;
        let id = caller.session()?.ok_or_else(|| Fault::new(StatusCode::BAD_REQUEST, "an Mcp-Session-Id is needed"))?;
        self.find(id, caller)
    }

    fn find(&self, id: &str, caller: &Caller) -> Result<Arc<Open<Streams>>, Fault> {
        let open = self.sessions.find(id, caller.identity());
        open.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, "there is no such session"))
    }

    fn begin_in(
        &self,
        sessions: &Arc<Sessions<Streams>>,
        caller: &Caller,
        id: Option<&str>,
    ) -> Result<Arc<Open<Streams>>, Fault> {
        // Of the system's randomness: who does not know it cannot guess it.
        let session = Uuid::new_v4().to_string();
        let client = Streams::new(self.limits.stall, self.office.limits);
        // A process is started: others must not wait for that.
        let begun =
            block_in_place(|| sessions.begin(|| self.office.begin(caller), &self.command_for(caller), session, client));
        begun.map_err(|why| self.not_begun(why, id))
    }

    /// What is started for a client, told what it shows where that is to go on.
    fn command_for(&self, caller: &Caller) -> Cow<'_, StdioConfig> {
        match (&self.command.shows, caller.headers.get(AUTHORIZATION)) {
            (Some(variable), Some(shown)) => {
                let mut command = self.command.clone();
                command.env.push((variable.clone(), Some(OsStr::from_bytes(shown.as_bytes()).to_owned())));
                Cow::Owned(command)
            }
            _ => Cow::Borrowed(&self.command),
        }
    }

    fn not_begun(&self, why: NotBegun, id: Option<&str>) -> Fault {
        match why {
            NotBegun::Full => Fault::new(StatusCode::SERVICE_UNAVAILABLE, "there are too many sessions").to(id),
            NotBegun::Start(error) => {
                // Who asks need not know what stands where on this machine.
                self.office.reports.tell(crate::report::Event::NotStarted(error.to_string()));
                Fault::new(StatusCode::BAD_GATEWAY, "the MCP server cannot be started").code(SERVER_GONE).to(id)
            }
        }
    }

    /// Hands the message to the process if it may pass, and answers with the stream that its answer will come by.
    async fn exchange(
        &self,
        open: &Open<Streams>,
        caller: &Caller,
        taken: &mut Taken,
    ) -> Result<Response<Body>, Fault> {
        let primed = knows_priming(caller.revision()?);
        let (most, unread) = (self.limits.pending, taken.unread);
        let Taken { gathered, letter, .. } = taken;
        let turn = open.turn().await;
        // The process may be slow to read: others must not wait for that.
        let ruling = block_in_place(|| {
            hear_from(caller, &open.link.talk, &gathered.line(), |permit| {
                let reader = expect(open, letter, most, primed)?;
                let sent = open.link.send(permit);
                sent.map(|()| reader).map_err(|Closed| over(letter.id()))
            })
        });
        let response = match ruling {
            Ruling::Passed(sent) => match sent? {
                Some(reader) => self.stream(open, reader),
                None => reply::empty(StatusCode::ACCEPTED),
            },
            Ruling::Refused(mut refusal) => {
                if let Some(answer) = refusal.onward.take() {
                    block_in_place(|| open.link.server.answer(&answer)).map_err(|Closed| over(None))?;
                }
                reply::refused(refusal, unread)
            }
        };
        drop(turn);
        Ok(response)
    }

    fn stream(&self, open: &Open<Streams>, reader: Reader) -> Response<Body> {
        let listener = Listener::new(Arc::clone(&open.client), reader, self.limits.heartbeat);
        let mut response = reply::events(listener);
        if let Ok(id) = HeaderValue::from_str(&open.id) {
            response.headers_mut().insert(SESSION, id);
        }
        response
    }
}

/// A stream for the answer, where one is due.
fn expect(open: &Open<Streams>, letter: &Letter, most: usize, primed: bool) -> Result<Option<Reader>, Fault> {
    if letter.requests().is_empty() { Ok(None) } else { open.client.expect(letter, most, primed).map(Some) }
}

fn over(id: Option<&str>) -> Fault {
    Fault::new(StatusCode::NOT_FOUND, "the session has ended").to(id)
}

fn is_stream(response: &Response<Body>) -> bool {
    response.headers().contains_key(SESSION)
}

/// In a session a process speaks the handshake revisions.
fn spoken(revision: Option<&str>) -> Result<(), Fault> {
    match revision {
        Some(revision) if !HANDSHAKE.contains(&revision) => Err(not_spoken(Some(revision), &HANDSHAKE)),
        _ => Ok(()),
    }
}

fn not_spoken(revision: Option<&str>, supported: &[&str]) -> Fault {
    let supported: Vec<_> = supported.iter().map(|known| format!("\"{known}\"")).collect();
    let requested = String::from_utf8_lossy(&vanguard_wire::reply::string(revision.unwrap_or_default())).into_owned();
    Fault::new(StatusCode::BAD_REQUEST, "Unsupported protocol version")
        .code(UNSUPPORTED_VERSION)
        .data(format!(r#"{{"supported":[{}],"requested":{requested}}}"#, supported.join(",")))
}

/// Whether the client takes what it may get.
fn accepts(caller: &Caller, kinds: &[&str]) -> Result<(), Fault> {
    let values = caller.headers.get_all(ACCEPT);
    let accepted: Vec<String> = values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|kind| kind.split(';').next().unwrap_or(kind).trim().to_ascii_lowercase())
        .collect();
    let takes = |kind: &str| {
        let all = kind.split_once('/').map(|(all, _)| format!("{all}/*"));
        accepted.iter().any(|known| known == kind || known == "*/*" || Some(known) == all.as_ref())
    };
    if kinds.iter().all(|kind| takes(kind)) {
        return Ok(());
    }
    Err(Fault::new(StatusCode::NOT_ACCEPTABLE, format!("Accept must name {}", kinds.join(" and "))))
}
