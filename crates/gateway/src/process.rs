//! The server's process and its group.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid};

use vanguard_sandbox::{Step, Witness};

use crate::config::StdioConfig;
use crate::descriptors;
use crate::error::StartError;
use crate::watchdog::this_program;

/// How often a group is looked at that was told to end.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How much is read of what a step says that failed.
const SAID: u64 = 4096;

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
    pub(crate) fn start(config: &StdioConfig) -> Result<(Self, Pipes, Option<Witness>), StartError> {
        let (mut command, step) = command(config)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if step.is_none() {
            // A step makes a session of its own, which is a group, too.
            command.process_group(0);
        }
        if let Some(cwd) = &config.cwd {
            command.current_dir(cwd);
        }
        if !config.inherits {
            command.env_clear();
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
        if step.is_none() {
            descriptors::as_given(group);
        }
        let server = Self { child, group };
        match step.map(Step::taken).transpose() {
            Ok(None) => Ok((server, pipes, None)),
            Ok(Some(Some(witness))) => Ok((server, pipes, Some(witness))),
            Ok(Some(None)) => Err(server.walls_failed(config, &pipes.stderr)),
            Err(source) => {
                server.kill();
                Err(StartError::Own { part: "sandbox", source })
            }
        }
    }

    /// The step behind the walls ended without becoming the server: its stderr says why.
    fn walls_failed(mut self, config: &StdioConfig, stderr: &File) -> StartError {
        let mut why = String::new();
        let _ = self.child.wait();
        let _ = stderr.take(SAID).read_to_string(&mut why);
        let why = why.trim().trim_start_matches("vanguard: the server was not started: ").to_owned();
        StartError::Walls { name: config.name.clone(), why }
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
        // A step that has not come to make its group.
        let _ = self.child.kill();
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

/// The server itself, or the step behind its walls.
fn command(config: &StdioConfig) -> Result<(Command, Option<Step>), StartError> {
    let Some(walls) = &config.walls else {
        let mut command = Command::new(&config.program);
        command.args(&config.args);
        return Ok((command, None));
    };
    let prepare = || {
        let mut command = this_program()?;
        let step = Step::prepare(&mut command, walls, config.program.clone(), config.args.iter().cloned())?;
        Ok((command, Some(step)))
    };
    prepare().map_err(|source| StartError::Own { part: "sandbox", source })
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
