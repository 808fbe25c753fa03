//! Paths as Windows takes them, by their letters alone: what names a device, a share, a stream or a short name is told
//! from what names a file. Pure, and tested on every system; what the file system itself says comes after.

use vanguard_engine::detect::is_device_name;
use vanguard_engine::zone::Trouble;

/// A path on a drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// In upper case.
    pub drive: char,
    /// From the drive's root down, without `.` and `..`.
    pub names: Vec<String>,
}

impl Plain {
    /// Reads `path`, which a relative one is meant from `directory`; an error where it is no plain path of files.
    pub fn read(path: &str, directory: Option<&Self>) -> Result<Self, Trouble> {
        let path = path.replace('/', "\\");
        if let Some(rest) = path.strip_prefix("\\\\").or_else(|| path.strip_prefix("\\??\\")) {
            // `\\?\UNC\host\share` is a share in disguise; `\\?\C:\..` a path whose `..` is not taken away.
            let long = rest.trim_start_matches(['?', '.', '\\']);
            let is_share = long.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("unc\\"));
            let is_device = path.starts_with("\\??\\") || rest.starts_with(['?', '.']);
            return Err(if is_device && !is_share { Trouble::Device } else { Trouble::Share });
        }
        let (mut plain, rest) = match path.as_bytes() {
            [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic() => {
                let drive = char::from(letter.to_ascii_uppercase());
                (Self { drive, names: Vec::new() }, &path[3..])
            }
            // `C:x` is meant from wherever that drive's own directory is.
            [letter, b':', ..] if letter.is_ascii_alphabetic() => return Err(Trouble::Spelling),
            [b'\\', ..] => {
                let drive = directory.ok_or(Trouble::Spelling)?.drive;
                (Self { drive, names: Vec::new() }, &path[1..])
            }
            _ => (directory.ok_or(Trouble::Spelling)?.clone(), path.as_str()),
        };
        for name in rest.split('\\') {
            match name {
                "" | "." => {}
                ".." => drop(plain.names.pop()),
                name => plain.names.push(read_name(name)?),
            }
        }
        Ok(plain)
    }

    /// How many names below `self` `other` lies, as a file system that folds case compares; `None` where it does not.
    pub fn depth_of(&self, other: &Self) -> Option<usize> {
        let above = |(zone, name): (&String, &String)| fold(zone).eq(fold(name));
        let holds = self.drive == other.drive
            && self.names.len() <= other.names.len()
            && self.names.iter().zip(&other.names).all(above);
        holds.then(|| other.names.len() - self.names.len())
    }
}

fn read_name(name: &str) -> Result<String, Trouble> {
    if name.contains(':') {
        return Err(if is_device_name(name) { Trouble::Device } else { Trouble::Stream });
    }
    if name.chars().any(|c| c.is_control() || matches!(c, '<' | '>' | '"' | '|' | '?' | '*')) {
        return Err(Trouble::Spelling);
    }
    if is_device_name(name) {
        return Err(Trouble::Device);
    }
    if is_short(name) {
        return Err(Trouble::ShortName);
    }
    // Dots and blanks at its end are not part of a name; `...` is none at all, and some programs climb by it.
    let kept = name.trim_end_matches(['.', ' ']);
    if kept.is_empty() { Err(Trouble::Spelling) } else { Ok(kept.to_owned()) }
}

