//! Pins of servers, as they are written and as they are meant.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::origin::pick;
use super::{Layer, Set};

/// What servers said first of themselves and their tools, and are held to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Pins {
    /// Where it is kept: `disk` from session to session, `memory` as long as the proxy runs, `off` not at all.
    pub(crate) mode: Option<PinMode>,
    /// Directory of the files, of which each server has one; `pins` in the user's state directory when absent.
    pub(crate) path: Option<PathBuf>,
}

/// How long pins last: from not at all to for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum PinMode {
    /// There are none.
    Off,
    /// As long as the proxy runs.
    Memory,
    /// From session to session.
    Disk,
}

/// Pins, each value with its origin.
#[derive(Debug, Clone)]
pub(crate) struct Pinning {
    pub(crate) mode: Set<PinMode>,
    /// `None` where nobody named a directory.
    pub(crate) path: Set<Option<PathBuf>>,
}

impl Pinning {
    /// Resolves `layers`, strongest first.
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        Self {
            mode: pick(layers, PinMode::Disk, |w| w.pins.mode),
            path: pick(layers, None, |w| w.pins.path.clone().map(Some)),
        }
    }
}
