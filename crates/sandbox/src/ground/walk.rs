//! A path followed step by step, each directory held while the next name is looked up in it. It trusts no letters: a zone
//! is known by its directory, whatever name led there (a link, another case, another Unicode form, a mount).

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::Errno;
use smallvec::SmallVec;
use vanguard_engine::zone::{Standing, Trouble, What, Within};

use super::anchor::{Anchor, Identity, PASS, shown};
use super::{Step, StepKind, unix};

/// The most links on the way, as of the kernel.
const MAX_LINKS: usize = 40;
/// The most names on the way, those that links add among them.
const MAX_NAMES: usize = 1024;
/// The most bytes of a path, as of the kernel.
const MAX_BYTES: usize = 4096;

/// Where the absolute `path` leads. `tell` is told each step.
pub(super) fn walk(anchors: &[Anchor], path: &[u8], tell: Option<&mut dyn FnMut(Step)>) -> Standing {
    if path.len() >= MAX_BYTES {
        return Standing::lost(shown(path), Trouble::TooLong);
    }
    let root = match root() {
        Ok(root) => root,
        Err(error) => return Standing::lost("/", trouble(error)),
    };
    let mut walk = Walk {
        anchors,
        tell,
        chain: vec![Passed { identity: root.1, name: Vec::new() }],
        root: root.0.as_fd(),
        top: None,
        leaf: None,
        missing: Vec::new(),
        links: 0,
        linked: SmallVec::new(),
    };
    match walk.go(path) {
        Ok(()) => walk.standing(),
        Err(trouble) => Standing { trouble: Some(trouble), ..walk.standing() },
    }
}

struct Walk<'a, 't> {
    anchors: &'a [Anchor],
    tell: Option<&'t mut dyn FnMut(Step)>,
    /// The directories from the root down; the last is `top`.
    chain: Vec<Passed>,
    root: BorrowedFd<'a>,
    /// Where that is not the root.
    top: Option<OwnedFd>,
    /// What stands at the end, where that is no directory.
    leaf: Option<Leaf>,
    /// Names of nothing, after the last that there is.
    missing: Vec<Vec<u8>>,
    links: usize,
    /// The zones that a link was followed in.
    linked: SmallVec<[usize; 2]>,
}

struct Passed {
    identity: Identity,
    name: Vec<u8>,
}

struct Leaf {
    identity: Identity,
    name: Vec<u8>,
    what: What,
}

