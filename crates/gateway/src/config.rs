//! What to wrap, and how long to wait for it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vanguard_sandbox::Walls;

/// One MCP server over stdio.
#[derive(Debug, Clone)]
pub struct StdioConfig {
    /// The name it goes by in records, reports and the prefix of its stderr.
    pub name: String,
    /// The program, looked up in `PATH` where it has no slash.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Where it runs; `None`: where we run.
    pub cwd: Option<PathBuf>,
    /// Changes to the environment it inherits from us: a value to set, `None` to remove.
    pub env: Vec<(OsString, Option<OsString>)>,
    /// Whether it inherits our environment; otherwise it has only what `env` sets.
    pub inherits: bool,
    /// The variable in which it is told what the client shows to the server (`Authorization`), if it is.
    pub shows: Option<OsString>,
    /// The walls that it runs behind, if any.
    pub walls: Option<Walls>,
    /// Why the kernel keeps less of the walls than was meant; recorded.
    pub unkept: Option<String>,
    /// The longest line of either side that is judged whole; a longer one is refused.
    pub max_message: usize,
    /// How long the end of a session may take.
    pub waits: Waits,
}

impl StdioConfig {
    /// `program` with `args`, named after the program, everything else by default.
    pub fn new(program: impl Into<OsString>, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let program = program.into();
        let base = Path::new(&program).file_name().unwrap_or(&program);
        Self {
            name: base.to_string_lossy().into_owned(),
            args: args.into_iter().map(Into::into).collect(),
            cwd: None,
            env: Vec::new(),
            inherits: true,
            shows: None,
            walls: None,
            unkept: None,
            max_message: vanguard_wire::Limits::default().message_bytes,
            waits: Waits::default(),
            program,
        }
    }
}

/// How long the end of a session may take, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// After the client has closed its end: for answers to what it asked before.
    pub drain: Duration,
    /// After the server's stdin is closed, or a signal was passed on: for the server to end by itself.
    pub grace: Duration,
    /// After SIGTERM: for the server to end before SIGKILL.
    pub term: Duration,
    /// After the server's end: for silence on its stdout, where a descendant of it holds that open.
    pub tail: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            drain: Duration::from_secs(30),
            grace: Duration::from_secs(2),
            term: Duration::from_secs(2),
            tail: Duration::from_secs(1),
        }
    }
}
