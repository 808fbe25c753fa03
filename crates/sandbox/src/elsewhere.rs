//! Where nothing can be walled in.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::process::{Command, ExitCode};

use crate::walls::{Ability, Sighting, Walls};

/// There are no walls here.
#[derive(Debug)]
pub struct Step(Infallible);

impl Step {
    /// Always an error: this platform has no walls.
    pub fn prepare(_: &mut Command, _: &Walls, _: OsString, _: impl IntoIterator<Item = OsString>) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this platform has no walls for a process"))
    }

    /// Never called.
    pub fn taken(self) -> io::Result<Option<Witness>> {
        match self.0 {}
    }
}

/// There is nothing to witness here.
#[derive(Debug)]
pub struct Witness(Infallible);

impl Witness {
    /// Never called.
    pub fn watch(&self, _: &Walls, _: &mut dyn FnMut(Sighting)) -> io::Result<()> {
        match self.0 {}
    }
}

/// No step where there are no walls.
pub fn step() -> Option<ExitCode> {
    None
}

/// Nothing can be kept.
pub fn ability() -> Ability {
    Ability { landlock: 0, seccomp: false }
}
