//! What outlives a message: the homes of what the engine asks for.
//!
//! The engine says what state means and decides by it; here it is only kept, with the same meaning whichever home it has.

pub mod pins;
