//! Homes of [pins](vanguard_engine::pins).

mod memory;

pub use memory::Memory;
