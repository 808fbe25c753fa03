//! Bounded reading of files and stdin.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::exit::Failure;

/// Refuses what is no regular file, where opening it could wait for ever (a pipe) or read without end (a device).
pub(crate) fn require_regular(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path)?.is_file() { Ok(()) } else { Err(io::Error::other("it is not a regular file")) }
}

/// The content of `path`, or of stdin for `-`; at most `most` bytes.
pub(crate) fn bounded(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let name = if path.as_os_str() == "-" { "stdin".to_owned() } else { path.display().to_string() };
    let failed = |error: io::Error| Failure::Usage(format!("{name}: cannot be read: {error}"));
    let source: Box<dyn Read> =
        if path.as_os_str() == "-" { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(failed)?) };
    let mut content = Vec::new();
    source.take(most.saturating_add(1)).read_to_end(&mut content).map_err(failed)?;
    if content.len() as u64 > most {
        return Err(Failure::Usage(format!("{name}: is longer than {most} bytes")));
    }
    Ok(content)
}
