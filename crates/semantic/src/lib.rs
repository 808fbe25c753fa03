//! What a text means (L2): scores that no list of words can give.
//!
//! The engine asks a scorer ([`vanguard_engine::meaning::Scorer`]) about every few sentences that a model is to read;
//! [`Embedded`] answers in microseconds. What is worth more than that a [`remote`] scorer is asked about, without anybody waiting who need not; with the
//! feature `onnx` a classifier in a file of the user's own, too.

mod embedded;
pub mod features;
#[cfg(feature = "onnx")]
pub mod onnx;
pub mod remote;

pub use embedded::{Embedded, ModelError};

use vanguard_engine::meaning::Meaning;

/// The scorer that comes with the program, refusing from `block` on and warning from `warn` on.
///
/// # Errors
/// The model is broken, which a test rules out.
pub fn embedded(warn: f32, block: f32) -> Result<Meaning, ModelError> {
    Ok(Meaning::new(Embedded::own()?, warn, block))
}
