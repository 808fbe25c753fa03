//! Processes outside of the walls, whom Landlock keeps from being signalled and looked into without a word to anybody.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crate::walls::Ask;

/// What `/proc` keeps of a process for those who may trace it. The rest (`status`, `cmdline`) is for everybody.
const GUARDED: [&str; 18] = [
    "environ",
    "mem",
    "maps",
    "smaps",
    "smaps_rollup",
    "numa_maps",
    "map_files",
    "pagemap",
    "fd",
    "fdinfo",
    "root",
    "cwd",
    "exe",
    "auxv",
    "stack",
    "syscall",
    "ns",
    "io",
];

/// The ask for what `/proc` keeps at `path` of a process outside, if it is that.
pub(super) fn kept(path: &Path) -> Option<Ask> {
    let mut names = path.strip_prefix("/proc").ok()?.iter().filter_map(OsStr::to_str);
    let process = names.next()?.parse().ok()?;
    let mut what = names.next()?;
    if what == "task" {
        what = names.nth(1)?;
    }
    (GUARDED.contains(&what) && is_outside(process)).then(|| Ask::Process(path.display().to_string()))
}

/// Whom a signal is meant for, where that is a process outside.
pub(super) fn signalled(argument: u64) -> Option<String> {
    // An `int`, whatever stands in the upper half.
    let whom = i32::from_ne_bytes(u32::try_from(argument & u64::from(u32::MAX)).ok()?.to_ne_bytes());
    match whom {
        // Its own group.
        0 => None,
        -1 => Some("every process".to_owned()),
        _ => is_outside(whom.unsigned_abs()).then(|| format!("process {}", whom.unsigned_abs())),
    }
}

/// Whether a process runs without walls. One behind walls of another server is not told from ours: it is Landlock that
/// keeps them apart.
fn is_outside(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let filtered = status.lines().any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"));
    !status.is_empty() && !filtered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_others_what_is_for_tracers_is_told() {
        let own = std::process::id();
        assert!(kept(Path::new(&format!("/proc/{own}/environ"))).is_some(), "a test runs without walls");
        assert!(kept(Path::new(&format!("/proc/{own}/task/{own}/fd/0"))).is_some());
        for path in [
            "/proc/meminfo".to_owned(),
            format!("/proc/{own}/status"),
            "/proc/4294967295/mem".to_owned(),
            "/etc/x".to_owned(),
        ] {
            assert_eq!(kept(Path::new(&path)), None, "{path}");
        }
    }

    #[test]
    fn a_signal_is_for_a_process_or_a_group() {
        let own = std::process::id();
        let as_argument = |whom: i32| u64::from(whom.cast_unsigned());
        assert_eq!(signalled(0), None);
        assert!(signalled(own.into()).is_some());
        assert!(signalled(as_argument(-1)).is_some_and(|whom| whom == "every process"));
        assert!(signalled(as_argument(-own.cast_signed())).is_some());
    }
}
