//! A server's process with the threads that serve it, whatever carries its client's messages.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use vanguard_engine::verdict::Flow;
use vanguard_sandbox::Witness;

use crate::config::StdioConfig;
use crate::conversation::Conversation;
use crate::error::StartError;
use crate::link::{Happening, Link};
use crate::outlet::Outlet;
use crate::pipe::Pipe;
use crate::process::{Pipes, Server, wait_for_end};
use crate::supervisor::Supervisor;
use crate::watchdog::Watchdog;
use crate::{Outcome, pump, stderr, walls};

/// A server that runs, and who watches over it.
pub(crate) struct Wrapped {
    supervisor: Supervisor,
    watchdog: Watchdog,
}

impl Wrapped {
    /// Starts the server and reads what it says to `client`. `open` lets the client's messages in.
    pub(crate) fn start(
        config: &StdioConfig,
        talk: Conversation,
        client: Box<dyn Outlet>,
        (happenings, happened): (Sender<Happening>, Receiver<Happening>),
        open: impl FnOnce(&Arc<Link>) -> Result<(), StartError>,
    ) -> Result<Self, StartError> {
        let (server, Pipes { stdin, stdout, stderr }, witness) = Server::start(config)?;
        let link = Arc::new(Link::new(talk, client, Pipe::new(stdin), happenings));
        if let Some(lacks) = &config.unkept {
            walls::weak(lacks, &link);
        }
        let started = start_threads(config, &link, stdout, stderr, &server)
            .and_then(|()| open(&link))
            .and_then(|()| witness.map_or(Ok(()), |witness| watch_walls(witness, config, &link)))
            // Last: the first message need not wait for it.
            .and_then(|()| {
                Watchdog::start(server.group()).map_err(|source| StartError::Own { part: "watchdog", source })
            });
        match started {
            Ok(watchdog) => Ok(Self { supervisor: Supervisor::new(link, server, happened, config.waits), watchdog }),
            Err(error) => {
                server.kill();
                Err(error)
            }
        }
    }

    /// Watches over the session until its end.
    pub(crate) fn run(self) -> Outcome {
        let outcome = self.supervisor.run();
        self.watchdog.stand_down();
        outcome
    }
}

fn start_threads(
    config: &StdioConfig,
    link: &Arc<Link>,
    server_out: File,
    server_err: File,
    server: &Server,
) -> Result<(), StartError> {
    let (to_client, max) = (Arc::clone(link), config.max_message);
    spawn("to-client", move || carry(&to_client, Flow::ToClient, &server_out, max))?;
    let (name, reports) = (config.name.clone(), Arc::clone(&link.talk.reports));
    spawn("stderr", move || stderr::relay(&server_err, &name, &reports))?;
    let (group, ended) = (server.group(), Arc::clone(link));
    spawn("server-end", move || {
        wait_for_end(group);
        ended.happened(Happening::ServerEnded);
    })
}

fn watch_walls(witness: Witness, config: &StdioConfig, link: &Arc<Link>) -> Result<(), StartError> {
    let (link, walls) = (Arc::clone(link), config.walls.clone());
    spawn("walls", move || {
        if let Some(walls) = walls {
            walls::watch(&witness, &walls, &link);
        }
    })
}

/// A pump that panics ends the session: what it would have judged must not pass, and what waits for it would wait for ever.
pub(crate) fn carry(link: &Arc<Link>, flow: Flow, from: &File, max_message: usize) {
    if catch_unwind(AssertUnwindSafe(|| pump::run(link, flow, from, max_message))).is_err() {
        link.happened(Happening::Broken("the proxy failed; report it as a bug of McpVanguard"));
    }
}

pub(crate) fn spawn(name: &'static str, body: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map(drop).map_err(|source| StartError::Own { part: "threads", source })
}
