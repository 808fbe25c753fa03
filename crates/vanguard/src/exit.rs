//! How the program ends: one exit code a cause, one clear line a failure.

use std::fmt;
use std::process::ExitCode;

/// A failure, by who can mend it. Its text is one clear line (or one line a fault) without secrets.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for something that cannot be, or names a file that cannot be read: exit code 2.
    Usage(String),
    /// A setting, a rule or a variable is wrong: exit code 3.
    Configuration(String),
    /// The server could not be started: exit code 4.
    Server(String),
    /// The command did its work and the answer is no: exit code 1. The report says why.
    Refused,
}

impl Failure {
    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Refused => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 3,
            Self::Server(_) => 4,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Configuration(text) | Self::Server(text) => f.write_str(text),
            Self::Refused => f.write_str("refused"),
        }
    }
}

/// What a command comes to.
pub(crate) type Outcome = Result<ExitCode, Failure>;
