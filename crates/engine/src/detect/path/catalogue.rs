//! The catalogue of places, `rules/catalogue/paths.txt`, and how a path is looked up in it.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::views::path::root_and_rest;

/// The sections of the catalogue, in the order of the family's kinds.
pub(super) const CLASSES: &[&str] = &[
    "account",
    "credential",
    "store",
    "environment",
    "history",
    "process",
    "platform",
    "windows",
    "system",
    "startup",
    "agent",
];

/// The classes that concern whoever reads, too.
const OF_READING: usize = 8;

/// Where a place begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Anchor {
    Anywhere,
    Root,
    Home,
}

/// One place.
#[derive(Debug)]
struct Place {
    class: usize,
    anchor: Anchor,
    /// Names before the one it is found by, and after it.
    before: SmallVec<[&'static str; 2]>,
    after: SmallVec<[&'static str; 2]>,
    /// A directory, with all that is in it.
    open: bool,
    /// Not where projects keep what their tests need.
    not_in_tests: bool,
}

/// All places, by a name that each of their paths has. What is in the tables is our own: no hash of theirs can be crowded.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    names: FxHashMap<&'static str, Vec<Place>>,
    /// Those of which the first name that is no wildcard has one inside, by what it begins with.
    heads: FxHashMap<&'static str, Vec<(&'static str, Place)>>,
    /// Those of which every name begins with one: known by the end of the first, by its last part.
    extensions: FxHashMap<&'static str, Vec<(&'static str, Place)>>,
}

/// The part of a name that a wildcard follows, as far as it is looked up.
const HEAD: usize = 3;

/// How many names at the beginning and at the end of a path are looked up: deeper ones lead to no place that is real.
const FIRST: usize = 16;
const LAST: usize = 48;

/// Names of a path in lower case, with the variables that stand for places replaced.
type Names<'n> = SmallVec<[&'n str; 16]>;

impl Catalogue {
    /// The built-in one.
    pub(super) fn get() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::read(include_str!("../../../../../rules/catalogue/paths.txt")));
        &CATALOGUE
    }

    fn read(text: &'static str) -> Self {
        let mut catalogue = Self::default();
        let mut class = 0;
        for line in text.lines().map(str::trim_end) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                class = CLASSES.iter().position(|known| *known == name).unwrap_or(CLASSES.len());
            } else if !line.is_empty() && !line.starts_with('#') {
                catalogue.add(line, class);
            }
        }
        catalogue
    }

    fn add(&mut self, line: &'static str, class: usize) {
        let (line, not_in_tests) = line.strip_prefix('?').map_or((line, false), |line| (line, true));
        let (anchor, rest) = match line.split_once('/') {
            Some(("**", rest)) => (Anchor::Anywhere, rest),
            Some(("~", rest)) => (Anchor::Home, rest),
            Some((_, rest)) => (Anchor::Root, rest),
            None => (Anchor::Anywhere, line),
        };
        let (names, open) = rest.strip_suffix('/').map_or((rest, false), |names| (names, true));
        let names: SmallVec<[&'static str; 6]> = names.split('/').collect();
        let place = |at: usize| Place {
            class,
            anchor,
            before: names.iter().take(at).copied().collect(),
            after: names.iter().skip(at.saturating_add(1)).copied().collect(),
            open,
            not_in_tests,
        };
        // The longest name is the rarest: `etc` begins a hundred places.
        let literal = names.iter().enumerate().filter(|(_, name)| !is_pattern(name)).max_by_key(|(_, name)| name.len());
        if let Some((at, name)) = literal {
            self.names.entry(name).or_default().push(place(at));
        } else if let Some((at, name, head)) =
            names.iter().enumerate().find_map(|(at, name)| Some((at, *name, head_of(name)?)))
        {
            self.heads.entry(head).or_default().push((name, place(at)));
        } else if let Some((name, extension)) = names.first().and_then(|name| Some((*name, last_part(name)?))) {
            self.extensions.entry(extension).or_default().push((name, place(0)));
        }
    }

    /// Whether a path leads to a place that nobody should even read.
    pub(super) fn knows(&self, path: &str) -> bool {
        self.classes_of(path).any(|class| class < OF_READING)
    }

    /// The classes of a path that is normalised, each once.
    pub(super) fn classes_of(&self, path: &str) -> impl Iterator<Item = usize> {
        let lower = path.to_ascii_lowercase();
        let mut seen = 0_u32;
        self.look_up(&lower, &mut seen);
        // What cuts a path short for one reader or another.
        if let Some(at) = lower
            .bytes()
            .skip(1)
            .position(|b| matches!(b, 0 | b';' | b'?' | b'#' | b'%' | b'"' | b'\'' | b'<' | b'&' | b'|' | b'\t' | b','))
        {
            self.look_up(lower.get(..at.saturating_add(1)).unwrap_or_default(), &mut seen);
        }
        if let Some(original) = without_backup_ending(&lower) {
            self.look_up(original, &mut seen);
        }
        (0..CLASSES.len()).filter(move |class| seen & 1_u32.wrapping_shl(u32::try_from(*class).unwrap_or(31)) != 0)
    }

    fn look_up(&self, path: &str, seen: &mut u32) {
        let (mut rooted, rest) = root_and_rest(path);
        let mut names = Names::new();
        for name in rest.split(['/', '\\']).filter(|name| !name.is_empty()) {
            match name {
                "." => {}
                ".." => {
                    rooted = true;
                    names.clear();
                }
                name if names.is_empty() => rooted |= expand(name, &mut names),
                name => names.push(name),
            }
        }
        let start = Start { rooted, names: &names };
        let ends = names.len().saturating_sub(LAST);
        for (at, name) in names.iter().enumerate().filter(|(at, _)| *at < FIRST || *at >= ends) {
            let mut note = |class: usize| *seen |= 1_u32.wrapping_shl(u32::try_from(class).unwrap_or(31));
            for place in self.names.get(name).into_iter().flatten() {
                if start.is_at(place, at) {
                    note(place.class);
                }
            }
            if let Some(candidates) = name.get(..HEAD).and_then(|head| self.heads.get(head)) {
                for (pattern, place) in candidates {
                    if fits(pattern, name) && start.is_at(place, at) {
                        note(place.class);
                    }
                }
            }
            if let Some(extension) = last_part(name) {
                for (pattern, place) in self.extensions.get(extension).into_iter().flatten() {
                    if fits(pattern, name) && start.is_at(place, at) {
                        note(place.class);
                    }
                }
            }
        }
    }
}

