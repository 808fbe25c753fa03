//! Homes of [pins](vanguard_engine::pins): in memory, and in files, of which each server has one.

mod document;
mod file;
mod memory;
mod store;

pub use document::{By, Document, Server};
pub use file::File;
pub use memory::{Memory, now};
pub use store::{Known, MAX_FILE, Store};
