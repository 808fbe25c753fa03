//! Processes by what they are found by, each bound to whom it serves.

use std::collections::HashMap;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::MutexGuard as AsyncGuard;
use vanguard_engine::Identity;
use vanguard_engine::verdict::{Answer, Flow};
use vanguard_wire::IdKey;

use super::processes::Processes;
use crate::config::StdioConfig;
use crate::conversation::Conversation;
use crate::error::StartError;
use crate::link::{Happening, Link};
use crate::outlet::Outlet;
use crate::wrapped::{Wrapped, spawn};

/// Whether a process may leave such a request unanswered for as long as it likes: it waits for something to happen.
pub(super) fn may_be_silent(method: Option<&str>) -> bool {
    matches!(method, Some("subscriptions/listen" | "tasks/result"))
}

/// Where a process's messages go.
pub(super) trait Client: Send + Sync + 'static {
    /// The way in for the process's messages.
    fn outlet(self: Arc<Self>) -> Box<dyn Outlet>;

    /// Gives up the requests for which the process has said nothing for so long. `answer` makes the answers to them.
    fn give_up(&self, longest: Duration, answer: &mut dyn FnMut(&[IdKey]) -> Vec<Answer>);

    /// Whether somebody reads, or waits for an answer.
    fn is_busy(&self) -> bool;

    /// The process is about to end: who only listens is let go.
    fn close(&self);
}

/// One process, and who speaks with it.
#[derive(Debug)]
pub(super) struct Open<C> {
    pub(super) id: String,
    pub(super) link: Arc<Link>,
    pub(super) client: Arc<C>,
    turn: tokio::sync::Mutex<()>,
    /// Since when somebody has it.
    taken: Mutex<Option<Instant>>,
    who: Option<Identity>,
    used: Mutex<Instant>,
}

/// What a client is told whose request a process does not answer.
const SILENT: &str = "[McpVanguard] the MCP server does not answer";

/// The right to write to a process.
pub(super) struct Turn<'a> {
    taken: &'a Mutex<Option<Instant>>,
    _turn: AsyncGuard<'a, ()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl<C: Client> Open<C> {
    /// Held while a message is judged and written: messages reach the process in the order in which they are let in.
    pub(super) async fn turn(&self) -> Turn<'_> {
        let turn = self.turn.lock().await;
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Turn { taken: &self.taken, _turn: turn }
    }

    /// Answers what the process has said nothing to for too long. While it waits for its client it may take as long as an idle session.
    fn give_up(&self, longest: Duration, idle: Duration) {
        let session = &self.link.talk.session;
        let longest = if session.is_asked() { longest.max(idle) } else { longest };
        self.client.give_up(longest, &mut |ids| {
            let (back, onward) = session.give_up(ids, SILENT).into_iter().partition(|said| said.flow == Flow::ToClient);
            for cancelled in Vec::into_iter(onward) {
                // Where there is no room for it the process reads nothing, and is about to be ended.
                let _ = self.link.replies.push(cancelled);
            }
            back
        });
        let taken = *self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.is_some_and(|since| since.elapsed() >= longest) {
            self.link.happened(Happening::Broken("the server does not read what it is sent"));
        }
    }
    /// The client is gone: its process ends.
    pub(super) fn end(&self) {
        self.client.close();
        self.link.happened(Happening::ClientGone);
    }

    fn is_idle(&self, longest: Duration) -> bool {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.elapsed() >= longest && !self.client.is_busy()
    }
}

/// All that are open.
#[derive(Debug)]
pub(super) struct Sessions<C> {
    open: Mutex<HashMap<String, Arc<Open<C>>>>,
    processes: Arc<Processes>,
}

/// A session that does not begin.
#[derive(Debug)]
pub(super) enum NotBegun {
    /// There are as many processes as there may be.
    Full,
    /// The process does not start.
    Start(StartError),
}

impl<C: Client> Sessions<C> {
    pub(super) fn new(processes: Arc<Processes>) -> Self {
        Self { open: Mutex::default(), processes }
    }

    /// Starts a process, found by `id`, and a thread that watches over it.
    pub(super) fn begin(
        self: &Arc<Self>,
        talk: impl FnOnce() -> Conversation,
        command: &StdioConfig,
        id: String,
        client: C,
    ) -> Result<Arc<Open<C>>, NotBegun> {
        if !self.processes.one_more() {
            return Err(NotBegun::Full);
        }
        let begun = self.start(talk(), command, id, Arc::new(client));
        if begun.is_err() {
            self.processes.one_fewer();
        }
        begun.map_err(NotBegun::Start)
    }

    fn start(
        self: &Arc<Self>,
        talk: Conversation,
        command: &StdioConfig,
        id: String,
        client: Arc<C>,
    ) -> Result<Arc<Open<C>>, StartError> {
        let who = talk.session.principal().map(|principal| principal.identity.clone());
        let mut opened = None;
        let wrapped = Wrapped::start(command, talk, Arc::clone(&client).outlet(), channel(), |link| {
            opened = Some(Arc::clone(link));
            Ok(())
        })?;
        let Some(link) = opened else { unreachable!("a server that started was opened to its client") };
        let (turn, taken, used) = (tokio::sync::Mutex::default(), Mutex::default(), Mutex::new(Instant::now()));
        let open = Arc::new(Open { id: id.clone(), link, client, turn, taken, who, used });
        self.lock().insert(id.clone(), Arc::clone(&open));
        let (sessions, ended) = (Arc::clone(self), Arc::clone(&open));
        spawn("session", move || {
            wrapped.run();
            // Another may be found by the same id already.
            if sessions.lock().get(&id).is_some_and(|open| Arc::ptr_eq(open, &ended)) {
                sessions.lock().remove(&id);
            }
            sessions.processes.one_fewer();
        })?;
        Ok(open)
    }

    /// The one with this id, if it serves the same person.
    pub(super) fn find(&self, id: &str, who: Option<&Identity>) -> Option<Arc<Open<C>>> {
        let open = self.lock().get(id).filter(|open| open.who.as_ref() == who).map(Arc::clone)?;
        *open.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Some(open)
    }

    /// Ends one.
    pub(super) fn end(&self, open: &Open<C>) {
        self.lock().remove(&open.id);
        open.end();
    }

    /// Ends those that have lain idle for so long.
    pub(super) fn sweep(&self, longest: Duration) {
        self.lock().retain(|_, open| {
            let idle = open.is_idle(longest);
            if idle {
                open.end();
            }
            !idle
        });
    }

    /// Answers what processes have said nothing to for so long.
    pub(super) fn give_up(&self, longest: Duration, idle: Duration) {
        let open: Vec<_> = self.lock().values().cloned().collect();
        for open in open {
            open.give_up(longest, idle);
        }
    }

    /// Ends all of them.
    pub(super) fn end_all(&self) {
        for (_, open) in self.lock().drain() {
            open.end();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Open<C>>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
