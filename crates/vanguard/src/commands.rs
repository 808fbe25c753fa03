//! One file a subcommand.

pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod demo;
pub(crate) mod eval;
pub(crate) mod explain;
mod given;
pub(crate) mod info;
pub(crate) mod keygen;
pub(crate) mod pins;
pub(crate) mod ready;
mod report;
pub(crate) mod rules;
pub(crate) mod sandbox;
mod scoring;
pub(crate) mod semantic;
#[cfg(unix)]
pub(crate) mod serve;
pub(crate) mod sessions;
pub(crate) mod start;
pub(crate) mod update;
pub(crate) mod version;
pub(crate) mod wrap;
pub(crate) mod zones;

use vanguard_engine::views::is_invisible;

/// Prints to stdout; a reader that went away is not an error worth a word.
pub(crate) fn print(text: &str) {
    use std::io::Write as _;
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A value as pretty JSON on stdout.
pub(crate) fn print_json(value: &impl serde::Serialize) {
    print(&(serde_json::to_string_pretty(value).unwrap_or_default() + "\n"));
}

/// A peer's text as a terminal may get it: nothing in it moves the cursor, and nothing is hidden.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            plain.extend(c.escape_unicode());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// One line to stderr.
pub(crate) fn warn(text: &str) {
    anstream::eprintln!("vanguard: {text}");
}

/// Warnings to stderr, the first few of them: a pack of fifty old rules has fifty times the same to say.
pub(crate) fn warn_all<'a>(warnings: impl IntoIterator<Item = &'a String>) {
    const SHOWN: usize = 4;
    let warnings: Vec<&String> = warnings.into_iter().collect();
    warnings.iter().take(SHOWN).for_each(|warning| warn(warning));
    if warnings.len() > SHOWN {
        warn(&format!("{} more warnings; `vanguard info` shows all", warnings.len() - SHOWN));
    }
}
