//! Zones: the directories that a server or a tool may touch, and how.
//!
//! The engine finds the paths of a call ([`spelling`]) and the rights that it needs there ([`needs`]), has a [`Ground`] say
//! where each leads, and turns the answers into findings ([`breach`]). The ground alone looks, the engine alone decides.

mod asked;
mod breach;
mod content;
mod ground;
mod guard;
mod needs;
mod spelling;

use std::fmt;

use globset::GlobMatcher;
use serde::{Deserialize, Serialize};

pub use breach::{Breach, breaches};
pub use ground::{Ground, Standing, Trouble, What, Within};
pub use guard::{MAX_PATHS, Place};
pub use needs::{of_argument, of_tool};
pub use spelling::spellings;

pub(crate) use guard::{Found, Guard};

/// The most zones of one engine.
pub const MAX_ZONES: usize = 256;

bitflags::bitflags! {
    /// What may be done with the files of a directory.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
    #[serde(transparent)]
    pub struct Rights: u8 {
        /// Read files and list directories.
        const READ = 1;
        /// Create, change, move and delete them.
        const WRITE = 1 << 1;
        /// Run them.
        const EXECUTE = 1 << 2;
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (right, letter) in [(Self::READ, 'r'), (Self::WRITE, 'w'), (Self::EXECUTE, 'x')] {
            if self.contains(right) {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

/// What becomes of a file with more than one name: another may stand outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HardLinks {
    /// It is like any other.
    Allow,
    /// It is recorded.
    #[default]
    Warn,
    /// It is refused.
    Deny,
}

/// One directory (or file) that may be touched.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the configuration, and they are independent")]
pub struct Zone {
    /// The tools that it is for; every one when absent.
    pub tool: Option<GlobMatcher>,
    /// Where it lies, as people know it.
    pub path: Box<str>,
    /// What may be done there.
    pub rights: Rights,
    /// Whether that holds of all below it, or of its own entries alone.
    pub recursive: bool,
    /// Whether it holds of files and directories whose name begins with a dot.
    pub hidden: bool,
    /// Whether symbolic links in it are followed. None leads out of it either way.
    pub links: bool,
    /// Whether what is mounted below it belongs to it.
    pub mounts: bool,
    /// What becomes of files in it that have further names.
    pub hard_links: HardLinks,
    /// The most bits a byte that what is written there may hold.
    pub max_entropy: Option<f64>,
    /// Which list it stands in: zones of one list add up, and each list that speaks of a tool confines it by itself. So no
    /// list can widen what another allows.
    pub list: u8,
}

impl Zone {
    /// A zone for every tool, to read and write, with everything below it.
    pub fn new(path: impl Into<Box<str>>) -> Self {
        Self {
            tool: None,
            path: path.into(),
            rights: Rights::READ | Rights::WRITE,
            recursive: true,
            hidden: true,
            links: true,
            mounts: true,
            hard_links: HardLinks::default(),
            max_entropy: None,
            list: 0,
        }
    }

    /// Whether it is for `tool`; for what no tool does, such as reading a resource, where that is `None`.
    pub fn concerns(&self, tool: Option<&str>) -> bool {
        self.tool.as_ref().is_none_or(|glob| tool.is_some_and(|tool| glob.is_match(tool)))
    }
}
