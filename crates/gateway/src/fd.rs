//! Blocking reads and writes that hold even where somebody has made the file non-blocking: a terminal or a pipe is one open file to all
//! who share it.

use std::fs::File;
use std::io::{self, ErrorKind, IoSlice, Read, Write};

use rustix::event::{PollFd, PollFlags, poll};

/// Reads some bytes; 0 at the end.
pub(crate) fn read(mut from: &File, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match from.read(into) {
            Err(error) => wait_or_fail(from, PollFlags::IN, error)?,
            read => return read,
        }
    }
}

/// Writes some bytes, at least one.
pub(crate) fn write(mut to: &File, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match to.write_vectored(parts) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Err(error) => wait_or_fail(to, PollFlags::OUT, error)?,
            written => return written,
        }
    }
}

fn wait_or_fail(file: &File, flags: PollFlags, error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::Interrupted => Ok(()),
        ErrorKind::WouldBlock => match poll(&mut [PollFd::new(file, flags)], None) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(errno) => Err(errno.into()),
        },
        _ => Err(error),
    }
}
