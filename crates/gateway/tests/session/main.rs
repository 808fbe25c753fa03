//! Whole sessions: the smallest proxy as a process, small real servers behind it, a client's pipes before it.
#![cfg(unix)]

mod audit;
mod ending;
mod relay;
mod servers;
mod support;
