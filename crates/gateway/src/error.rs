//! Why a session did not begin.

use std::io;
use std::path::PathBuf;

/// The server could not be started, or not be watched over. Nothing is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No such program.
    #[error(
        "cannot start the server {name}: there is no program {program}. Check its spelling and PATH, or give its full path"
    )]
    NoProgram {
        /// The server's name.
        name: String,
        /// What was to be started.
        program: String,
    },
    /// The directory it should run in is none.
    #[error(
        "cannot start the server {name}: {} is not a directory that can be entered: {source}. Mend the server's cwd",
        cwd.display()
    )]
    NoDirectory {
        /// The server's name.
        name: String,
        /// Where it should have run.
        cwd: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused.
    #[error(
        "cannot start the server {name} ({program}): {source}. Check that the file is executable and that process limits are not reached"
    )]
    Refused {
        /// The server's name.
        name: String,
        /// What was to be started.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The walls round it could not be raised.
    #[error(
        "the server {name} was not started: its walls cannot be raised: {why}. Use a newer kernel, or start it with \
         --sandbox=off and know that nothing then keeps it in"
    )]
    Walls {
        /// The server's name.
        name: String,
        /// What the step behind the walls said.
        why: String,
    },
    /// What the proxy itself needs: threads, pipes, its watchdog.
    #[error("cannot start the proxy's {part}: {source}. Check the limits on processes and open files (ulimit -a)")]
    Own {
        /// What could not be made.
        part: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The address cannot be listened at.
    #[error("cannot listen at {listen}: {source}. Choose another --host or --port")]
    Listen {
        /// Where.
        listen: std::net::SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Not Linux, not macOS, no BSD.
    #[error(
        "the stdio proxy does not run on this platform yet: it needs process groups and signals of Unix. On Windows, use WSL"
    )]
    Unsupported,
}
