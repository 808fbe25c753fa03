//! Who ends the server when the proxy can't: after `kill -9`, or the kernel's out-of-memory killer.
//!
//! A second, tiny process of this program waits on a pipe whose other end the proxy alone holds. A byte tells it to stand down; the end of
//! the pipe without one means that the proxy died.

use std::io::{self, PipeWriter, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

/// The hidden first argument that makes this program a watchdog; `--group NUMBER` follows.
const ROLE: &str = "__watchdog";
/// How long the group has between SIGTERM and SIGKILL.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The watchdog of one server, seen from the proxy.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Child,
    leash: PipeWriter,
}

impl Watchdog {
    pub(crate) fn start(group: Pid) -> io::Result<Self> {
        let (end, leash) = io::pipe()?;
        let child = this_program()?
            .args([ROLE, "--group", &group.as_raw_nonzero().to_string()])
            .stdin(end)
            // Whoever reads the proxy's output must see its end when the proxy dies, not when the watchdog is done.
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of reach of Ctrl-C and of whoever signals the proxy's group.
            .process_group(0)
            .spawn()?;
        Ok(Self { child, leash })
    }

    /// The server is gone: nothing is left to watch over.
    pub(crate) fn stand_down(mut self) {
        // If either fails the watchdog is gone already.
        let _ = self.leash.write_all(b".");
        let _ = self.child.wait();
    }
}

/// Acts as the watchdog, where this process was started as one: call it first thing in `main`.
///
/// `None`: it was not, go on. A program that calls [`run`](crate::run) without calling this would start itself once more for each session.
pub fn watchdog() -> Option<ExitCode> {
    let mut args = std::env::args_os().skip(1);
    if args.next()? != ROLE {
        return None;
    }
    let group = args.nth(1).and_then(|group| group.to_str()?.parse().ok()).and_then(Pid::from_raw);
    Some(group.map_or(ExitCode::from(2), watch))
}

fn watch(group: Pid) -> ExitCode {
    if let Ok(1..) = io::stdin().read(&mut [0]) {
        return ExitCode::SUCCESS;
    }
    // The number still means the server's group: the proxy reaps the leader only when it ends the session, and says so before it exits. So
    // at the proxy's death the leader, alive or not, held the number a moment ago; and a group keeps it while any member lives.
    let _ = kill_process_group(group, Signal::TERM);
    let deadline = Instant::now() + PATIENCE;
    while test_kill_process_group(group).is_ok() {
        if Instant::now() >= deadline {
            let _ = kill_process_group(group, Signal::KILL);
            break;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    ExitCode::SUCCESS
}

/// On Linux by the link that outlives an upgrade of the file on disk.
pub(crate) fn this_program() -> io::Result<Command> {
    let path = std::env::current_exe();
    if cfg!(target_os = "linux") {
        let mut command = Command::new("/proc/self/exe");
        if let Ok(path) = path {
            command.arg0(path);
        }
        Ok(command)
    } else {
        path.map(Command::new)
    }
}
