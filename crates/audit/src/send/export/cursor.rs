//! How far the records of a log were sent: a file beside it.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::evidence::files::replace;

/// The most bytes of why it failed.
const MAX_ERROR: usize = 300;

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The number of the record that is sent next.
    pub next: u64,
    /// Records that were sent.
    pub sent: u64,
    /// Records that never will be: the log dropped them before, or the receiver refused them for good.
    pub missed: u64,
    /// Why the last try failed, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Cursor {
    /// Its name in the log's directory.
    pub(crate) const NAME: &str = "exported";

    /// Begins to send what a log is given from number `next` on, unless that was begun before.
    pub(crate) fn begin(log: &Path, next: u64) -> io::Result<()> {
        if Self::read(log)?.is_some() { Ok(()) } else { Self { next, ..Self::default() }.write(log) }
    }

    /// That of a log; `None` where nothing is sent of it.
    pub(super) fn read(log: &Path) -> io::Result<Option<Self>> {
        match fs::read(log.join(Self::NAME)) {
            // One that is damaged is begun anew.
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn write(&mut self, log: &Path) -> io::Result<()> {
        if let Some(error) = &mut self.error {
            *error = error.chars().filter(|c| !c.is_control()).take(MAX_ERROR).collect();
        }
        replace(&log.join(Self::NAME), &serde_json::to_vec(self)?, false)
    }
}
