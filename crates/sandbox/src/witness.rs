//! Whoever learns of forbidden calls.

use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::process::{Pid, Signal, kill_process};

use crate::calls::{self, Answer};
use crate::walls::{Outcome, Sighting, Walls, Watch};
use crate::{asks, kernel};

/// Listens for the forbidden calls of one walled-in process and of all that it starts.
#[derive(Debug)]
pub struct Witness {
    listener: OwnedFd,
}

impl Witness {
    /// Waits for the process to raise its walls and to hand over the listener, at our end of the socket pair.
    /// `None` when it ended before that.
    pub fn from_socket(socket: BorrowedFd<'_>) -> io::Result<Option<Self>> {
        let mut byte = [0];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
        let descriptors = ancillary.drain().filter_map(|message| match message {
            RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
            _ => None,
        });
        Ok(descriptors.flatten().next().map(|listener| Self { listener }))
    }

    /// Answers calls until nobody is left who could make one. `note` hears of each before its answer, so that it is on record
    /// when the process ends; of calls for files and ports only if `walls` say so.
    pub fn watch(&self, walls: &Walls, note: &mut dyn FnMut(Sighting)) -> io::Result<()> {
        while self.wait()? {
            match self.answer(walls, note) {
                // The process was ended meanwhile, or a signal came.
                Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR)) => {}
                answered => answered?,
            }
        }
        Ok(())
    }

    /// Whether there is a call; not, when all processes are gone.
    fn wait(&self) -> io::Result<bool> {
        use rustix::event::{PollFd, PollFlags, poll};
        loop {
            let mut fds = [PollFd::new(&self.listener, PollFlags::IN)];
            match poll(&mut fds, None) {
                Ok(_) if fds.iter().any(|fd| fd.revents().contains(PollFlags::IN)) => return Ok(true),
                Ok(_) => return Ok(false),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn answer(&self, walls: &Walls, note: &mut dyn FnMut(Sighting)) -> io::Result<()> {
        let listener = self.listener.as_fd();
        let call = kernel::receive(listener)?;
        let learning = walls.watch == Watch::Everything;
        if let Some(watched) = asks::watched(call.call) {
            let asked = asks::of(watched, &call).into_iter().filter(|ask| learning || !walls.allow(ask));
            // While the call waits its process's memory was the one that was read.
            if kernel::still_waits(listener, call.id) {
                asked.for_each(|ask| {
                    note(Sighting { call: watched.name, process: call.process, outcome: Outcome::Asked(ask) });
                });
            }
            return kernel::go_on(listener, call.id);
        }
        // A call that the list does not know can only come from a filter that is not ours: nothing speaks for it.
        let (name, answer) = calls::known(call.call).map_or(("?", Answer::End), |known| (known.name, known.answer));
        let outcome = match answer {
            _ if learning => Outcome::WentOn,
            Answer::End => Outcome::Ended,
            Answer::Fail(_) => Outcome::Failed,
        };
        note(Sighting { call: name, process: call.process, outcome });
        if learning {
            return kernel::go_on(listener, call.id);
        }
        let error = match answer {
            Answer::Fail(error) => error,
            Answer::End => {
                let process = i32::try_from(call.process).ok().and_then(Pid::from_raw);
                // While the call waits its process can't go, and so its number can't mean another.
                if let Some(process) = process.filter(|_| kernel::still_waits(listener, call.id)) {
                    let _ = kill_process(process, Signal::KILL);
                }
                libc::EPERM
            }
        };
        match kernel::refuse(listener, call.id, error) {
            // A process that was ended waits for no answer.
            Err(error) if answer == Answer::End && error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
            refused => refused,
        }
    }
}
