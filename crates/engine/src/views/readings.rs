//! What a text does, by the roles of its field: the commands it runs, the URLs it names, the paths it leads to.

use smallvec::SmallVec;

use super::shell::{self, Reading};
use super::{ViewKind, path, url};
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
const PATHS: usize = 64;

type Readings = SmallVec<[(ViewKind, String); 4]>;

/// All readings of `text`, none longer than `room`.
pub(super) fn readings(text: &str, roles: Roles, room: usize) -> Readings {
    let mut readings = Readings::new();
    commands(text, roles, room, &mut readings);
    urls(text, roles, &mut readings);
    paths(text, roles, &mut readings);
    readings.retain(|(_, reading)| reading.len() <= room);
    readings
}

fn commands(text: &str, roles: Roles, room: usize, readings: &mut Readings) {
    let is_command = roles.contains(Roles::COMMAND);
    let may_be = roles.intersects(Roles::ID | Roles::HOST | Roles::PATH | Roles::URL | Roles::CODE | Roles::SQL);
    let becomes_one = is_command || (may_be && has_shell_signs(text));
    if !becomes_one {
        return;
    }
    let mut add = |reading| {
        let lines = shell::rewrite(text, reading, room).filter(|lines| !readings.iter().any(|(_, seen)| seen == lines));
        readings.extend(lines.map(|lines| (ViewKind::Shell, lines)));
    };
    add(Reading::Posix);
    if !is_command && text.contains(['\'', '"']) {
        add(Reading::Unquoted);
    }
    if shell::looks_like_windows(text) {
        add(Reading::Windows);
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

fn urls(text: &str, roles: Roles, readings: &mut Readings) {
    let mut lines = url::Lines::default();
    if roles.intersects(Roles::URL | Roles::HOST) {
        url::whole(text, &mut lines);
    }
    // The shell's reading joins what quotes part.
    if !roles.contains(Roles::COMMAND) {
        url::inside(text, &mut lines);
    }
    for commands in shell_of(readings) {
        url::inside(commands, &mut lines);
        if roles.contains(Roles::COMMAND) {
            each_word(commands, |word| url::word(word, &mut lines), |byte| byte.is_ascii_digit() || byte == b'[');
        }
    }
    readings.extend(lines.finish().map(|lines| (ViewKind::Url, lines)));
}

fn paths(text: &str, roles: Roles, readings: &mut Readings) {
    if roles.contains(Roles::PATH) || (roles.contains(Roles::ID) && path::looks_like(text)) {
        readings.push((ViewKind::Path, path::normalise(text)));
        readings.extend(path::stripped_once(text).map(|left| (ViewKind::Path, left)));
    }
    if roles.contains(Roles::COMMAND) {
        let mut lines: SmallVec<[String; 8]> = SmallVec::new();
        for commands in shell_of(readings) {
            let add = |word: &str| {
                for path in path::in_word(word).take(PATHS.saturating_sub(lines.len())) {
                    let normal = path::normalise(path);
                    if !lines.contains(&normal) {
                        lines.push(normal);
                    }
                }
            };
            each_word(commands, add, |byte| matches!(byte, b'/' | b'\\' | b'.'));
        }
        if !lines.is_empty() {
            readings.push((ViewKind::Path, lines.join("\n")));
        }
    }
}

fn shell_of(readings: &Readings) -> impl Iterator<Item = &str> {
    readings.iter().filter(|(kind, _)| *kind == ViewKind::Shell).map(|(_, commands)| commands.as_str())
}

/// Gives every word of a shell reading that has a byte that `wanted` says it must have. One pass: most have none.
fn each_word(commands: &str, mut give: impl FnMut(&str), wanted: impl Fn(u8) -> bool) {
    let (mut start, mut has) = (0_usize, false);
    for (at, byte) in commands.bytes().chain([b'\n']).enumerate() {
        if matches!(byte, b' ' | b'\n') {
            if has {
                give(commands.get(start..at).unwrap_or(""));
            }
            (start, has) = (at.saturating_add(1), false);
        } else {
            has |= wanted(byte);
        }
    }
}
