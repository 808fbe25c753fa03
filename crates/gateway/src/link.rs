//! What the threads of one session share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use vanguard_engine::verdict::{Answer, Flow, Permit};
use vanguard_sandbox::Sighting;

use crate::conversation::Conversation;
use crate::held::Held;
use crate::outlet::{Closed, Outlet};
use crate::pipe::Pipe;
use crate::replies::{Overflow, Replies};
use crate::waiting::Waiting;

/// One session: client, server, and what stands between them.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) talk: Conversation,
    pub(crate) client: Box<dyn Outlet>,
    pub(crate) server: Arc<Pipe>,
    pub(crate) held: Arc<Held>,
    pub(crate) replies: Replies,
    pub(crate) progress: Progress,
    /// What waits for a score on its way to the server, and on its way to the client.
    waiting: [Waiting; 2],
    walled: OnceLock<&'static str>,
    happenings: Sender<Happening>,
}

/// What the supervisor must know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The client closed its end: the end of our stdin.
    ClientClosed,
    /// The client does not read any more: our stdout is broken.
    ClientGone,
    /// The server does not read any more.
    ServerDeaf,
    /// The end of the server's stdout.
    ServerSilent,
    /// The server's process ended.
    ServerEnded,
    /// We were told to end.
    Signal(i32),
    /// The session can't go on safely.
    Broken(&'static str),
}

impl Link {
    pub(crate) fn new(
        talk: Conversation,
        client: Box<dyn Outlet>,
        server: Pipe,
        happenings: Sender<Happening>,
    ) -> Self {
        let server = Arc::new(server);
        Self {
            talk,
            client,
            replies: Replies::new(Arc::clone(&server)),
            server,
            held: Arc::default(),
            progress: Progress::default(),
            waiting: [Waiting::default(), Waiting::default()],
            walled: OnceLock::new(),
            happenings,
        }
    }

    /// Where messages of this flow leave.
    pub(crate) fn outlet(&self, flow: Flow) -> &dyn Outlet {
        match flow {
            Flow::ToServer => &*self.server,
            Flow::ToClient => &*self.client,
        }
    }

    /// What waits on this way.
    pub(crate) fn waiting(&self, flow: Flow) -> &Waiting {
        let [to_server, to_client] = &self.waiting;
        match flow {
            Flow::ToServer => to_server,
            Flow::ToClient => to_client,
        }
    }

    pub(crate) fn happened(&self, what: Happening) {
        // The supervisor is gone only when all is over.
        let _ = self.happenings.send(what);
    }

    /// Remembers for which call the sandbox ended a process of the server.
    pub(crate) fn walled(&self, sighting: &Sighting) {
        // The first is the one that explains what follows.
        let _ = self.walled.set(sighting.call);
    }

    /// Why the server may have been killed: the forbidden call that it made.
    pub(crate) fn forbidden_call(&self) -> Option<&'static str> {
        self.walled.get().copied()
    }

    /// Sends a permitted message on the way of `flow`, at once or when it may leave.
    pub(crate) fn forward(&self, flow: Flow, permit: Permit<'_>) -> Result<(), Closed> {
        match flow {
            Flow::ToServer if !permit.hold().is_zero() => self.held.keep(permit, &self.server),
            _ => self.outlet(flow).forward(permit),
        }
    }

    /// Sends a permitted message to the server, and whatever was gathered for it.
    pub(crate) fn send(&self, permit: Permit<'_>) -> Result<(), Closed> {
        self.forward(Flow::ToServer, permit)?;
        self.server.flush()
    }

    /// Delivers an answer of ours. `from` is the way of the message that it answers.
    pub(crate) fn deliver(&self, answer: Answer, from: Flow) -> Result<(), Closed> {
        match (from, answer.flow) {
            // The thread that reads the server must never wait for the server to read: the server may be waiting for us to read.
            (Flow::ToClient, Flow::ToServer) => {
                if let Err(Overflow) = self.replies.push(answer) {
                    self.happened(Happening::Broken("the server does not read our answers to its refused requests"));
                }
                Ok(())
            }
            (_, way) => self.outlet(way).answer(&answer),
        }
    }
}

/// How far the server's output has come, so that the end of a session can tell slow from stuck.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    steps: AtomicU64,
    writing: AtomicBool,
}

impl Progress {
    /// A chunk was read and is being judged and written.
    pub(crate) fn begin(&self) {
        self.writing.store(true, Ordering::Relaxed);
        self.steps.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it is out; the next read may wait.
    pub(crate) fn end(&self) {
        self.writing.store(false, Ordering::Relaxed);
    }

    /// Chunks so far, and whether one is being written.
    pub(crate) fn look(&self) -> (u64, bool) {
        (self.steps.load(Ordering::Relaxed), self.writing.load(Ordering::Relaxed))
    }
}
