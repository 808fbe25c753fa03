//! Who is still alive: processes are found by a marker in their command line, as the kernel shows it.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

/// The processes whose command line holds this marker; zombies hold no command line and are found by `zombies`.
pub fn marked(marker: &str) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(process) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let command_line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if String::from_utf8_lossy(&command_line).contains(marker) {
            found.push(process);
        }
    }
    found
}

/// Whether a process runs; a zombie does not.
pub fn alive(process: u32) -> bool {
    state(process).is_some_and(|state| state != 'Z' && state != 'X')
}

/// Children of a process that have ended but were not reaped.
pub fn zombies(parent: u32) -> usize {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    children.split_whitespace().filter(|child| child.parse().ok().and_then(state) == Some('Z')).count()
}

/// Waits until something holds; whether it came to hold within this time.
pub fn settle(within: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + within;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

fn state(process: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in parentheses, may hold anything; the state is the first letter behind the last one.
    stat.rsplit(')').next()?.trim_start().chars().next()
}
