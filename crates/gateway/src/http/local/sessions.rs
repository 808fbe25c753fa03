//! Sessions by their ids, each with a process of its own and bound to who began it.

use std::collections::HashMap;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::streams::{Streams, ToStreams};
use crate::config::StdioConfig;
use crate::error::StartError;
use crate::http::keys::Principal;
use crate::http::office::Office;
use crate::link::{Happening, Link};
use crate::wrapped::{Wrapped, spawn};

/// One client's session.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) id: String,
    pub(super) link: Arc<Link>,
    pub(super) streams: Arc<Streams>,
    /// Held while a message is judged and written: messages reach the process in the order in which they are let in.
    pub(super) turn: tokio::sync::Mutex<()>,
    principal: Option<Principal>,
    used: Mutex<Instant>,
}

impl Open {
    /// The client is gone: its process ends.
    pub(super) fn end(&self) {
        self.streams.close();
        self.link.happened(Happening::ClientGone);
    }

    fn is_idle(&self, longest: Duration) -> bool {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.elapsed() >= longest && !self.streams.is_busy()
    }
}

/// All that are open.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    table: Mutex<Table>,
    /// Rung when a process has ended.
    fewer: Condvar,
}

#[derive(Debug, Default)]
struct Table {
    open: HashMap<String, Arc<Open>>,
    /// Processes that run, those of sessions that are over among them.
    processes: usize,
}

/// A session that does not begin.
#[derive(Debug)]
pub(super) enum NotBegun {
    /// There are as many processes as there may be.
    Full,
    /// The process does not start.
    Start(StartError),
}

impl Sessions {
    /// Begins a session: starts its process and a thread that watches over it.
    pub(super) fn begin(
        self: &Arc<Self>,
        office: &Office,
        command: &StdioConfig,
        principal: Option<Principal>,
        most: usize,
        stall: Duration,
    ) -> Result<Arc<Open>, NotBegun> {
        {
            let mut table = self.lock();
            if table.processes >= most {
                return Err(NotBegun::Full);
            }
            table.processes += 1;
        }
        let begun = self.start(office, command, principal, stall);
        if begun.is_err() {
            self.one_fewer();
        }
        begun.map_err(NotBegun::Start)
    }

    fn start(
        self: &Arc<Self>,
        office: &Office,
        command: &StdioConfig,
        principal: Option<Principal>,
        stall: Duration,
    ) -> Result<Arc<Open>, StartError> {
        // Of the system's randomness: who does not know it cannot guess it.
        let id = Uuid::new_v4().to_string();
        let streams = Arc::new(Streams::new(stall, *office.engine.limits()));
        let talk = office.converse(office.model.another());
        let mut opened = None;
        let wrapped = Wrapped::start(command, talk, Box::new(ToStreams(Arc::clone(&streams))), channel(), |link| {
            opened = Some(Arc::clone(link));
            Ok(())
        })?;
        let Some(link) = opened else { unreachable!("a server that started was opened to its client") };
        let (turn, used) = (tokio::sync::Mutex::default(), Mutex::new(Instant::now()));
        let open = Arc::new(Open { id: id.clone(), link, streams, turn, principal, used });
        self.lock().open.insert(id.clone(), Arc::clone(&open));
        let sessions = Arc::clone(self);
        spawn("session", move || {
            wrapped.run();
            sessions.lock().open.remove(&id);
            sessions.one_fewer();
        })?;
        Ok(open)
    }

    /// The session with this id, if the same principal began it.
    pub(super) fn find(&self, id: &str, principal: Option<&Principal>) -> Option<Arc<Open>> {
        let open = self.lock().open.get(id).filter(|open| open.principal.as_ref() == principal).map(Arc::clone)?;
        *open.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Some(open)
    }

    /// Ends a session.
    pub(super) fn end(&self, open: &Open) {
        self.lock().open.remove(&open.id);
        open.end();
    }

    /// Ends those that have lain idle for so long.
    pub(super) fn sweep(&self, longest: Duration) {
        let mut table = self.lock();
        let idle: Vec<_> = table.open.values().filter(|open| open.is_idle(longest)).map(Arc::clone).collect();
        for open in idle {
            table.open.remove(&open.id);
            open.end();
        }
    }

    /// Ends all of them.
    pub(super) fn end_all(&self) {
        for (_, open) in self.lock().open.drain() {
            open.end();
        }
    }

    /// Waits until no process is left, but no longer than `patience`.
    pub(super) fn wait(&self, patience: Duration) {
        let table = self.lock();
        let any = |table: &mut Table| table.processes > 0;
        let _ = self.fewer.wait_timeout_while(table, patience, any);
    }

    fn one_fewer(&self) {
        let mut table = self.lock();
        table.processes = table.processes.saturating_sub(1);
        self.fewer.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
