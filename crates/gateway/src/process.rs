//! The server's process and its group.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid};

use crate::config::StdioConfig;
use crate::error::StartError;

/// How often a group is looked at that was told to end.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A running server: the leader of a process group of its own.
///
/// A group of its own, since `npx`, `uvx` and shells start the real server below them, and a signal to one process would leave the rest.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    group: Pid,
}

/// Our ends of the server's stdio.
#[derive(Debug)]
pub(crate) struct Pipes {
    pub(crate) stdin: File,
    pub(crate) stdout: File,
    pub(crate) stderr: File,
}

impl Server {
    pub(crate) fn start(config: &StdioConfig) -> Result<(Self, Pipes), StartError> {
        let mut command = Command::new(&config.program);
        command.args(&config.args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        if let Some(cwd) = &config.cwd {
            command.current_dir(cwd);
        }
        for (name, value) in &config.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let mut child = command.spawn().map_err(|source| explain(config, source))?;
        let pipes = take_pipes(&mut child);
        let group = Pid::from_child(&child);
        Ok((Self { child, group }, pipes))
    }

    /// The process group, whose number is the leader's.
    pub(crate) fn group(&self) -> Pid {
        self.group
    }

    /// Sends `signal` to all of the group. A group that is gone is what was wanted.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process_group(self.group, signal);
    }

    /// Removes the ended leader from the process table, and then ends what it left of its group within `patience`.
    /// `between` runs when the status is known and before the rest is waited for.
    pub(crate) fn reap(&mut self, patience: Duration, between: impl FnOnce(ExitStatus)) -> io::Result<ExitStatus> {
        let status = self.child.wait()?;
        // The number can't have been given away meanwhile while a member lives; and if none does, the next test says so.
        let stragglers = test_kill_process_group(self.group).is_ok();
        if stragglers {
            self.signal(Signal::TERM);
        }
        between(status);
        if stragglers && !self.gone_within(patience) {
            self.signal(Signal::KILL);
            self.gone_within(patience);
        }
        Ok(status)
    }

    /// Ends the group at once: for a session that never began.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    fn gone_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while test_kill_process_group(self.group).is_ok() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        true
    }
}

/// Waits until the leader of `group` has ended, and leaves it in the process table: until it is reaped, neither its number nor the group's
/// can come to mean another process.
pub(crate) fn wait_for_end(group: Pid) {
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
    }
}

/// How a process ended, for people.
pub(crate) fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("killed by signal {signal}"),
        (None, None) => status.to_string(),
    }
}

/// How a process ended, as a shell tells it: its code, or 128 and the signal.
pub(crate) fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}

fn take_pipes(child: &mut Child) -> Pipes {
    // All three were asked for as pipes; a missing one would read as closed.
    let file = |fd: Option<OwnedFd>| fd.map(File::from);
    let stdin = file(child.stdin.take().map(OwnedFd::from));
    let stdout = file(child.stdout.take().map(OwnedFd::from));
    let stderr = file(child.stderr.take().map(OwnedFd::from));
    match (stdin, stdout, stderr) {
        (Some(stdin), Some(stdout), Some(stderr)) => Pipes { stdin, stdout, stderr },
        _ => unreachable!("Command::spawn gives each pipe that was asked for"),
    }
}

fn explain(config: &StdioConfig, source: io::Error) -> StartError {
    let name = config.name.clone();
    if let Some(cwd) = &config.cwd
        && let Err(source) = std::fs::read_dir(cwd)
    {
        return StartError::NoDirectory { name, cwd: cwd.clone(), source };
    }
    let program = config.program.to_string_lossy().into_owned();
    if source.kind() == io::ErrorKind::NotFound {
        StartError::NoProgram { name, program }
    } else {
        StartError::Refused { name, program, source }
    }
}
