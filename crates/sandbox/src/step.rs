//! The small step between the proxy and the server: this program once more, which goes behind the walls and becomes the server.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::process::{Command, ExitCode};

use rustix::io::FdFlags;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use crate::walls::Walls;
use crate::witness::Witness;
use crate::{enter, kernel};

/// The hidden first argument that makes this program the step; the descriptor, the walls as JSON and the command follow.
const ROLE: &str = "__walls";
/// The exit code of a step that failed: the one by which `env` and `nohup` say so.
const FAILED: u8 = 125;

/// The proxy's end of a step.
#[derive(Debug)]
pub struct Step {
    ours: OwnedFd,
    theirs: OwnedFd,
}

impl Step {
    /// Makes `command` (this very program) a step behind `walls` to `program` with `args`.
    pub fn prepare(
        command: &mut Command,
        walls: &Walls,
        program: OsString,
        args: impl IntoIterator<Item = OsString>,
    ) -> io::Result<Self> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None).map_err(io::Error::from)?;
        rustix::io::fcntl_setfd(&ours, FdFlags::CLOEXEC)?;
        let walls = serde_json::to_string(walls).map_err(io::Error::other)?;
        command.args([ROLE, &theirs.as_raw_fd().to_string(), &walls]).arg(program).args(args);
        Ok(Self { ours, theirs })
    }

    /// Waits until the walls stand, once the command has been spawned. `None` when the step failed: it has said why on
    /// its stderr.
    pub fn taken(self) -> io::Result<Option<Witness>> {
        // Else our own copy would keep the pair open when the step ends.
        drop(self.theirs);
        Witness::from_socket(self.ours.as_fd())
    }
}

/// Acts as the step, where this process was started as one: call it first thing in `main`.
///
/// `None`: it was not, go on. Returns only when the step failed.
pub fn step() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != ROLE {
        return None;
    }
    let why = match take(args) {
        Ok(never) => never.to_string(),
        Err(what) => what.to_owned(),
    };
    eprintln!("vanguard: the server was not started: {why}");
    Some(ExitCode::from(FAILED))
}

fn take(mut args: impl Iterator<Item = OsString>) -> Result<enter::EnterError, &'static str> {
    let mut next = || args.next().ok_or("the step lacks an argument");
    let (socket, walls, program) = (next()?, next()?, next()?);
    let socket = socket.to_str().and_then(|number| number.parse().ok()).ok_or("the step was given no descriptor")?;
    let socket = kernel::inherited(socket).map_err(|_| "the step was given no open descriptor")?;
    let walls = walls.to_str().and_then(|json| serde_json::from_str(json).ok()).ok_or("the walls cannot be read")?;
    Ok(enter::enter(&walls, Some(socket.as_fd()), Command::new(program).args(args)))
}
