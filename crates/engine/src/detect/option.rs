//! Options where a value belongs: `--upload-pack=…` for a URL, `-oProxyCommand=…` for a host, `x -exec sh {} +` for a name.
//!
//! A program takes an argument that begins with a dash for an option of its own, whoever wrote it. Which program gets a
//! value is not said; so an option is judged by its name where that says enough, by what it is given where it does not
//! (a program, an absolute path, an address), and a single letter by the tool that would hand it on.

mod names;

use super::{Family, Found, Look};
use crate::role::Roles;
use crate::views::ViewKind;

const RUNS: usize = 0;
const REACHES: usize = 1;
const MISPLACED: usize = 2;

/// `runs`: its program runs what the option says. `reaches`: its program reads, writes or asks where the option says.
/// `misplaced`: any option where none can be meant.
pub(super) const FAMILY: Family = Family { name: "option", kinds: &["runs", "reaches", "misplaced"], look };

/// A longer value is a document.
const LONGEST: usize = 400;
/// The most words that are looked at.
const WORDS: usize = 24;

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    let view = look.view;
    if view.len() > LONGEST
        || !look.signs.has(b'-')
        || matches!(look.chain.kind(), ViewKind::Shell | ViewKind::Path | ViewKind::Url)
        || !(view.trim_start().starts_with('-') || memchr::memmem::find(view.as_bytes(), b" -").is_some())
        || view.contains('\n')
    {
        return;
    }
    let words: Vec<&str> = view.split_ascii_whitespace().take(WORDS).collect();
    let all = 0..view.len();
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at.saturating_add(1)).copied().unwrap_or("");
        let Some(option) = Given::read(word, next) else { continue };
        let leads = at == 0;
        match option.judge(look.tool, leads) {
            Some(kind) if leads || kind == RUNS => return found(kind, all),
            // `. -execdir id ;`: find's own command, up to its end.
            _ if names::ACTIONS.contains(&option.name)
                && words.iter().skip(at).any(|word| matches!(*word, ";" | "\\;" | "+" | "{}")) =>
            {
                return found(RUNS, all);
            }
            _ => {}
        }
        if leads && look.roles.intersects(Roles::URL | Roles::HOST | Roles::PATH) {
            return found(MISPLACED, all);
        }
    }
}

/// One option, and what it is given.
struct Given<'v> {
    name: &'v str,
    is_long: bool,
    /// Behind `=`, or joined to its letter.
    joined: Option<&'v str>,
    next: &'v str,
}

impl<'v> Given<'v> {
    fn read(word: &'v str, next: &'v str) -> Option<Self> {
        if let Some(long) = word.strip_prefix("--") {
            let (name, joined) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            return (plain && name.len() > 1).then_some(Self { name, is_long: true, joined, next });
        }
        let short = word.strip_prefix('-')?;
        if !short.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        // `-exec`: a name of one dash. `-oValue`, `-I/x`: a letter and its value.
        if names::SINGLE_DASH.contains(&short) {
            return Some(Self { name: short, is_long: true, joined: None, next });
        }
        let (name, joined) = short.split_at_checked(1)?;
        let joined = joined.strip_prefix('=').unwrap_or(joined);
        Some(Self { name, is_long: false, joined: Some(joined).filter(|joined| !joined.is_empty()), next })
    }

    /// The kind that it is, if it is dangerous.
    fn judge(&self, tool: Option<&str>, leads: bool) -> Option<usize> {
        let given = self.joined.unwrap_or(self.next);
        if self.is_long {
            if names::RUNS.contains(&self.name) && (leads || runs(given)) {
                return Some(RUNS);
            }
            // `--renderer-cmd-prefix=…`, `--merge-program=…`: names that say it, whatever the program.
            let says = self.name.split('-').any(|word| names::SAYING.contains(&word));
            if says && leads && self.joined.is_some() {
                return Some(RUNS);
            }
            if names::REACHES.contains(&self.name) {
                return Some(REACHES);
            }
            let joined = self.joined?;
            return if runs(joined) { Some(RUNS) } else { reaches(joined).then_some(REACHES) };
        }
        if let Some(joined) = self.joined {
            if names::CONFIGURES.iter().any(|prefix| joined.to_ascii_lowercase().starts_with(prefix))
                || joined.starts_with(['|', '`', ';', '$'])
                || (self.name != "D" && is_shell(joined))
            {
                return Some(RUNS);
            }
            let searched = matches!(self.name, "I" | "L") && (joined.contains("include") || joined.contains("lib"));
            if !searched && reaches(joined) {
                return Some(REACHES);
            }
        } else if names::CONFIGURES.iter().any(|prefix| given.to_ascii_lowercase().starts_with(prefix))
            || (matches!(self.name, "e" | "c") && leads && is_shell(given))
        {
            return Some(RUNS);
        }
        let handed = tool.and_then(|tool| names::of_tool(tool, self.name))?;
        let operand = if leads { !given.is_empty() } else { runs(given) || reaches(given) };
        operand.then_some(handed)
    }
}

