//! Where a value came from.

use std::fmt;
use std::path::PathBuf;

use vanguard_engine::policy::Profile;

use super::Written;

/// The source of a value, from the strongest to the weakest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag on the command line.
    Flag(&'static str),
    /// An environment variable.
    Variable(&'static str),
    /// The file named by `--config` or `VANGUARD_CONFIG`.
    Named(PathBuf),
    /// `vanguard.yaml` in the working directory: whoever wrote that directory wrote it.
    Project(PathBuf),
    /// The user's own file.
    User(PathBuf),
    /// What the profile implies.
    Profile(Profile),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Named(path) => write!(f, "file {}", path.display()),
            Self::Project(path) => write!(f, "project file {}", path.display()),
            Self::User(path) => write!(f, "user file {}", path.display()),
            Self::Profile(profile) => write!(f, "profile {}", format!("{profile:?}").to_lowercase()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value and its source.
#[derive(Debug, Clone)]
pub(crate) struct Set<T> {
    /// What holds.
    pub(crate) value: T,
    /// Who said so.
    pub(crate) origin: Origin,
}

/// All that one source says.
#[derive(Debug, Clone)]
pub(crate) struct Layer {
    /// The source.
    pub(crate) origin: Origin,
    /// What it says; empty where it is silent.
    pub(crate) written: Written,
}

/// The strongest layer's value for one key, or `default`.
pub(crate) fn pick<T>(layers: &[Layer], default: T, get: impl Fn(&Written) -> Option<T>) -> Set<T> {
    layers
        .iter()
        .find_map(|layer| get(&layer.written).map(|value| Set { value, origin: layer.origin.clone() }))
        .unwrap_or(Set { value: default, origin: Origin::Default })
}
