//! Where a path leads: what the engine asks of the file system, as an argument. Decisions replay by the answers.

use std::fmt;

use serde::Serialize;
use smallvec::SmallVec;

/// The file system as one server sees it. The one who looks: its answers are facts, and decide nothing.
///
/// Zones are named by their place in [`crate::Policy::zones`].
pub trait Ground: fmt::Debug + Send + Sync {
    /// Where `path` leads now. A relative one is meant from the server's working directory.
    fn resolve(&self, path: &str) -> Standing;

    /// A variable of the server's environment.
    fn variable(&self, name: &str) -> Option<&str>;
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// As the system names it, without links; as far as it was followed where there was trouble.
    pub place: String,
    /// What stands there.
    pub what: What,
    /// The zones that it lies in.
    pub within: SmallVec<[Within; 2]>,
    /// Zones that a link in them led out of.
    pub left: SmallVec<[usize; 1]>,
    /// Why it could not be followed to its end.
    pub trouble: Option<Trouble>,
}

impl Standing {
    /// One that could not be followed beyond `place`.
    pub fn lost(place: impl Into<String>, trouble: Trouble) -> Self {
        Self {
            place: place.into(),
            what: What::Nowhere,
            within: SmallVec::new(),
            left: SmallVec::new(),
            trouble: Some(trouble),
        }
    }
}

/// A zone that a path leads into, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Within {
    /// Which.
    pub zone: usize,
    /// How many names below it: 0 is the zone itself.
    pub depth: usize,
    /// Whether one of these names begins with a dot.
    pub hidden: bool,
    /// Whether a link in it was followed.
    pub link: bool,
    /// Whether it lies below something that is mounted in the zone.
    pub mount: bool,
}

/// What stands at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Nothing yet, in a directory that is there: it may be made.
    Missing,
    /// Nothing, and not even the directory that it should stand in.
    Nowhere,
    /// A file with this many names.
    File(u64),
    /// A directory.
    Directory,
    /// A device, a pipe or a socket.
    Special,
}

/// Why a path could not be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// It goes through a link of the kernel's, such as `/proc/self/root`.
    MagicLink,
    /// It goes through links without end.
    Loop,
    /// We may not look there.
    Denied,
    /// A file stands where a directory should.
    NotDirectory,
    /// It is longer than any path may be.
    TooLong,
    /// It is spelt so that systems read it differently: a NUL, a host in a file URI, the home of another user.
    Spelling,
    /// A device of Windows: `\\.\`, `CON`, `COM1`.
    Device,
    /// A share of another machine, or of this one by a way round: `\\host\share`.
    Share,
    /// A short name that Windows made (`PROGRA~1`), which may stand for any other.
    ShortName,
    /// An alternate stream of a file: `a.txt:hidden`.
    Stream,
    /// It changed while it was looked at.
    Changing,
    /// The system could not say.
    System,
    /// Nobody was there to ask.
    NoGround,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MagicLink => "goes through a link of the kernel's own",
            Self::Loop => "goes through links without end",
            Self::Denied => "leads where the proxy may not look",
            Self::NotDirectory => "goes through a file",
            Self::TooLong => "is longer than a path may be",
            Self::Spelling => "can be read in more than one way",
            Self::Device => "names a device",
            Self::Share => "names a share",
            Self::ShortName => "is a short name, which may stand for any other",
            Self::Stream => "names a stream of a file",
            Self::Changing => "changed while it was looked at",
            Self::System => "could not be followed by the system",
            Self::NoGround => "could not be followed: there is no file system to ask",
        })
    }
}
