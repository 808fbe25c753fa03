//! Files of evidence: for their owner alone, and there as a whole or not at all.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Options that make files for their owner alone.
pub(crate) fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are a thing of Unix"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a directory, and those above it, for their owner alone.
pub(crate) fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Puts `bytes` in the place of a file, whole: who reads it sees the old or the new. `forced`: and on disk before it is seen.
pub(crate) fn replace(path: &Path, bytes: &[u8], forced: bool) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    let write = |mut file: File| {
        file.write_all(bytes)?;
        if forced { file.sync_data() } else { Ok(()) }
    };
    match private().write(true).create(true).truncate(true).open(new) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(parent) = path.parent() {
                make_directory(parent)?;
            }
            write(private().write(true).create(true).truncate(true).open(new)?)?;
        }
        opened => write(opened?)?,
    }
    fs::rename(new, path)
}

/// Forces files below `dir`, and what lists them, to disk: one by one, and where there are many by one call for the whole file system, which
/// then takes them together.
pub(crate) fn force_all(dir: &Path, files: &[PathBuf]) -> io::Result<()> {
    const MANY: usize = 64;
    #[cfg(target_os = "linux")]
    if files.len() > MANY {
        return Ok(rustix::fs::syncfs(File::open(dir)?)?);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (dir, MANY);
    let mut parents = BTreeSet::new();
    for file in files {
        File::open(file)?.sync_data()?;
        parents.extend(file.parent());
    }
    parents.into_iter().try_for_each(force_directory)
}

/// Forces what a directory lists to disk. Only Unix lets one open it for that.
pub(crate) fn force_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}
