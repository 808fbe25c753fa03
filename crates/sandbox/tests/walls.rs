//! The walls, tried by a process that goes behind them.
//!
//! Each test starts this very program again as the prisoner: what it does is the name of an attempt, what it prints is
//! what came of it. Every attempt is also made without walls, where it must succeed: a test that cannot fail proves nothing.
#![cfg(target_os = "linux")]
