//! One session over this process's own stdin and stdout.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use vanguard_audit::Log;
use vanguard_engine::verdict::Flow;
use vanguard_engine::{Engine, Session};

use crate::Outcome;
use crate::config::StdioConfig;
use crate::control::Control;
use crate::conversation::Conversation;
use crate::error::StartError;
use crate::link::Happening;
use crate::pipe::Pipe;
use crate::report::{Event, Reporter, Reports};
use crate::seat::Seat;
use crate::wrapped::{Wrapped, carry, spawn};

/// Wraps one server over this process's own stdin and stdout, until the session ends.
///
/// In `control`, a directory, there is a socket for as long that tells which sessions are open.
/// The session owns stdin, stdout and the signals TERM, INT and HUP from here on. When this returns a thread may still wait for stdin:
/// the caller should end the process with the outcome's code.
pub fn run(
    config: &StdioConfig,
    engine: Engine,
    session: Session,
    audit: &Log,
    reporter: Arc<dyn Reporter>,
    control: Option<&Path>,
) -> Result<Outcome, StartError> {
    let (client_in, client_out) = (own(io::stdin().as_fd())?, own(io::stdout().as_fd())?);
    let (happenings, happened) = channel();
    // Before there is a server, so that no signal can leave it behind.
    watch_signals(happenings.clone())?;
    let reports =
        Arc::new(Reports::start(reporter, None).map_err(|source| StartError::Own { part: "reporter", source })?);
    // Who cannot be asked which sessions are open is no worse a proxy.
    let _control = control.and_then(|directory| Control::listen(directory, Arc::clone(&reports.roster)).ok());
    let talk = Conversation::new(Seat::new(Arc::new(engine)), session, audit, &config.name, Arc::clone(&reports));
    let client = Box::new(Pipe::new(client_out));
    let wrapped = Wrapped::start(config, talk, client, (happenings, happened), |link| {
        let (link, max) = (Arc::clone(link), config.max_message);
        spawn("to-server", move || carry(&link, Flow::ToServer, &client_in, max))
    })?;
    vanguard_sandbox::let_go_of_program();
    let outcome = wrapped.run();
    if let Err(error) = audit.close() {
        reports.tell(Event::AuditFailed(error.to_string()));
    }
    reports.finish();
    Ok(outcome)
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

/// Our own handle to a standard stream, without the buffer that the library puts before it.
fn own(stream: BorrowedFd<'_>) -> Result<File, StartError> {
    let owned = stream.try_clone_to_owned().map_err(|source| StartError::Own { part: "stdin and stdout", source })?;
    Ok(owned.into())
}
