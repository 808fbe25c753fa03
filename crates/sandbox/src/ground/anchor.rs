//! A zone held open.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, openat, statat};

use super::Site;

/// What a file is, whatever it is called: device and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) device: u64,
    pub(super) number: u64,
}

impl Identity {
    #[allow(
        clippy::unnecessary_cast,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        reason = "the fields' types differ by system, and only equality matters"
    )]
    pub(super) fn of(stat: &Stat) -> Self {
        Self { device: stat.st_dev as u64, number: stat.st_ino as u64 }
    }
}

/// How a directory is opened to go on from: to pass through, not to read, where the system knows the difference.
#[cfg(target_os = "linux")]
pub(super) const PASS: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
pub(super) const PASS: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC);

/// A zone that is there, or that is not.
#[derive(Debug)]
pub(super) struct Anchor {
    held: Option<Held>,
    /// How its path begins: as it was written, and without links.
    pub(super) spellings: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Held {
    identity: Identity,
    /// `None` of a file.
    directory: Option<OwnedFd>,
}

impl Anchor {
    /// Takes hold of the zone at `path`, which is absolute.
    pub(super) fn hold(path: &Path) -> io::Result<(Self, Site)> {
        let real = path.canonicalize()?;
        let stat = statat(CWD, &real, AtFlags::empty())?;
        let is_file = FileType::from_raw_mode(stat.st_mode) != FileType::Directory;
        let directory = if is_file { None } else { Some(openat(CWD, &real, PASS, Mode::empty())?) };
        // Of what is held, not of what stood there before.
        let identity = match &directory {
            Some(directory) => Identity::of(&fstat(directory)?),
            None => Identity::of(&stat),
        };
        let mut spellings = vec![bytes(&real)];
        let written = bytes(path);
        if written != spellings[0] && written.len() > 1 {
            spellings.push(written);
        }
        Ok((Self { held: Some(Held { identity, directory }), spellings }, Site { path: real, is_file }))
    }

    /// A zone that is not there: nothing lies in it.
    pub(super) fn gone() -> Self {
        Self { held: None, spellings: Vec::new() }
    }

    pub(super) fn identity(&self) -> Option<Identity> {
        self.held.as_ref().map(|held| held.identity)
    }

    pub(super) fn directory(&self) -> Option<BorrowedFd<'_>> {
        self.held.as_ref()?.directory.as_ref().map(OwnedFd::as_fd)
    }

    /// What follows the zone in `path`, where it begins with this spelling of it.
    pub(super) fn rest<'p>(spelling: &[u8], path: &'p [u8]) -> Option<&'p [u8]> {
        match path.strip_prefix(spelling)? {
            [] => Some(b"."),
            [b'/', rest @ ..] => Some(rest),
            rest => (spelling == b"/").then_some(rest),
        }
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    let end = bytes.iter().rposition(|byte| *byte != b'/').map_or(1.min(bytes.len()), |at| at + 1);
    bytes[..end].to_vec()
}

pub(super) fn shown(bytes: &[u8]) -> String {
    OsStr::from_bytes(bytes).to_string_lossy().into_owned()
}