impl Walk<'_, '_> {
    fn top(&self) -> BorrowedFd<'_> {
        self.top.as_ref().map_or(self.root, OwnedFd::as_fd)
    }

    fn go(&mut self, path: &[u8]) -> Result<(), Trouble> {
        // Backwards, so that what a link adds goes on top.
        let mut names: Vec<Vec<u8>> = Vec::new();
        let mut left = MAX_NAMES;
        add(&mut names, path, &mut left)?;
        while let Some(name) = names.pop() {
            match &*name {
                b".." if self.missing.pop().is_none() => self.up()?,
                b".." => {}
                _ if self.leaf.is_some() => return Err(Trouble::NotDirectory),
                _ if !self.missing.is_empty() => self.miss(name),
                _ => {
                    if let Some(target) = self.step(name, names.is_empty())? {
                        add(&mut names, &target, &mut left)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Goes one name on. The target, where it is a link's.
    fn step(&mut self, name: Vec<u8>, last: bool) -> Result<Option<Vec<u8>>, Trouble> {
        // At the end there is a file more often than a directory, and nothing to hold.
        if last && let Ok(stat) = statat(self.top(), &*name, AtFlags::SYMLINK_NOFOLLOW) {
            let kind = FileType::from_raw_mode(stat.st_mode);
            if !matches!(kind, FileType::Directory | FileType::Symlink) {
                self.end(name, &stat, kind);
                return Ok(None);
            }
        }
        match openat(self.top(), &*name, PASS | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(next) => {
                let identity = Identity::of(&fstat(&next).map_err(trouble)?);
                self.top = Some(next);
                self.chain.push(Passed { identity, name });
                self.say(StepKind::Directory, None);
                Ok(None)
            }
            Err(Errno::NOENT) => {
                self.miss(name);
                Ok(None)
            }
            // A link, or a file.
            Err(Errno::NOTDIR | Errno::LOOP) => self.other(name),
            Err(error) => Err(trouble(error)),
        }
    }

    /// What is no directory: a link to follow, or the end of the way.
    fn other(&mut self, name: Vec<u8>) -> Result<Option<Vec<u8>>, Trouble> {
        let stat = statat(self.top(), &*name, AtFlags::SYMLINK_NOFOLLOW).map_err(trouble)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Symlink => self.link(&name).map(Some),
            FileType::Directory => Err(Trouble::Changing),
            kind => {
                self.end(name, &stat, kind);
                Ok(None)
            }
        }
    }

    fn end(&mut self, name: Vec<u8>, stat: &Stat, kind: FileType) {
        let what = unix::what(stat, kind);
        self.leaf = Some(Leaf { identity: Identity::of(stat), name, what });
        self.say(if what == What::Special { StepKind::Special } else { StepKind::File }, None);
    }

    fn miss(&mut self, name: Vec<u8>) {
        self.missing.push(name);
        self.say(StepKind::Missing, None);
    }

    fn link(&mut self, name: &[u8]) -> Result<Vec<u8>, Trouble> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Trouble::Loop);
        }
        if self.is_of_the_kernel()? {
            self.say(StepKind::Link("wherever the kernel has it".to_owned()), Some(name));
            return Err(Trouble::MagicLink);
        }
        let target = readlinkat(self.top(), name, Vec::new()).map_err(trouble)?.into_bytes();
        self.say(StepKind::Link(shown(&target)), Some(name));
        for zone in self.zones_round() {
            if !self.linked.contains(&zone) {
                self.linked.push(zone);
            }
        }
        if target.first() == Some(&b'/') {
            self.top = None;
            self.chain.truncate(1);
        }
        Ok(target)
    }

    /// Whether the links here lead elsewhere than they say (`/proc/self/root`), or elsewhere for the server than for us
    /// (`/proc/self`).
    fn is_of_the_kernel(&self) -> Result<bool, Trouble> {
        #[cfg(target_os = "linux")]
        {
            /// `PROC_SUPER_MAGIC` of the kernel.
            const PROC: u64 = 0x9fa0;
            let kind = rustix::fs::fstatfs(self.top()).map_err(trouble)?.f_type;
            Ok(u64::try_from(kind) == Ok(PROC))
        }
        #[cfg(not(target_os = "linux"))]
        Ok(false)
    }

    fn up(&mut self) -> Result<(), Trouble> {
        if self.leaf.is_some() {
            return Err(Trouble::NotDirectory);
        }
        if self.chain.len() > 1 {
            self.chain.pop();
            let above = openat(self.top(), c"..", PASS, Mode::empty()).map_err(trouble)?;
            let found = Identity::of(&fstat(&above).map_err(trouble)?);
            if self.chain.last().is_none_or(|passed| passed.identity != found) {
                return Err(Trouble::Changing);
            }
            self.top = Some(above);
        }
        self.say(StepKind::Up, None);
        Ok(())
    }

    /// The zones that hold the directory at hand.
    fn zones_round(&self) -> impl Iterator<Item = usize> + use<> {
        let held = |anchor: &Anchor| anchor.identity().is_some_and(|id| self.chain.iter().any(|p| p.identity == id));
        let zones: SmallVec<[usize; 4]> =
            self.anchors.iter().enumerate().filter(|(_, anchor)| held(anchor)).map(|(zone, _)| zone).collect();
        zones.into_iter()
    }

    fn say(&mut self, what: StepKind, link: Option<&[u8]>) {
        if self.tell.is_none() {
            return;
        }
        let mut place = self.place();
        if let Some(link) = link {
            place = format!("{}/{}", place.trim_end_matches('/'), shown(link));
        }
        let here = match &self.leaf {
            Some(leaf) => Some(leaf.identity),
            None => self.chain.last().map(|passed| passed.identity).filter(|_| what == StepKind::Directory),
        };
        let begins = |anchor: &Anchor| here.is_some() && anchor.identity() == here;
        let zones =
            self.anchors.iter().enumerate().filter(|(_, anchor)| begins(anchor)).map(|(zone, _)| zone).collect();
        if let Some(tell) = &mut self.tell {
            tell(Step { place, what, zones });
        }
    }

    /// The names from the root to the end.
    fn names(&self) -> impl Iterator<Item = &[u8]> {
        let passed = self.chain.iter().skip(1).map(|passed| &*passed.name);
        passed.chain(self.leaf.iter().map(|leaf| &*leaf.name)).chain(self.missing.iter().map(|name| &**name))
    }

    fn place(&self) -> String {
        let mut path = Vec::new();
        for name in self.names() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() { "/".to_owned() } else { shown(&path) }
    }

    fn standing(&self) -> Standing {
        let within = self.anchors.iter().enumerate().filter_map(|(zone, anchor)| self.lies(zone, anchor.identity()?));
        let within: SmallVec<[Within; 2]> = within.collect();
        let what = match &self.leaf {
            Some(leaf) => leaf.what,
            None => match self.missing.len() {
                0 => What::Directory,
                1 => What::Missing,
                _ => What::Nowhere,
            },
        };
        let is_left = |zone: &&usize| within.iter().all(|within| within.zone != **zone);
        let left = self.linked.iter().filter(is_left).copied().collect();
        Standing { place: self.place(), what, left, within, trouble: None }
    }

    /// How the end lies in a zone, where it does.
    fn lies(&self, zone: usize, identity: Identity) -> Option<Within> {
        let all = || self.chain.iter().map(|p| p.identity).chain(self.leaf.iter().map(|leaf| leaf.identity));
        let at = all().position(|passed| passed == identity)?;
        let below = self.names().skip(at);
        let (depth, hidden) =
            below.fold((0, false), |(depth, hidden), name| (depth + 1, hidden || name.starts_with(b".")));
        let mount = all().skip(at).any(|passed| passed.device != identity.device);
        Some(Within { zone, depth, hidden, link: self.linked.contains(&zone), mount })
    }
}

