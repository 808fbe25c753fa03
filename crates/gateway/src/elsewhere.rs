//! Where there are no process groups and signals.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use vanguard_audit::Log;
use vanguard_engine::{Engine, Session};

use crate::{OpenSession, Outcome, Reporter, StartError, StdioConfig};

/// Not supported on this platform yet: always [`StartError::Unsupported`].
pub fn run(
    _: &StdioConfig,
    _: Engine,
    _: Session,
    _: &Log,
    _: Arc<dyn Reporter>,
    _: Option<&Path>,
) -> Result<Outcome, StartError> {
    Err(StartError::Unsupported)
}

/// No sessions where there is no proxy.
pub fn open_sessions(_: &Path) -> io::Result<Vec<OpenSession>> {
    Ok(Vec::new())
}

/// No server to stand before.
pub fn bridge() -> Option<ExitCode> {
    None
}

/// No watchdog where there is no proxy.
pub fn watchdog() -> Option<ExitCode> {
    None
}
