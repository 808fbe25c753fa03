//! `cargo xtask fuzz`: builds the targets of fuzz/ and runs each for a while over its corpus.

use std::fs;

use crate::workspace::{self, Outcome, cargo, command, root};

/// Fuzzes `targets`, or all of them, for so many seconds each.
pub(crate) fn run(seconds: u32, targets: &[String]) -> Outcome {
    let fuzz = root().join("fuzz");
    let targets = if targets.is_empty() { all()? } else { targets.to_vec() };
    // fuzz/ is a workspace of its own: its instrumentation must not reach any other build.
    workspace::run(cargo(["build", "--release", "--locked"]).current_dir(&fuzz).env_remove("CARGO_TARGET_DIR"))?;
    for target in &targets {
        let corpus = fuzz.join("corpus").join(target);
        let artifacts = fuzz.join("artifacts").join(target);
        for folder in [&corpus, &artifacts] {
            fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        }
        let limits = [format!("-max_total_time={seconds}"), format!("-artifact_prefix={}/", artifacts.display())];
        let found = workspace::run(
            command(fuzz.join("target/release").join(target), limits)
                .args(["-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-verbosity=0"])
                .arg(corpus),
        );
        found.map_err(|why| format!("{why}\nThe input that did it lies in {}.", artifacts.display()))?;
    }
    Ok(())
}

/// Every target is one file of `fuzz/fuzz_targets`.
fn all() -> Outcome<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let names = entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}