/// Held from the first walk on: a process keeps its root.
fn root() -> Result<&'static (OwnedFd, Identity), Errno> {
    static ROOT: OnceLock<(OwnedFd, Identity)> = OnceLock::new();
    if let Some(root) = ROOT.get() {
        return Ok(root);
    }
    let top = openat(CWD, c"/", PASS, Mode::empty())?;
    let identity = Identity::of(&fstat(&top)?);
    Ok(ROOT.get_or_init(|| (top, identity)))
}

/// Puts the names of `path` on the pile, the first on top.
fn add(names: &mut Vec<Vec<u8>>, path: &[u8], left: &mut usize) -> Result<(), Trouble> {
    for name in path.split(|byte| *byte == b'/').rev().filter(|name| !matches!(*name, b"" | b".")) {
        *left = left.checked_sub(1).ok_or(Trouble::TooLong)?;
        names.push(name.to_vec());
    }
    Ok(())
}

fn trouble(error: Errno) -> Trouble {
    match error {
        Errno::ACCESS | Errno::PERM => Trouble::Denied,
        Errno::NOTDIR => Trouble::NotDirectory,
        Errno::NAMETOOLONG => Trouble::TooLong,
        // What was a directory is a link now, or gone.
        Errno::LOOP | Errno::NOENT => Trouble::Changing,
        _ => Trouble::System,
    }
}
