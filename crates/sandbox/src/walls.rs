//! What is open, and what is not.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vanguard_engine::zone::Rights;

/// A file or directory that stays open, with everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// Absolute, without symbolic links.
    pub path: PathBuf,
    /// What may be done there.
    pub rights: Rights,
    /// Who needs it, for people.
    pub why: String,
}

/// TCP ports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ports {
    /// Every port.
    Any,
    /// These alone; none when empty.
    Only(Vec<u16>),
}

/// Limits of the process and of each that it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Processes and threads of the user.
    pub processes: u64,
    /// Open files.
    pub files: u64,
    /// Bytes of address space; `None` for no limit, since V8 and Chromium reserve far more than they use.
    pub address_space: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { processes: 4096, files: 4096, address_space: None }
    }
}

/// All that a walled-in process may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each opens something else, and they are independent")]
pub struct Walls {
    /// Files and directories.
    pub openings: Vec<Opening>,
    /// Ports it may connect to by TCP.
    pub connect: Ports,
    /// Ports it may listen on by TCP.
    pub bind: Ports,
    /// Whether it may make Unix sockets: by one it could talk to a container engine or a key agent, which Landlock does
    /// not see before ABI 9.
    pub unix_sockets: bool,
    /// Whether it may make namespaces of its own, as browsers do for their sandboxes.
    pub namespaces: bool,
    /// Whether it may use rings of calls (`io_uring`), which the filter of calls does not see; Landlock does.
    pub io_uring: bool,
    /// Limits of its processes.
    pub limits: Limits,
    /// Whether to go on where the kernel keeps only some of this.
    pub degrade: bool,
    /// What the witness is told of.
    pub watch: Watch,
}

impl Walls {
    /// Whether they are open for what a process asks for.
    pub fn allow(&self, ask: &Ask) -> bool {
        let among = |ports: &Ports, port| match ports {
            Ports::Any => true,
            Ports::Only(ports) => ports.contains(&port),
        };
        match ask {
            Ask::File { path, rights, entry } => {
                let path = if *entry { path.parent().unwrap_or(path) } else { path };
                let above = self.openings.iter().filter(|opening| path.starts_with(&opening.path));
                above.fold(Rights::empty(), |all, opening| all | opening.rights).contains(*rights)
            }
            Ask::Connect(port) => among(&self.connect, *port),
            Ask::Listen(port) => among(&self.bind, *port),
            Ask::UnixSocket => self.unix_sockets,
            Ask::Process(_) => false,
        }
    }
}

/// What is told of: each telling costs the process that asks some microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watch {
    /// Calls that are forbidden whatever they ask for.
    #[default]
    Calls,
    /// Also files and ports that are not open, and processes outside.
    Outside,
    /// All that is asked for, and nothing is denied: there are no walls. To learn by what a server needs.
    Everything,
}

/// What a process asks for by a call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ask {
    /// A file or directory.
    File {
        /// Where it is, links followed.
        path: PathBuf,
        /// What is to be done with it.
        rights: Rights,
        /// Whether its name is made, removed or exchanged: that is done to the directory that holds it.
        entry: bool,
    },
    /// To connect to this TCP port.
    Connect(u16),
    /// To listen on this TCP port.
    Listen(u16),
    /// To connect to, or to be found at, a Unix socket.
    UnixSocket,
    /// Something of a process outside: to signal it, or to see what `/proc` keeps of it.
    Process(String),
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, rights, .. } => write!(f, "{} ({rights})", path.display()),
            Self::Connect(port) => write!(f, "TCP port {port}, to connect"),
            Self::Listen(port) => write!(f, "TCP port {port}, to listen"),
            Self::UnixSocket => f.write_str("a Unix socket"),
            Self::Process(what) => f.write_str(what),
        }
    }
}

/// A call that the witness was told of, and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The call's name.
    pub call: &'static str,
    /// Number of the process (or thread) that made it.
    pub process: u32,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The process was ended.
    Ended,
    /// The call failed, and the process goes on.
    Failed,
    /// The walls decide; they are not open for this. Without walls it went on.
    Asked(Ask),
    /// A forbidden call that went on, as there are no walls.
    WentOn,
}

/// What the kernel can keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ability {
    /// Landlock's ABI; 0 where there is none.
    pub landlock: u32,
    /// Whether filters of system calls tell a witness.
    pub seccomp: bool,
}

impl Ability {
    /// The first ABI that knows TCP ports, scoped signals and abstract sockets.
    pub const FULL_LANDLOCK: u32 = 6;

    /// Whether all of [`Walls`] can be kept.
    pub fn is_full(self) -> bool {
        self.landlock >= Self::FULL_LANDLOCK && self.seccomp
    }
}
