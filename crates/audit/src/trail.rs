//! The file on disk: whole lines appended, rotated by size, shared with other processes.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An append-only file that other processes append to, and rotate, as well.
#[derive(Debug)]
pub(crate) struct Trail {
    path: PathBuf,
    max_bytes: u64,
    keep: u32,
    file: Arc<File>,
    identity: Identity,
    /// The last write ended inside a line.
    torn: bool,
}

impl Trail {
    pub(crate) fn open(path: &Path, max_bytes: u64, keep: u32) -> io::Result<Self> {
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            make_directory(parent)?;
        }
        let (file, identity) = open_file(path)?;
        Ok(Self { path: path.to_owned(), max_bytes, keep: keep.max(1), file: Arc::new(file), identity, torn: false })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file, to force to disk without holding anything else up; `None` where that means nothing (a device).
    pub(crate) fn to_sync(&self) -> Option<Arc<File>> {
        self.identity.regular.then(|| Arc::clone(&self.file))
    }

    /// Appends `lines`, which end with an LF, and takes from it what has been written. On failure whole lines that
    /// did not get through stay in it.
    pub(crate) fn append(&mut self, lines: &mut Vec<u8>) -> io::Result<()> {
        self.follow()?;
        if self.torn {
            // Ends the torn line, so that it spoils no other.
            (&*self.file).write_all(b"\n")?;
            self.torn = false;
        }
        let (written, outcome) = write_whole(&self.file, lines);
        let whole = lines[..written].iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        self.torn = written > whole;
        lines.drain(..whole);
        outcome?;
        self.rotate_if_due()
    }

    /// Opens the path anew when another process has rotated it, or somebody removed it.
    fn follow(&mut self) -> io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|now| Identity::of(&now) == self.identity) {
            return Ok(());
        }
        let (file, identity) = open_file(&self.path)?;
        (self.file, self.identity, self.torn) = (Arc::new(file), identity, false);
        Ok(())
    }

    fn rotate_if_due(&mut self) -> io::Result<()> {
        if !self.identity.regular || self.file.metadata()?.len() < self.max_bytes {
            return Ok(());
        }
        let lock = private().write(true).create(true).truncate(false).open(with_suffix(&self.path, "lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            // Somebody else is at it: the next write sees the outcome.
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between our look and our lock another process may have rotated.
        if fs::metadata(&self.path).is_ok_and(|now| Identity::of(&now) == self.identity) {
            for n in (1..self.keep).rev() {
                rename_if_there(&self.numbered(n), &self.numbered(n + 1))?;
            }
            rename_if_there(&self.path, &self.numbered(1))?;
        }
        self.follow()
        // The lock goes with its file.
    }

    fn numbered(&self, n: u32) -> PathBuf {
        with_suffix(&self.path, &n.to_string())
    }
}

/// What tells two files apart that had the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    regular: bool,
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino(), regular: metadata.is_file() }
    }

    /// Without inodes a file is taken for the one of its name: an open file can't be renamed away there.
    #[cfg(not(unix))]
    fn of(metadata: &fs::Metadata) -> Self {
        Self { device: 0, inode: 0, regular: metadata.is_file() }
    }
}

fn open_file(path: &Path) -> io::Result<(File, Identity)> {
    let file = private().append(true).create(true).open(path)?;
    let identity = Identity::of(&file.metadata()?);
    Ok((file, identity))
}

/// Options that make files for their owner alone.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a thing of Unix"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Writes all of `bytes`, in one call where the system takes it so; tells how far it came.
fn write_whole(mut file: &File, bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(n) => written += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
