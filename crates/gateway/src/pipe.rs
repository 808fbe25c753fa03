//! A way out by a file: our stdout, or the server's stdin.

use std::fs::File;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use vanguard_engine::verdict::{Answer, Permit};

use crate::fd;
use crate::outlet::{Closed, Outlet, Stuck};

/// Messages are gathered up to this many bytes before they are written.
const GATHER_BYTES: usize = 64 * 1024;
/// A message this long is written from where it lies, without a copy.
const DIRECT_BYTES: usize = 16 * 1024;

/// Messages as lines in a file.
#[derive(Debug)]
pub(crate) struct Pipe {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` once closed, by us or by the other side.
    to: Option<File>,
    gathered: Vec<u8>,
}

impl Pipe {
    pub(crate) fn new(to: File) -> Self {
        Self { state: Mutex::new(State { to: Some(to), gathered: Vec::new() }) }
    }

    /// Closes it; nothing leaves by it any more. Fails where a writer is stuck in it for longer than `within`.
    pub(crate) fn close(&self, within: Duration) -> Result<(), Stuck> {
        self.finish(&[], within)
    }

    /// A writer that panicked may have left half a line: [`State::to`] is closed then, see [`State::write`].
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Outlet for Pipe {
    fn forward(&self, permit: Permit<'_>) -> Result<(), Closed> {
        self.lock().send(permit.line())
    }

    fn answer(&self, answer: &Answer) -> Result<(), Closed> {
        let mut state = self.lock();
        state.send(&answer.line)?;
        state.flush()
    }

    fn flush(&self) -> Result<(), Closed> {
        self.lock().flush()
    }

    fn finish(&self, answers: &[Answer], within: Duration) -> Result<(), Stuck> {
        let deadline = Instant::now() + within;
        loop {
            match self.state.try_lock() {
                Ok(mut state) => {
                    // A client that is gone needs no answers.
                    let _ = answers.iter().try_for_each(|answer| state.send(&answer.line)).and_then(|()| state.flush());
                    state.to = None;
                    return Ok(());
                }
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(_) => return Err(Stuck),
            }
        }
    }
}

impl State {
    fn send(&mut self, line: &[u8]) -> Result<(), Closed> {
        if line.len() >= DIRECT_BYTES {
            self.flush()?;
            return self.write(|to| write_all(to, &mut [IoSlice::new(line), IoSlice::new(b"\n")]));
        }
        if self.gathered.len() + line.len() >= GATHER_BYTES {
            self.flush()?;
        }
        self.gathered.extend_from_slice(line);
        self.gathered.push(b'\n');
        if self.to.is_some() { Ok(()) } else { Err(Closed) }
    }

    fn flush(&mut self) -> Result<(), Closed> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        let outcome = self.write(|to| write_all(to, &mut [IoSlice::new(&gathered)]));
        self.gathered = gathered;
        self.gathered.clear();
        outcome
    }

    /// Closes the outlet on any failure: half a line may be out.
    fn write(&mut self, write: impl FnOnce(&File) -> io::Result<()>) -> Result<(), Closed> {
        let to = self.to.take().ok_or(Closed)?;
        write(&to).map_err(|_| Closed)?;
        self.to = Some(to);
        Ok(())
    }
}

fn write_all(to: &File, mut parts: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !parts.is_empty() {
        let written = fd::write(to, parts)?;
        IoSlice::advance_slices(&mut parts, written);
    }
    Ok(())
}
