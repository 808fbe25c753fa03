//! Processes by what they are found by, each bound to whom it serves.

use std::collections::HashMap;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use vanguard_engine::{Identity, Principal};

use super::processes::Processes;
use crate::config::StdioConfig;
use crate::error::StartError;
use crate::http::office::Office;
use crate::link::{Happening, Link};
use crate::outlet::Outlet;
use crate::wrapped::{Wrapped, spawn};

/// Where a process's messages go.
pub(super) trait Client: Send + Sync + 'static {
    /// The way in for the process's messages.
    fn outlet(self: Arc<Self>) -> Box<dyn Outlet>;

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
    /// Held while a message is judged and written: messages reach the process in the order in which they are let in.
    pub(super) turn: tokio::sync::Mutex<()>,
    who: Option<Identity>,
    used: Mutex<Instant>,
}

impl<C: Client> Open<C> {
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
        office: &Office,
        command: &StdioConfig,
        id: String,
        principal: Option<Arc<Principal>>,
        client: C,
    ) -> Result<Arc<Open<C>>, NotBegun> {
        if !self.processes.one_more() {
            return Err(NotBegun::Full);
        }
        let begun = self.start(office, command, id, principal, Arc::new(client));
        if begun.is_err() {
            self.processes.one_fewer();
        }
        begun.map_err(NotBegun::Start)
    }

    fn start(
        self: &Arc<Self>,
        office: &Office,
        command: &StdioConfig,
        id: String,
        principal: Option<Arc<Principal>>,
        client: Arc<C>,
    ) -> Result<Arc<Open<C>>, StartError> {
        let who = principal.as_ref().map(|principal| principal.identity.clone());
        let talk = office.converse(office.model.another().by(principal));
        let mut opened = None;
        let wrapped = Wrapped::start(command, talk, Arc::clone(&client).outlet(), channel(), |link| {
            opened = Some(Arc::clone(link));
            Ok(())
        })?;
        let Some(link) = opened else { unreachable!("a server that started was opened to its client") };
        let (turn, used) = (tokio::sync::Mutex::default(), Mutex::new(Instant::now()));
        let open = Arc::new(Open { id: id.clone(), link, client, turn, who, used });
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
