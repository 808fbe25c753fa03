//! `cargo xtask fuzz`: builds the targets of fuzz/ and runs each for a while over its corpus. See fuzz/README.md.

use std::num::NonZero;
use std::{fs, thread};

use crate::workspace::{self, Outcome, cargo, root};

/// Fuzzes `targets`, or all of them, for so many seconds each.
pub(crate) fn run(seconds: u32, targets: &[String]) -> Outcome {
    let fuzz = root().join("fuzz");
    let artifacts = fuzz.join("artifacts");
    fs::create_dir_all(&artifacts).map_err(|e| format!("{}: {e}", artifacts.display()))?;
    let all = all()?;
    let targets = if targets.is_empty() { &all[..] } else { targets };
    // In fuzz/ the cargo configuration holds the coverage flags, and all is built apart from all else.
    let cargo_there = |arguments: &[&str]| {
        let mut cargo = cargo(arguments);
        cargo.current_dir(&fuzz).env_remove("CARGO_TARGET_DIR");
        cargo
    };
    workspace::run(&mut cargo_there(&["build", "--quiet", "--release", "--locked", "--bins"]))?;
    let fuzzed = |target: &String| {
        let found = workspace::run(
            cargo_there(&["run", "--quiet", "--release", "--locked", "--bin", target, "--"])
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-artifact_prefix=artifacts/{target}-"))
                .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"])
                .arg(format!("corpus/{target}")),
        );
        found.map_err(|why| format!("{why}\nThe input that did it lies in fuzz/artifacts/."))
    };
    // A target runs on one processor.
    let at_once = thread::available_parallelism().map_or(1, NonZero::get);
    for some in targets.chunks(at_once) {
        thread::scope(|scope| {
            let running: Vec<_> = some.iter().map(|target| scope.spawn(|| fuzzed(target))).collect();
            running.into_iter().try_for_each(|one| one.join().unwrap_or_else(|_| Err("a run panicked".to_owned())))
        })?;
    }
    Ok(())
}

/// Every target is one file of `fuzz/src/bin`.
fn all() -> Outcome<Vec<String>> {
    let folder = root().join("fuzz/src/bin");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}
