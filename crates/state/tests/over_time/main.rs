//! Conversations of which each message is innocent and the whole is not, and their look-alikes that are honest work.
#![allow(
    clippy::disallowed_types,
    clippy::needless_pass_by_value,
    reason = "messages of our own making, written where they are sent"
)]

mod attacks;
mod honest;
mod talk;
mod two_proxies;
