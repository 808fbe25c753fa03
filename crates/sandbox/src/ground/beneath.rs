//! The quick way: the kernel follows a path from a zone's handle, and refuses whatever leads out.
//!
//! It is taken for plain paths alone: without links, `..` or mounts on the way, so that what the letters say of the place
//! (how deep, whether hidden) is what the kernel found. All other paths are walked.

use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat2, statat};
use rustix::io::Errno;
use vanguard_engine::zone::{Standing, What, Within};

use super::anchor::{Anchor, Identity, shown};

/// How often a path that changes under the kernel's hands is tried again.
const TRIES: usize = 4;

/// What came of the quick way.
pub(super) enum Quick {
    /// The answer.
    Standing(Standing),
    /// It has to be walked.
    Walk,
    /// It has to be walked, and crosses a mount below this zone.
    Crosses(usize),
    /// This kernel, or whoever filters our calls, does not know the way.
    Unknown,
}

/// Where `path` leads, in the zones whose letters it begins with.
pub(super) fn resolve(anchors: &[Anchor], path: &[u8]) -> Quick {
    if !is_plain(path) {
        return Quick::Walk;
    }
    let mut within = smallvec::SmallVec::new();
    // The outermost zone: what lies in it without links lies in those below it too.
    let mut outermost: Option<(usize, &[u8], BorrowedFd<'_>)> = None;
    for (zone, anchor) in anchors.iter().enumerate() {
        let Some((spelling, rest)) = spelt(anchor, path) else { continue };
        // The letters may have come to mean another directory since.
        let held = statat(CWD, spelling, AtFlags::empty()).ok().map(|stat| Identity::of(&stat));
        if held.is_none() || held != anchor.identity() {
            continue;
        }
        within.push(lies(zone, rest));
        if let Some(directory) = anchor.directory()
            && outermost.is_none_or(|(_, longer, _)| rest.len() > longer.len())
        {
            outermost = Some((zone, rest, directory));
        }
    }
    let Some((zone, rest, directory)) = outermost else { return Quick::Walk };
    let what = match look(directory, rest) {
        Ok(what) => what,
        // Nothing on the way was a link, so it lies below the zone all the same. It may be made where its parent stands.
        Err(Errno::NOENT) => match rest.iter().rposition(|byte| *byte == b'/') {
            Some(at) if look(directory, &rest[..at]) != Ok(What::Directory) => What::Nowhere,
            _ => What::Missing,
        },
        Err(Errno::XDEV) => return Quick::Crosses(zone),
        Err(Errno::NOSYS | Errno::PERM | Errno::INVAL) => return Quick::Unknown,
        Err(_) => return Quick::Walk,
    };
    let place = shown(path);
    Quick::Standing(Standing { place, what, within, left: smallvec::SmallVec::new(), trouble: None })
}

/// Whether the letters of a path are its names: from the root, none empty, `.` or `..`.
fn is_plain(path: &[u8]) -> bool {
    path.first() == Some(&b'/') && path[1..].split(|byte| *byte == b'/').all(|name| !matches!(name, b"" | b"." | b".."))
}

fn spelt<'a, 'p>(anchor: &'a Anchor, path: &'p [u8]) -> Option<(&'a [u8], &'p [u8])> {
    anchor.spellings.iter().find_map(|spelling| Some((spelling.as_slice(), Anchor::rest(spelling, path)?)))
}

fn lies(zone: usize, rest: &[u8]) -> Within {
    let names = rest.split(|byte| *byte == b'/').filter(|name| *name != b".");
    let (depth, hidden) = names.fold((0, false), |(depth, hidden), name| (depth + 1, hidden || name.starts_with(b".")));
    Within { zone, depth, hidden, link: false, mount: false }
}

fn look(directory: BorrowedFd<'_>, path: &[u8]) -> Result<What, Errno> {
    let resolve =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    let mut tries = 0;
    let handle = loop {
        tries += 1;
        match openat2(directory, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), resolve) {
            Err(Errno::AGAIN) if tries < TRIES => {}
            outcome => break outcome?,
        }
    };
    let stat = fstat(&handle)?;
    Ok(super::unix::what(&stat, FileType::from_raw_mode(stat.st_mode)))
}
