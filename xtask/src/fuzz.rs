//! `cargo xtask fuzz`: builds the targets of fuzz/ and runs each for a while over its corpus. See fuzz/README.md.

use std::fs;

use crate::workspace::{self, Outcome, cargo, root};

/// Fuzzes `targets`, or all of them, for so many seconds each.
pub(crate) fn run(seconds: u32, targets: &[String]) -> Outcome {
    let fuzz = root().join("fuzz");
    let artifacts = fuzz.join("artifacts");
    fs::create_dir_all(&artifacts).map_err(|e| format!("{}: {e}", artifacts.display()))?;
    let all = all()?;
    for target in if targets.is_empty() { &all[..] } else { targets } {
        // It runs in fuzz/, whose cargo configuration holds the coverage flags, and builds apart from all else.
        let found = workspace::run(
            cargo(["run", "--quiet", "--release", "--locked", "--bin", target, "--"])
                .arg(format!("-max_total_time={seconds}"))
                .arg(format!("-artifact_prefix=artifacts/{target}-"))
                .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"])
                .arg(format!("corpus/{target}"))
                .current_dir(&fuzz)
                .env_remove("CARGO_TARGET_DIR"),
        );
        found.map_err(|why| format!("{why}\nThe input that did it lies in fuzz/artifacts/."))?;
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
