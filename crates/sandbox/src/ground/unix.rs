//! The ground on Linux, macOS and their kin.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{FileType, Stat};
use vanguard_engine::zone::{Ground as Asked, Standing, What};

use super::anchor::Anchor;
use super::{Site, Step, walk};

/// The file system as one server sees it.
#[derive(Debug)]
pub struct Ground {
    anchors: Vec<Anchor>,
    directory: PathBuf,
    variables: Vec<(String, String)>,
    /// Whether the kernel is not asked to follow a path by itself, or cannot.
    walks: AtomicBool,
}

impl Ground {
    /// That of a server that runs in `directory`. It knows no zones and no variables yet.
    pub fn new(directory: &Path) -> io::Result<Self> {
        let directory = directory.canonicalize()?;
        let variables = Vec::new();
        Ok(Self { anchors: Vec::new(), directory, variables, walks: AtomicBool::new(cfg!(not(target_os = "linux"))) })
    }

    /// Takes hold of the next zone. Where that fails it is a zone that nothing lies in, and the error says why.
    pub fn hold(&mut self, path: &Path) -> io::Result<Site> {
        match Anchor::hold(&self.directory.join(path)) {
            Ok((anchor, site)) => {
                self.anchors.push(anchor);
                Ok(site)
            }
            Err(error) => {
                self.anchors.push(Anchor::gone());
                Err(error)
            }
        }
    }

    /// The same, with the variables of the server's environment.
    #[must_use]
    pub fn seeing(self, variables: Vec<(String, String)>) -> Self {
        Self { variables, ..self }
    }

    /// The same, that walks every path, as it must where the kernel does not follow one by itself.
    #[must_use]
    pub fn walking(self) -> Self {
        self.walks.store(true, Ordering::Relaxed);
        self
    }

    /// Where `path` leads, and every step of the way.
    pub fn trace(&self, path: &str, tell: &mut dyn FnMut(Step)) -> Standing {
        walk::walk(&self.anchors, self.directory.join(path).as_os_str().as_bytes(), Some(tell))
    }
}

impl Asked for Ground {
    fn resolve(&self, path: &str) -> Standing {
        let full = self.directory.join(path);
        let full = full.as_os_str().as_bytes();
        #[cfg(target_os = "linux")]
        if !self.walks.load(Ordering::Relaxed) {
            use super::beneath::{self, Quick};
            match beneath::resolve(&self.anchors, full) {
                Quick::Standing(standing) => return standing,
                Quick::Walk => {}
                Quick::Unknown => self.walks.store(true, Ordering::Relaxed),
                Quick::Crosses(zone) => {
                    let mut standing = walk::walk(&self.anchors, full, None);
                    // A directory bound into another of the same device shows to the kernel alone.
                    standing
                        .within
                        .iter_mut()
                        .filter(|within| within.zone == zone)
                        .for_each(|within| within.mount = true);
                    return standing;
                }
            }
        }
        walk::walk(&self.anchors, full, None)
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[allow(clippy::unnecessary_cast, clippy::useless_conversion, reason = "the field's type differs by system")]
pub(super) fn what(stat: &Stat, kind: FileType) -> What {
    match kind {
        FileType::Directory => What::Directory,
        FileType::RegularFile => What::File(u64::from(stat.st_nlink)),
        _ => What::Special,
    }
}

#[cfg(test)]
mod tests;