/// A path's names, and whether they begin at a root.
struct Start<'p> {
    rooted: bool,
    names: &'p [&'p str],
}

impl Start<'_> {
    /// Whether `place` is where the path leads, the name that it was found by at `at`.
    fn is_at(&self, place: &Place, at: usize) -> bool {
        let Some(first) = at.checked_sub(place.before.len()) else { return false };
        let all = |patterns: &[&str], from: usize| {
            let names = self.names.get(from..).unwrap_or_default();
            names.len() >= patterns.len() && patterns.iter().zip(names).all(|(pattern, name)| fits(pattern, name))
        };
        let after = at.saturating_add(1);
        let end = after.saturating_add(place.after.len());
        all(&place.before, first)
            && all(&place.after, after)
            && (place.open || end == self.names.len())
            && !(place.not_in_tests && self.names.iter().any(|name| OF_TESTS.contains(name)))
            && self.begins(place.anchor, self.names.get(..first).unwrap_or_default())
    }

    /// Whether the names before a place lead to where it is anchored.
    fn begins(&self, anchor: Anchor, before: &[&str]) -> bool {
        match anchor {
            Anchor::Anywhere => true,
            Anchor::Root => self.rooted && is_root(before),
            Anchor::Home => match before {
                [home] if home.starts_with('~') => true,
                [rest @ .., "root"] => self.rooted && (is_root(rest) || rest == ["var"]),
                [rest @ .., "home" | "users", _] => self.rooted && (is_root(rest) || matches!(rest, [_])),
                _ => false,
            },
        }
    }
}

/// Directories of made-up keys.
const OF_TESTS: &[&str] = &[
    "test",
    "tests",
    "testdata",
    "test-data",
    "test_data",
    "__tests__",
    "testing",
    "spec",
    "specs",
    "e2e",
    "fixtures",
    "fixture",
    "__fixtures__",
    "example",
    "examples",
    "sample",
    "samples",
    "mock",
    "mocks",
];

/// Nothing, or where images and hosts are mounted.
fn is_root(before: &[&str]) -> bool {
    match before {
        [] | ["proc", _, "root" | "cwd"] | ["private"] => true,
        [first, ..] => before.len() <= 2 && MOUNTS.contains(first),
    }
}

const MOUNTS: &[&str] = &[
    "host",
    "hostfs",
    "host-root",
    "hostroot",
    "host_root",
    "rootfs",
    "sysroot",
    "mnt",
    "media",
    "chroot",
    "localhost",
    "volumes",
    "c$",
    "cygdrive",
];

/// Variables that stand for places, as the names of those; whether it was one, and so absolute.
fn expand<'n>(name: &'n str, names: &mut Names<'n>) -> bool {
    let places: &[&str] = match variable(name) {
        Some("home" | "userprofile" | "homepath") => &["~"],
        Some("windir" | "systemroot") => &["windows"],
        Some("appdata") => &["~", "appdata", "roaming"],
        Some("localappdata") => &["~", "appdata", "local"],
        Some("temp" | "tmp") => &["~", "appdata", "local", "temp"],
        Some("programdata" | "allusersprofile") => &["programdata"],
        Some("programfiles") => &["program files"],
        Some("systemdrive" | "homedrive") => &[],
        _ => {
            names.push(name);
            return false;
        }
    };
    names.extend(places.iter().copied());
    true
}

