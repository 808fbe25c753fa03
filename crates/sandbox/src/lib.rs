//! Walls round the server's process and all that it starts; and the ground that zones are judged on.
//!
//! The server is not started itself but by a small step of ours ([`step()`]) that first goes behind the walls and then
//! becomes the server: the kernel keeps them from there on, whatever the server runs. [`Walls`] says what is open;
//! [`runtime`] finds out what a command needs to run at all; a [`Witness`] learns of every forbidden call, answers it and
//! ends the process that made it; [`learn`] makes zones of what a server was seen to ask for.
//!
//! That is for Linux only: elsewhere nothing can be walled in, and [`ability`] says so. Where paths lead ([`ground`]) can be
//! found out on every system.

pub mod ground;
pub mod learn;
pub mod runtime;
mod walls;

#[cfg(target_os = "linux")]
mod asks;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod enter;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod privileges;
#[cfg(target_os = "linux")]
mod step;
#[cfg(target_os = "linux")]
mod witness;

#[cfg(not(target_os = "linux"))]
mod elsewhere;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Step, Witness, ability, step};
pub use vanguard_engine::zone::Rights;
pub use walls::{Ability, Ask, Limits, Opening, Outcome, Ports, Sighting, Walls, Watch};
#[cfg(target_os = "linux")]
pub use {
    enter::{EnterError, ability, enter},
    step::{Step, step},
    witness::Witness,
};

/// Lets go of what only the start needed of the program: most of its pages. Those that are used again come back from the
/// system's cache, a fraction of a millisecond for all. To be called when the start is over; does nothing on other systems.
pub fn let_go_of_program() {
    #[cfg(target_os = "linux")]
    kernel::let_go_of_program();
}
