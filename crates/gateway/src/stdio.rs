//! One session over stdio: its threads, and the order they start in.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use uuid::Uuid;
use vanguard_audit::Log;
use vanguard_engine::verdict::Flow;
use vanguard_engine::{Engine, Session};
use vanguard_sandbox::Witness;

use crate::config::StdioConfig;
use crate::error::StartError;
use crate::link::{Happening, Link};
use crate::outlet::Outlet;
use crate::process::{Pipes, Server, wait_for_end};
use crate::report::{Event, Reporter, Reports};
use crate::supervisor::Supervisor;
use crate::watchdog::Watchdog;
use crate::{Outcome, pump, stderr, walls};

/// Wraps one server over this process's own stdin and stdout, until the session ends.
///
/// The session owns stdin, stdout and the signals TERM, INT and HUP from here on. When this returns a thread may still wait for stdin:
/// the caller should end the process with the outcome's code.
pub fn run(
    config: &StdioConfig,
    engine: Engine,
    session: Session,
    audit: &Log,
    reporter: Arc<dyn Reporter>,
) -> Result<Outcome, StartError> {
    let (client_in, client_out) = (own(io::stdin().as_fd())?, own(io::stdout().as_fd())?);
    let (happenings, happened) = channel();
    // Before there is a server, so that no signal can leave it behind.
    watch_signals(happenings.clone())?;
    let reports = Arc::new(Reports::start(reporter).map_err(|source| StartError::Own { part: "reporter", source })?);
    let log = audit.session(&Uuid::now_v7().to_string(), &config.name);

    let (server, Pipes { stdin, stdout, stderr }, witness) = Server::start(config)?;
    let (client, to_server) = (Outlet::new(client_out), Outlet::new(stdin));
    let link = Arc::new(Link::new(engine, session, log, client, to_server, Arc::clone(&reports), happenings));
    if let Some(lacks) = &config.unkept {
        walls::weak(lacks, &link);
    }
    let started = start_threads(config, &link, client_in, stdout, stderr, &server)
        .and_then(|()| witness.map_or(Ok(()), |witness| watch_walls(witness, config, &link)))
        // Last: the first message need not wait for it.
        .and_then(|()| Watchdog::start(server.group()).map_err(|source| StartError::Own { part: "watchdog", source }));
    let watchdog = match started {
        Ok(watchdog) => watchdog,
        Err(error) => {
            server.kill();
            return Err(error);
        }
    };

    let outcome = Supervisor::new(link, server, happened, config.waits).run();
    watchdog.stand_down();
    if let Err(error) = audit.close() {
        reports.tell(Event::AuditFailed(error.to_string()));
    }
    reports.finish();
    Ok(outcome)
}

fn start_threads(
    config: &StdioConfig,
    link: &Arc<Link>,
    client_in: File,
    server_out: File,
    server_err: File,
    server: &Server,
) -> Result<(), StartError> {
    let max = config.max_message;
    let (to_server, to_client) = (Arc::clone(link), Arc::clone(link));
    spawn("to-client", move || carry(&to_client, Flow::ToClient, &server_out, max))?;
    spawn("to-server", move || carry(&to_server, Flow::ToServer, &client_in, max))?;
    let (name, reports) = (config.name.clone(), Arc::clone(&link.reports));
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
fn carry(link: &Arc<Link>, flow: Flow, from: &File, max_message: usize) {
    if catch_unwind(AssertUnwindSafe(|| pump::run(link, flow, from, max_message))).is_err() {
        link.happened(Happening::Broken("the proxy failed; report it as a bug of McpVanguard"));
    }
}

fn watch_signals(happenings: Sender<Happening>) -> Result<(), StartError> {
    let mut signals =
        Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(|source| StartError::Own { part: "signal handler", source })?;
    spawn("signals", move || {
        for signal in signals.forever() {
            if happenings.send(Happening::Signal(signal)).is_err() {
                return;
            }
        }
    })
}

fn spawn(name: &'static str, body: impl FnOnce() + Send + 'static) -> Result<(), StartError> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(body);
    started.map(drop).map_err(|source| StartError::Own { part: "threads", source })
}

/// Our own handle to a standard stream, without the buffer that the library puts before it.
fn own(stream: BorrowedFd<'_>) -> Result<File, StartError> {
    let owned = stream.try_clone_to_owned().map_err(|source| StartError::Own { part: "stdin and stdout", source })?;
    Ok(owned.into())
}
