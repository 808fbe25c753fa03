//! Zones as they are written: in `vanguard.yaml`, and in a `safe_zones.yaml` of mcp-vanguard 1.5.0.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_engine::zone::Rights;

/// A directory that a server or a tool may touch.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct Zone {
    /// The directory, with all below it; or one file. Several as a list. `~` is the home directory.
    pub(crate) path: Paths,
    /// What may be done there: `read`, `write`, `execute`; `[read, write]` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rights: Option<Vec<Right>>,
    /// Glob over server names; any server when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) server: Option<String>,
    /// Glob over tool names; any tool when absent. A tool that no zone is for may name any path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<String>,
    /// Whether it covers all below it, or its own entries alone. All by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) recursive: Option<bool>,
    /// Whether it covers names that begin with a dot. It does by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hidden: Option<bool>,
    /// Whether symbolic links in it may be gone through, where they lead to a zone. They may by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) follow_links: Option<bool>,
    /// Whether it covers what is mounted below it. It does by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cross_mounts: Option<bool>,
    /// What becomes of a file with a further name, which may stand outside: `allow`, `warn` (by default) or `deny`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hard_links: Option<HardLinks>,
    /// Most bits a byte that what a tool writes may hold: prose has about 4.5, packed or encrypted data nearly 8. No limit
    /// when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_entropy: Option<f64>,
}

impl Zone {
    /// One with everything else by default.
    pub(crate) fn new(path: PathBuf, rights: Option<Vec<Right>>) -> Self {
        Self {
            path: Paths::One(path),
            rights,
            server: None,
            tool: None,
            recursive: None,
            hidden: None,
            follow_links: None,
            cross_mounts: None,
            hard_links: None,
            max_entropy: None,
        }
    }

    /// Takes relative paths from `base`.
    pub(crate) fn rebase(&mut self, base: &Path) {
        let paths = match &mut self.path {
            Paths::One(path) => std::slice::from_mut(path),
            Paths::Several(paths) => paths,
        };
        for path in paths.iter_mut().filter(|path| !path.starts_with("~")) {
            *path = base.join(&path);
        }
    }
}

/// One path or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(crate) enum Paths {
    /// One.
    One(PathBuf),
    /// Several.
    Several(Vec<PathBuf>),
}

impl Paths {
    pub(crate) fn each(&self) -> &[PathBuf] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        }
    }
}

/// What may be done in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Right {
    /// Read files and list directories.
    Read,
    /// Create, change, move and delete them.
    Write,
    /// Run them.
    Execute,
}

impl Right {
    /// As the policy and the walls know it.
    pub(crate) fn meant(self) -> Rights {
        match self {
            Self::Read => Rights::READ,
            Self::Write => Rights::WRITE,
            Self::Execute => Rights::EXECUTE,
        }
    }
}

/// What becomes of a file with a further name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum HardLinks {
    /// Nothing.
    Allow,
    /// It is recorded.
    Warn,
    /// It is refused.
    Deny,
}

/// An entry of a `safe_zones.yaml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SafeZone {
    /// The name of the tool that it confines.
    pub(crate) tool: String,
    /// Where it may go; none means anywhere.
    #[serde(default)]
    pub(crate) allowed_prefixes: Vec<String>,
    /// Most bits a byte of what it writes.
    #[serde(default)]
    pub(crate) max_entropy: Option<f64>,
    /// Whether all below the prefixes is allowed.
    #[serde(default = "yes")]
    pub(crate) recursive: bool,
}

fn yes() -> bool {
    true
}