/// `$HOME`, `${HOME}`, `%APPDATA%`, `$env:APPDATA`.
fn variable(name: &str) -> Option<&str> {
    match name.strip_prefix('$') {
        Some(rest) => {
            let rest = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(rest);
            Some(rest.strip_prefix("env:").unwrap_or(rest))
        }
        None => name.strip_prefix('%')?.strip_suffix('%'),
    }
}

/// Copies that editors, administrators and package managers leave beside a file.
fn without_backup_ending(path: &str) -> Option<&str> {
    let ends = [
        "~",
        "-",
        ".bak",
        ".old",
        ".orig",
        ".save",
        ".sav",
        ".swp",
        ".backup",
        ".copy",
        ".1",
        ".new",
        ".tmp",
        ".rpmsave",
        ".dpkg-old",
        ".txt",
        "_old",
        "_bak",
        "_backup",
    ];
    ends.iter().find_map(|end| path.strip_suffix(end)).filter(|rest| !rest.ends_with('/') && rest.len() >= 3)
}

fn is_pattern(name: &str) -> bool {
    name.contains('*') || name == "#"
}

fn head_of(name: &'static str) -> Option<&'static str> {
    name.get(..HEAD).filter(|head| !head.contains('*'))
}

/// What follows the last sign that parts a name: `pem`, `rsa` of `deploy_rsa`.
fn last_part(name: &str) -> Option<&str> {
    name.rsplit_once(['.', '_', '-']).map(|(_, part)| part)
}

/// Whether a name has the shape of `pattern`: `*` for anything, a lone `#` for a number.
fn fits(pattern: &str, name: &str) -> bool {
    if pattern == "#" {
        return !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    }
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at.saturating_add(part.len())..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(path: &str) -> Vec<&'static str> {
        Catalogue::get().classes_of(path).filter(|class| *class < OF_READING).map(|class| CLASSES[class]).collect()
    }

    #[test]
    fn every_line_of_the_catalogue_finds_itself() {
        let mut class = "";
        let mut count = 0;
        for line in include_str!("../../../../../rules/catalogue/paths.txt").lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                class = CLASSES.iter().find(|known| **known == name).expect("a known class");
            } else if !line.is_empty() && !line.starts_with('#') {
                assert_eq!(line, line.trim().to_lowercase(), "in lower case, without blanks");
                let path = line.trim_start_matches('?').replace("**/", "/srv/x/").replace('*', "a").replace('#', "7");
                let path = if line.ends_with('/') { format!("{path}x") } else { path };
                let place = CLASSES.iter().position(|known| *known == class).expect("below a class");
                assert!(Catalogue::get().classes_of(&path).any(|found| found == place), "{line} as {path}");
                count += 1;
            }
        }
        assert!(count > 900, "{count}");
    }

    #[test]
    fn places_are_found_however_their_root_is_named() {
        for (path, class) in [
            ("/etc/shadow", "account"),
            ("etc/shadow-", "account"),
            ("../../../etc/ssh/sshd_config", "account"),
            ("/host/etc/kubernetes/x", "account"),
            ("/mnt/image/etc/crontab", "account"),
            ("c:/etc/crontab", "account"),
            ("/etc/passwd\0.png", "account"),
            ("/etc/passwd;index.html", "account"),
            ("~/.npmrc", "credential"),
            ("/home/ann/.npmrc", "credential"),
            ("c:/Users/ann/.npmrc", "credential"),
            ("$HOME/.npmrc", "credential"),
            ("%USERPROFILE%/.npmrc", "credential"),
            ("~ann/.ssh/x", "credential"),
            ("backup/id_ed25519.old", "credential"),
            ("%AppData%/Microsoft/Credentials/x", "windows"),
            ("%SystemRoot%/System32/config/SAM", "windows"),
            ("$env:LOCALAPPDATA/Google/Chrome/User Data/Default/x", "store"),
            ("a/team.KDBX", "store"),
            (".env.production", "environment"),
            ("/proc/4711/maps", "process"),
            ("/proc/1/root/etc/shadow", "account"),
            ("/dev/sdb1", "platform"),
        ] {
            assert!(classes(path).contains(&class), "{path}: {:?}", classes(path));
        }
    }

    #[test]
    fn names_that_only_resemble_places_are_none() {
        for path in [
            "src/etc/group/x.rs",
            "rootfs/etc/fstab",
            "lib/etc/passwd_parser.rb",
            "src/.sshrc.md",
            ".npmrc",
            "web/.npmrc",
            ".env.example",
            ".environment",
            "src/proc/self/x",
            "/proc/cpuinfo",
            "docs/windows/security/x.md",
            "/home/ann/dev/sda.md",
            "src/keychain/mod.rs",
            "tests/data/ca/private/server.key",
            "pkg/testdata/id_rsa",
            "",
            "/",
        ] {
            assert_eq!(classes(path), Vec::<&str>::new(), "{path}");
        }
    }
}
