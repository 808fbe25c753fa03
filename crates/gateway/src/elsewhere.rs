//! Where there are no process groups and signals.

use std::process::ExitCode;
use std::sync::Arc;

use vanguard_audit::Log;
use vanguard_engine::{Engine, Session};

use crate::{Outcome, Reporter, StartError, StdioConfig};

/// Not supported on this platform yet: always [`StartError::Unsupported`].
pub fn run(_: &StdioConfig, _: Engine, _: Session, _: &Log, _: Arc<dyn Reporter>) -> Result<Outcome, StartError> {
    Err(StartError::Unsupported)
}

/// No server to stand before.
pub fn bridge() -> Option<ExitCode> {
    None
}

/// No watchdog where there is no proxy.
pub fn watchdog() -> Option<ExitCode> {
    None
}
