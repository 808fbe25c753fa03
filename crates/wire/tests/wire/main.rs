//! The crate as its users see it.

mod canonical;
mod limits;
mod line;
mod oracle;
mod properties;
mod read;
mod refusals;
mod reply;
mod salvage;
mod sse;
