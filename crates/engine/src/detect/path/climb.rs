//! How far a path climbs, by its letters alone.

use crate::views::path::{is_up, root_and_rest};

/// What the `..` of a path amount to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Climb<'p> {
    /// Levels above where a relative path begins.
    pub(super) levels: usize,
    /// An absolute path asks for more levels than there are.
    pub(super) above_root: bool,
    /// It goes down before it climbs out: `a/../../b`.
    pub(super) winding: bool,
    /// The first two names after the climb.
    target: [&'p str; 2],
}

/// Reads `path` once. What is no path of files climbs nowhere.
pub(super) fn of(path: &str) -> Climb<'_> {
    let mut climb = Climb::default();
    if !path.contains("..") || is_foreign(path) {
        return climb;
    }
    let (rooted, rest) = root_and_rest(path);
    let (mut depth, mut popped) = (0_usize, false);
    for segment in rest.split(['/', '\\']) {
        if segment.is_empty() || segment == "." {
            continue;
        }
        if is_up(segment) {
            if depth > 0 {
                depth = depth.saturating_sub(1);
                popped = true;
            } else if rooted {
                climb.above_root = true;
            } else {
                climb.levels = climb.levels.saturating_add(1);
                climb.winding |= popped;
            }
            climb.target = ["", ""];
            continue;
        }
        if let Some(place) = climb.target.get_mut(depth) {
            *place = segment;
        }
        depth = depth.saturating_add(1);
    }
    climb
}

/// A URL of something that is no file.
fn is_foreign(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        scheme.len() <= 24 && !scheme.contains(['/', '\\', '.']) && !scheme.trim_start().eq_ignore_ascii_case("file")
    })
}

/// Whether a climb ends in a directory that only the root of a system, or of a server, has.
pub(super) fn leads_to_a_system(climb: &Climb<'_>) -> bool {
    let [first, second] = climb.target;
    let among = |name: &str, names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    among(first, OF_ANY_SYSTEM)
        || (climb.levels >= 2 && among(first, OF_SERVERS))
        || (first.eq_ignore_ascii_case("var") && among(second, &["log", "www", "lib", "run", "spool", "mail", "db"]))
        || (first.eq_ignore_ascii_case("usr") && among(second, &["bin", "sbin", "lib", "local", "share", "etc"]))
        || (first.eq_ignore_ascii_case("opt") && !second.is_empty())
        || second.eq_ignore_ascii_case("conf")
            && first.len() >= 2
            && starts(first, &["apache", "tomcat", "httpd", "nginx"])
        || starts(first, &[".bash", ".zsh", ".ssh", ".aws", "wp-config", "id_rsa"])
}

fn starts(name: &str, with: &[&str]) -> bool {
    with.iter().any(|with| name.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with)))
}

const OF_ANY_SYSTEM: &[&str] = &[
    "etc",
    "proc",
    "windows",
    "winnt",
    "boot.ini",
    "win.ini",
    "system32",
    "program files",
    "program files (x86)",
    "inetpub",
    "xampp",
    "web-inf",
    "meta-inf",
    "secret",
    "secrets",
    ".git",
    ".svn",
    ".env",
    ".history",
    "web.config",
    "programdata",
];

const OF_SERVERS: &[&str] = &[
    "var",
    "usr",
    "root",
    "home",
    "boot",
    "sys",
    "mnt",
    "logs",
    "log",
    "conf",
    "apache",
    "apache2",
    "httpd",
    "tomcat",
    "nginx",
    "php",
    "php4",
    "php5",
    "mysql",
    "htdocs",
    "www",
    "wwwroot",
    "cgi-bin",
    "users",
    "volumes",
    "sam",
    "ntldr",
    "documents and settings",
    "recycler",
    "usr local",
    "private",
];

/// Whether dots or separators of a `..` were percent-encoded: no program writes `..%2f` or `%2e%2e/` in a path.
pub(super) fn is_encoded(path: &str) -> bool {
    let bytes = path.as_bytes();
    if memchr::memchr(b'%', bytes).is_none() || is_foreign(path) {
        return false;
    }
    let (mut dots, mut other, mut encoded, mut before) = (0_usize, false, false, false);
    let mut at = 0_usize;
    loop {
        let (byte, is_encoded, length) = unit(bytes.get(at..).unwrap_or_default());
        let ends = byte.is_none();
        match byte {
            Some(b'.') => {
                dots = dots.saturating_add(1);
                encoded |= is_encoded;
            }
            None | Some(b'/' | b'\\') => {
                let by = |here: bool| before || encoded || here;
                if dots == 2 && !other && by(is_encoded) {
                    return true;
                }
                (dots, other, encoded, before) = (0, false, false, is_encoded);
            }
            Some(_) => other = true,
        }
        if ends {
            return false;
        }
        at = at.saturating_add(length);
    }
}

/// The next byte, whether it was encoded, and how long it is written.
fn unit(bytes: &[u8]) -> (Option<u8>, bool, usize) {
    let Some(&first) = bytes.first() else { return (None, false, 0) };
    let digit =
        |at: usize| bytes.get(at).and_then(|&byte| char::from(byte).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    match (first, digit(1), digit(2)) {
        (b'%', Some(high), Some(low)) => (Some(high.wrapping_shl(4) | low), true, 3),
        _ => (Some(first), false, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_levels_above_the_start() {
        for (path, levels, above_root, winding) in [
            ("src/../lib/x", 0, false, false),
            ("a/b/../../c", 0, false, false),
            ("../x", 1, false, false),
            ("./../x", 1, false, false),
            ("..\\..\\x", 2, false, false),
            ("../../", 2, false, false),
            ("a/../../x", 1, false, true),
            ("a/../../../x", 2, false, true),
            (".. /..;v=1/x", 2, false, false),
            ("/srv/../x", 0, false, false),
            ("/srv/../../x", 0, true, false),
            ("/../x", 0, true, false),
            ("C:\\a\\..\\..\\x", 0, true, false),
            ("C:..\\x", 1, false, false),
            ("file:///../x", 0, true, false),
            ("https://example.com/../../x", 0, false, false),
            ("a..b/...c/....", 0, false, false),
            ("HEAD~2..HEAD", 0, false, false),
        ] {
            let climb = of(path);
            assert_eq!((climb.levels, climb.above_root, climb.winding), (levels, above_root, winding), "{path}");
        }
    }

    #[test]
    fn knows_where_systems_keep_things() {
        for path in [
            "../etc/hosts",
            "../../var/x",
            "..\\windows\\x",
            "../../../home/ann",
            "../usr/local/x",
            "../../apache2/conf/x",
        ] {
            assert!(leads_to_a_system(&of(path)), "{path}");
        }
        for path in ["../docs/etc/x", "../../packages/ui", "../var/x", "../home/index.ts", "../usr.ts"] {
            assert!(!leads_to_a_system(&of(path)), "{path}");
        }
    }

    #[test]
    fn encoded_climbs_are_told_from_encoded_names() {
        for path in ["..%2fx", "%2e%2e/x", ".%2E\\x", "a%5c..", "x/..%5C..", "..%2f"] {
            assert!(is_encoded(path), "{path}");
        }
        for path in ["../my%20file", "..", "a%2fb", "%2e/x", "100%", "..%20x", "%2e%2e%2e/x", "https://x/?u=..%2f"] {
            assert!(!is_encoded(path), "{path}");
        }
    }
}