/// Whether a program stands there, or shell text.
fn runs(value: &str) -> bool {
    is_shell(value)
        || value.starts_with("ext::")
        || value.contains("$(")
        || value.contains("${")
        || value.contains('`')
        || value.contains('|')
        || value.contains("exec=")
        || [".sh", ".py", ".pl", ".rb", ".so", ".js"].iter().any(|end| value.starts_with('/') && value.ends_with(end))
}

fn is_shell(value: &str) -> bool {
    let name = value.rsplit('/').next().unwrap_or(value);
    names::SHELLS.contains(&name)
}

/// Whether an absolute place stands there: a path, a home, an address.
fn reaches(value: &str) -> bool {
    let drive = matches!(value.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    drive || value.starts_with(['/', '~']) || value.starts_with("../") || value.contains("://")
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::super::Signs;
    use super::*;
    use crate::rules::Direction;
    use crate::views::Chain;

    fn kinds(tool: &str, roles: Roles, view: &str) -> Vec<usize> {
        let mut kinds = Vec::new();
        let chain = Chain::default();
        let asked = Look {
            view,
            signs: &Signs::of(view),
            chain: &chain,
            roles,
            direction: Direction::REQUEST,
            tool: Some(tool),
            meaning: None,
            kinds: u64::MAX,
        };
        look(&asked, &mut |kind, _: Range<usize>| kinds.push(kind));
        kinds
    }

    #[test]
    fn options_that_run_are_found() {
        for (tool, value) in [
            ("x", "--upload-pack=touch y"),
            ("x", "--checkpoint-action=exec=sh y"),
            ("x", "-oProxyCommand=id"),
            ("x", "-o ProxyCommand=id"),
            ("x", "-c core.sshCommand=id"),
            ("x", "--anything=bash"),
            ("x", "--anything=$(id)"),
            ("x", "*.c -exec sh -c id ;"),
            ("x", ". -execdir id ;"),
            ("x", "--renderer-cmd-prefix=id"),
            ("x", "--remote=ext::sh -c id"),
            ("x", "-o|id"),
            ("rsync_files", "-e sh y.sh"),
            ("make_zip", "-TT sh y"),
            ("tcpdump", "eth0 -z /tmp/y.sh"),
        ] {
            assert_eq!(kinds(tool, Roles::ID, value), [RUNS], "{value}");
        }
    }

    #[test]
    fn options_that_reach_are_found() {
        for (tool, value) in [
            ("x", "--output=/etc/y"),
            ("x", "-o/home/y"),
            ("x", "--anything=http://y.example"),
            ("x", "--post-file y"),
            ("download", "-K y.conf"),
        ] {
            assert_eq!(kinds(tool, Roles::ID, value), [REACHES], "{value}");
        }
        assert_eq!(kinds("x", Roles::HOST, "-v"), [MISPLACED]);
    }

    #[test]
    fn values_and_everyday_options_are_not() {
        for value in [
            "--oneline",
            "-la",
            "-1",
            "--all",
            "main",
            "- item",
            "--",
            "-",
            "a - b",
            "-5 °C",
            "x --stat",
            "--sort=name",
            "-I/usr/include",
            "jazz -live",
            "--max-count=5",
            "--since=2024-01-01",
            "--no-exec",
            "the -exec action",
            "-C 3",
            "ls -l /tmp",
        ] {
            assert!(kinds("git_log", Roles::ID, value).is_empty(), "{value}");
        }
    }
}
