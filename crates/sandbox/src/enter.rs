//! Going behind the walls, for ever.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use seccompiler::{BpfProgram, SeccompAction};

use crate::calls::{self, FilterError};
use crate::walls::{Ability, Walls, Watch};
use crate::{files, kernel, limits, privileges};

/// Why the walls could not be raised. The server was not started.
#[derive(Debug, thiserror::Error)]
pub enum EnterError {
    /// The kernel keeps less than was asked for.
    #[error("the kernel's Landlock does not keep all of the walls (ABI {0}, 6 is needed)")]
    Weak(u32),
    /// Landlock refused the rules.
    #[error("Landlock refused the rules: {0}")]
    Files(#[from] landlock::RulesetError),
    /// A filter of system calls could not be made.
    #[error("the filter of system calls could not be made: {0}")]
    Filter(#[from] FilterError),
    /// The kernel refused one of the steps.
    #[error("the kernel refused {step}: {source}")]
    Kernel {
        /// Which.
        step: &'static str,
        /// Its error.
        source: io::Error,
    },
    /// The walls stand, and the server could not be run behind them.
    #[error("{program} could not be run behind the walls: {source}")]
    Run {
        /// Its path.
        program: String,
        /// The kernel's error.
        source: io::Error,
    },
}

/// What this kernel can keep.
pub fn ability() -> Ability {
    let seccomp = std::fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail")
        .is_ok_and(|actions| actions.split_ascii_whitespace().any(|action| action == "user_notif"));
    Ability { landlock: kernel::landlock_abi(), seccomp }
}

/// Raises the walls round this process and becomes `command`. Returns only when that failed.
///
/// With a `witness` (one end of a Unix socket pair) the listener for forbidden calls is sent there; without one they
/// fail, and their process ends, unseen.
pub fn enter(walls: &Walls, witness: Option<BorrowedFd<'_>>, command: &mut Command) -> EnterError {
    match raise(walls, witness) {
        Ok(()) => {
            let program = command.get_program().to_string_lossy().into_owned();
            EnterError::Run { program, source: command.exec() }
        }
        Err(error) => error,
    }
}

fn raise(walls: &Walls, witness: Option<BorrowedFd<'_>>) -> Result<(), EnterError> {
    let kernel = |step: &'static str| move |source: io::Error| EnterError::Kernel { step, source };
    if walls.watch == Watch::Everything {
        rustix::thread::set_no_new_privs(true).map_err(|error| kernel("no_new_privs")(error.into()))?;
        return tell(walls, witness).and_then(|()| kernel::close_on_exec().map_err(kernel("close_range")));
    }
    // Without a terminal, and a group that nobody else is in.
    rustix::process::setsid().map_err(|error| kernel("a session of its own")(error.into()))?;
    limits::set(&walls.limits).map_err(|error| kernel("the limits")(error.into()))?;
    rustix::thread::set_no_new_privs(true).map_err(|error| kernel("no_new_privs")(error.into()))?;
    privileges::shed().map_err(|error| kernel("giving up capabilities")(error.into()))?;
    let unseen = calls::without_clone3()?;
    let foreign = calls::without_x32();
    let full = files::restrict(walls)?;
    if !full && !walls.degrade {
        return Err(EnterError::Weak(ability().landlock));
    }
    kernel::install(&unseen).map_err(kernel("the filter of system calls"))?;
    kernel::install(&foreign).map_err(kernel("the filter of foreign calls"))?;
    tell(walls, witness)?;
    kernel::close_on_exec().map_err(kernel("close_range"))
}

/// Has the witness be told of calls; without one nothing may be asked, and whoever makes a forbidden call is ended.
fn tell(walls: &Walls, witness: Option<BorrowedFd<'_>>) -> Result<(), EnterError> {
    let kernel = |step: &'static str| move |source: io::Error| EnterError::Kernel { step, source };
    let Some(witness) = witness else {
        let unwatched = Walls { watch: Watch::Calls, ..walls.clone() };
        let program = calls::filter(&unwatched, SeccompAction::KillProcess)?;
        return kernel::install(&program).map_err(kernel("the filter of system calls"));
    };
    let program = told(calls::filter(walls, SeccompAction::Trap)?);
    let listener = kernel::install_with_listener(&program).map_err(kernel("the filter's listener"))?;
    send(witness, listener.as_fd()).map_err(kernel("the way to the witness"))
}

/// The same filter with its trap replaced by a notification, for which `seccompiler` has no name.
fn told(mut program: BpfProgram) -> BpfProgram {
    let returns = libc::BPF_RET | libc::BPF_K;
    for instruction in &mut program {
        if u32::from(instruction.code) == returns && instruction.k == libc::SECCOMP_RET_TRAP {
            instruction.k = libc::SECCOMP_RET_USER_NOTIF;
        }
    }
    program
}

fn send(to: BorrowedFd<'_>, listener: BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let descriptors = [listener];
    if !ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)) {
        return Err(io::Error::other("no room for one descriptor"));
    }
    sendmsg(to, &[IoSlice::new(b"!")], &mut ancillary, SendFlags::empty())?;
    Ok(())
}
