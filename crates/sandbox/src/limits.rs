//! What a process may use up.

use rustix::io;
use rustix::process::{Resource, Rlimit, setrlimit};

use crate::walls::Limits;

/// Sets the limits for this process and all that it starts. What was lower stays so.
pub(crate) fn set(limits: &Limits) -> io::Result<()> {
    lower(Resource::Core, 0)?;
    lower(Resource::Nproc, limits.processes)?;
    lower(Resource::Nofile, limits.files)?;
    if let Some(bytes) = limits.address_space {
        lower(Resource::As, bytes)?;
    }
    Ok(())
}

fn lower(resource: Resource, to: u64) -> io::Result<()> {
    let now = rustix::process::getrlimit(resource);
    let to = now.maximum.map_or(to, |maximum| maximum.min(to));
    setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) })
}
