//! What outlives a message: the homes of what the engine asks for.
//!
//! The engine says what state means and decides by it; here it is only kept, with the same meaning whichever home it has.

mod here;
mod local;
mod people;
mod redis;
mod shared;
mod window;

pub mod pins;

pub use here::MAX_SHARED;
pub use local::Local;
pub use people::MAX_PEOPLE;
pub use redis::{RedisConfig, RedisError};