/// `PROGRA~1`, `LONGNA~2.TXT`.
fn is_short(name: &str) -> bool {
    let (base, extension) = name.split_once('.').unwrap_or((name, ""));
    let Some((stem, number)) = base.rsplit_once('~') else { return false };
    !stem.is_empty()
        && base.chars().count() <= 8
        && extension.chars().count() <= 3
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

fn fold(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().flat_map(char::to_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(path: &str) -> Result<Plain, Trouble> {
        let directory = Plain { drive: 'C', names: vec!["work".into()] };
        Plain::read(path, Some(&directory))
    }

    fn zone() -> Plain {
        Plain::read("C:\\Users\\quint\\Desktop\\provnai", None).unwrap()
    }

    /// The cases of mcp-vanguard 1.5.0, which judged them on Windows alone.
    #[test]
    fn ways_round_a_prefix_are_no_plain_paths() {
        for (path, trouble) in [
            (r"\\.\C:\Windows\win.ini", Trouble::Device),
            (r"\\.\PhysicalDrive0", Trouble::Device),
            (r"\\?\C:\Users\quint\..\..\Windows", Trouble::Device),
            (r"\\?\UNC\localhost\C$\Windows", Trouble::Share),
            (r"\??\C:\Windows", Trouble::Device),
            (r"\\localhost\C$\Windows", Trouble::Share),
            (r"\\127.0.0.1\C$\Windows", Trouble::Share),
            (r"\\::1\C$\Windows", Trouble::Share),
            ("//localhost/C$/Windows", Trouble::Share),
            (r"C:\PROGRA~1\secret", Trouble::ShortName),
            (r"C:\Users\quint\Desktop\PROVNA~1\x", Trouble::ShortName),
            (r"C:\Users\quint\Desktop\provnai\CON", Trouble::Device),
            (r"C:\Users\quint\Desktop\provnai\nul.txt", Trouble::Device),
            (r"C:\Users\quint\Desktop\provnai\COM1", Trouble::Device),
            ("aux .log", Trouble::Device),
            (r"C:\Users\quint\Desktop\provnai\a.txt:hidden", Trouble::Stream),
            (r"C:\Users\quint\Desktop\provnai\a.txt::$DATA", Trouble::Stream),
            (r"C:\Users\quint\Desktop\provnai\...\x", Trouble::Spelling),
            ("C:x.txt", Trouble::Spelling),
            ("a\0.png", Trouble::Spelling),
        ] {
            assert_eq!(plain(path), Err(trouble), "{path}");
        }
    }

    #[test]
    fn what_is_left_lies_in_the_zone_or_not() {
        let depth = |path: &str| zone().depth_of(&plain(path).unwrap());
        assert_eq!(depth(r"C:\Users\quint\Desktop\provnai"), Some(0));
        assert_eq!(depth(r"c:\users\QUINT\desktop\ProvnAI\src\main.rs"), Some(2));
        assert_eq!(depth("C:/Users/quint/Desktop/provnai/./a/../b. "), Some(1));
        assert_eq!(depth(r"C:\Users\quint\Desktop\provnai\..\..\x"), None);
        // 1.5.0 compared letters, so the neighbour was inside.
        assert_eq!(depth(r"C:\Users\quint\Desktop\provnai-secrets\x"), None);
        assert_eq!(depth(r"D:\Users\quint\Desktop\provnai\x"), None);
        assert_eq!(depth(r"\Users\quint\Desktop\provnai\x"), Some(1));
        assert_eq!(depth("x"), None);
        assert_eq!(depth(r"C:\..\..\Users\quint\Desktop\provnai\x"), Some(1));
    }

    proptest::proptest! {
        /// What is read as a plain path holds no separator, no climb and no device.
        #[test]
        fn a_plain_path_is_plain(path in "([A-Za-z]:)?[\\\\/.a-zA-Z~1: ]{0,40}") {
            if let Ok(plain) = plain(&path) {
                for name in &plain.names {
                    proptest::prop_assert!(!name.contains(['\\', '/', ':']) && !name.ends_with(['.', ' ']), "{name}");
                    proptest::prop_assert!(!is_device_name(name) || name == "work");
                }
            }
        }
    }

    #[test]
    fn ordinary_names_stay_names() {
        for path in ["~draft.txt", "backup~", "a~b.txt", "notes~2026-11-26.md", "console.log", "com10", ".gitignore"] {
            assert!(plain(path).is_ok(), "{path}");
        }
    }
}
