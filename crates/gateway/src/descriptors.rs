//! As many descriptors as this process may have. Each connection takes one, and most systems give a process 1,024 until it asks for more.

use std::sync::OnceLock;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};

/// What we were given before we asked for more.
static GIVEN: OnceLock<Rlimit> = OnceLock::new();

/// Asks for all that there may be.
pub(crate) fn raise() {
    let given = *GIVEN.get_or_init(|| getrlimit(Resource::Nofile));
    // What is not given is noticed by connections that wait.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: given.maximum, ..given });
}

/// Gives a server without walls what it would have had without us: some go through all the descriptors that there may be, or know no numbers
/// beyond 1,024.
#[cfg(target_os = "linux")]
pub(crate) fn as_given(server: Pid) {
    if let Some(given) = GIVEN.get() {
        // It may have ended.
        let _ = rustix::process::prlimit(Some(server), Resource::Nofile, *given);
    }
}

/// Elsewhere it has what we have.
#[cfg(not(target_os = "linux"))]
pub(crate) fn as_given(_: Pid) {}
