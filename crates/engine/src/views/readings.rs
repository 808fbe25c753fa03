//! What a text does, by the roles of its field: the commands it runs, the URLs it names, the paths it leads to.

use std::borrow::Cow;
use std::collections::HashSet;

use smallvec::SmallVec;

use super::shell::{self, Lines, Reading};
use super::{ViewKind, path, url};
use crate::byteset::ByteKinds;
use crate::role::Roles;

/// Roles of values that something acts on.
pub(super) const OPERATIONAL: Roles = Roles::PATH
    .union(Roles::COMMAND)
    .union(Roles::URL)
    .union(Roles::HOST)
    .union(Roles::SQL)
    .union(Roles::CODE)
    .union(Roles::ID);

/// The most paths of one command that are looked at.
const PATHS: usize = 256;

/// How many are looked at before those that come again are left out: an ordinary command needs no table of them.
const FEW: usize = 64;

/// The longest value that is looked at for a command that it becomes a part of: Linux hands a program no longer argument, so
/// no `sh -c` gets one.
const ARGUMENT: usize = 128 << 10;

/// What a text does.
#[derive(Default)]
pub(super) struct Readings {
    pub(super) list: SmallVec<[(ViewKind, String); 4]>,
    /// Whether a limit kept some of it back.
    pub(super) cut: bool,
    /// Whether a command is one of more commands than are read.
    pub(super) overrun: bool,
}

impl Readings {
    fn push(&mut self, kind: ViewKind, reading: String) {
        if !reading.is_empty() && !self.list.iter().any(|seen| seen.0 == kind && seen.1 == reading) {
            self.list.push((kind, reading));
        }
    }

    /// Takes what commands there are. A value that only may be one, such as code, may well have many signs of them.
    fn take(&mut self, lines: Lines, is_command: bool) {
        self.cut |= lines.cut;
        self.overrun |= lines.overrun && is_command;
        self.push(ViewKind::Shell, lines.text);
    }
}

/// Normalised, each once.
type Paths<'t> = SmallVec<[Cow<'t, str>; 8]>;

/// All readings of `text`; what commands there are in at most `room` bytes.
pub(super) fn readings(text: &str, roles: Roles, room: usize) -> Readings {
    let mut readings = Readings::default();
    let (mut urls, mut paths) = (url::Lines::default(), Paths::new());
    commands(text, roles, room, &mut readings);
    if readings.overrun {
        return readings;
    }
    if roles.intersects(Roles::URL | Roles::HOST) {
        url::whole(text, &mut urls);
    }
    let is_command = roles.contains(Roles::COMMAND);
    // The shell's reading joins what quotes part.
    if !is_command {
        url::inside(text, &mut urls);
    }
    for (_, commands) in &readings.list {
        url::inside(commands, &mut urls);
        if is_command {
            words(commands, &mut urls, &mut paths);
        }
    }
    let all = paths.join("\n");
    let cut = urls.cut || paths.len() >= PATHS;
    drop(paths);
    readings.cut |= cut;
    readings.push(ViewKind::Url, urls.text);
    if roles.contains(Roles::PATH) || (roles.contains(Roles::ID) && path::looks_like(text)) {
        readings.push(ViewKind::Path, path::normalise(text).into_owned());
        readings.push(ViewKind::Path, path::stripped_once(text).unwrap_or_default());
    }
    readings.push(ViewKind::Path, all);
    readings
}

