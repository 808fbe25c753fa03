//! Language models as they are asked over HTTP, by a fake of their servers that is strict about every byte.

mod bounds;
mod fence;
mod protocol;
mod support;
