//! Evasion: attacks in disguises that keep their meaning stay found by the built-in rules.
//!
//! A family is one file: seeds (plain attacks), the disguises that whoever consumes such a field undoes, and one test
//! that calls [`harness::assert_found`].

mod coats;
mod harness;

mod documents;
mod path;
mod places;
mod secrets;
mod shell;
mod sql;
mod text;
mod windows;