fn commands(text: &str, roles: Roles, room: usize, readings: &mut Readings) {
    let is_command = roles.contains(Roles::COMMAND);
    let may_be = roles.intersects(Roles::ID | Roles::HOST | Roles::PATH | Roles::URL | Roles::CODE | Roles::SQL);
    let becomes_one = is_command || (may_be && text.len() <= ARGUMENT && has_shell_signs(text));
    if !becomes_one {
        return;
    }
    let mut add = |reading| {
        let lines = shell::rewrite(text, reading, room);
        readings.take(lines, is_command);
    };
    add(Reading::Posix);
    if !is_command && text.contains(['\'', '"']) {
        add(Reading::Unquoted);
    }
    if shell::looks_like_windows(text) {
        let plain = shell::plain_windows(text).filter(|plain| plain.len() <= room);
        let lines = shell::rewrite(plain.as_deref().unwrap_or(text), Reading::Windows, room);
        readings.take(lines, is_command);
        readings.push(ViewKind::Shell, plain.unwrap_or_default());
    }
}

/// Whether a value that is no command has a sign by which it could become one. A lone `&` separates parameters.
fn has_shell_signs(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr3(b';', b'|', b'$', bytes).is_some()
        || memchr::memchr3(b'`', b'\n', b'(', bytes).is_some()
        || memchr::memchr3(b'<', b'>', b'\r', bytes).is_some()
        || memchr::memchr_iter(b'&', bytes).any(|at| {
            let next = bytes.get(at.saturating_add(1));
            matches!(next, None | Some(b'&' | b' '))
        })
}

/// The paths and the addresses among the words of a shell reading. One look at every byte: most words are neither.
fn words<'c>(commands: &'c str, urls: &mut url::Lines, paths: &mut Paths<'c>) {
    // Of a word that comes again at once, as in a text made of one, all is known.
    let mut last = "";
    let (mut looked, mut seen) = (0_usize, HashSet::new());
    let mut word = |word: &'c str, signs: u8| {
        if signs & (SEPARATOR | DIGIT) == 0 || std::mem::replace(&mut last, word) == word {
            return;
        }
        if signs & DIGIT != 0 {
            url::word(word, urls);
        }
        if signs & SEPARATOR != 0 {
            for path in path::in_word(word) {
                looked = looked.saturating_add(1);
                if paths.len() >= PATHS {
                    break;
                }
                if looked > FEW && !seen.insert(path) {
                    continue;
                }
                let normal = path::normalise(path);
                if !paths.contains(&normal) {
                    paths.push(normal);
                }
            }
        }
    };
    let (mut start, mut signs) = (0_usize, 0_u8);
    for (at, byte) in commands.bytes().enumerate() {
        let sign = SIGNS.get(byte);
        signs |= sign;
        if sign == BLANK {
            if signs != BLANK {
                word(commands.get(start..at).unwrap_or(""), signs);
            }
            (start, signs) = (at.saturating_add(1), 0);
        }
    }
    word(commands.get(start..).unwrap_or(""), signs);
}

/// What a word has a byte of, or is parted by.
const SEPARATOR: u8 = 1;
const DIGIT: u8 = 2;
const BLANK: u8 = 4;

static SIGNS: ByteKinds = ByteKinds::of(&[(SEPARATOR, b"/\\."), (DIGIT, b"0123456789["), (BLANK, b" \n")]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_not_hidden_behind_others_that_come_again() {
        for hidden in ["/a=/b=".repeat(2 * PATHS), "/a ".repeat(2 * PATHS), "/a=".repeat(2 * PATHS)] {
            let readings = readings(&format!("x {hidden}/etc/hidden"), Roles::COMMAND, 1 << 20);
            let shown = |(kind, text): &(ViewKind, String)| {
                *kind == ViewKind::Path && text.lines().any(|line| line == "/etc/hidden")
            };
            assert!(readings.list.iter().any(shown), "{hidden}");
            assert!(!readings.cut);
        }
    }

    #[test]
    fn more_paths_than_are_looked_at_are_told() {
        let many = |count: usize| (0..count).map(|n| format!("/{n}")).collect::<Vec<_>>().join(" ");
        assert!(!readings(&many(PATHS - 1), Roles::COMMAND, 1 << 20).cut);
        assert!(readings(&many(PATHS), Roles::COMMAND, 1 << 20).cut);
    }
}
