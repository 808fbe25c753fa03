//! Paths as a file system reads them, by their letters alone.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::byteset::ByteSet;

/// Normalises: separators `/`, `.` and empty segments gone, `..` resolved and kept where it climbs, drive letters in
/// lower case, `file://`, trailing dots and blanks and alternate streams removed. NUL stays, to be seen.
pub(crate) fn normalise(path: &str) -> Cow<'_, str> {
    if is_normal(path) { Cow::Borrowed(path) } else { Cow::Owned(rewritten(path)) }
}

fn rewritten(path: &str) -> String {
    let path = path.trim();
    let path = strip_file_scheme(path);
    let path = drive_relative(path).unwrap_or(path);
    let slashed = slashed(path);
    let (mut normal, rest) = root_of(path, &slashed);
    let is_relative = normal.is_empty();
    let mut segments: SmallVec<[&str; 16]> = SmallVec::new();
    for segment in rest.split('/') {
        match trim_segment(segment) {
            "" | "." => {}
            ".." => match segments.last() {
                Some(&"..") | None if is_relative => segments.push(".."),
                Some(_) => {
                    segments.pop();
                }
                // Above the root there is only the root.
                None => {}
            },
            segment => segments.push(segment),
        }
    }
    normal.reserve(rest.len());
    for (at, segment) in segments.iter().enumerate() {
        if at > 0 {
            normal.push('/');
        }
        normal.push_str(segment);
    }
    normal
}

/// Bytes of names that are spelt one way only.
static ORDINARY: ByteSet = ByteSet::of(b"-_+,~@%=.").and_alphanumeric();

/// Whether a path is plainly its own normal form, as most are: names of ordinary letters, parted by one slash each, of which none ends with
/// a dot.
fn is_normal(path: &str) -> bool {
    let mut before = None;
    let plain = path.bytes().all(|byte| {
        let ends_name = byte == b'/';
        let is_plain = if ends_name { !matches!(before, Some(b'/' | b'.')) } else { ORDINARY.has(byte) };
        before = Some(byte);
        is_plain
    });
    plain && !matches!(before, None | Some(b'/' | b'.'))
}

fn slashed(path: &str) -> Cow<'_, str> {
    if path.contains('\\') { Cow::Owned(path.replace('\\', "/")) } else { Cow::Borrowed(path) }
}

/// The path that a server is left with that removes `../` once and looks no further (`....//`, `..;/`), normalised;
/// `None` where that is no other.
pub(super) fn stripped_once(path: &str) -> Option<String> {
    let has_parameters = path.contains("..;");
    if !has_parameters && !path.contains("...") {
        return None;
    }
    let slashed = slashed(path);
    // Servlet containers drop `;…` from a segment and keep its `..`.
    let left = if has_parameters { strip_parameters(&slashed) } else { slashed.replace("../", "") };
    let left = normalise(&left);
    (left != normalise(path)).then(|| left.into_owned())
}

/// `..;x=1/` is `../` to a servlet container.
fn strip_parameters(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').map(|s| s.split_once(';').map_or(s, |(name, _)| name)).collect();
    segments.join("/")
}

/// Names of schemes and wrappers that end in a path of files.
const FILE_SCHEMES: &[&str] = &["file:", "unix:", "url:", "local_file:", "netdoc:", "view-source:", "jar:"];

/// Without `file:` in its spellings, nor what may stand before it.
pub(crate) fn strip_file_scheme(path: &str) -> &str {
    if !path.as_bytes().contains(&b':') {
        return path;
    }
    let mut path = path;
    // `view-source:jar:file:` is about as deep as anybody goes.
    for _ in 0..4 {
        let scheme = FILE_SCHEMES
            .iter()
            .find(|scheme| path.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)));
        let Some(rest) = scheme.and_then(|scheme| path.get(scheme.len()..)) else { return path };
        path = rest;
        if let Some(after) = rest.strip_prefix("//").or_else(|| rest.strip_prefix("\\\\")) {
            let names = after.strip_prefix("localhost").or_else(|| after.strip_prefix("127.0.0.1"));
            path = names.filter(|path| path.starts_with('/')).unwrap_or(after);
        }
        // `file:///C:/x` names `C:/x`.
        path = path.strip_prefix('/').filter(|path| drive_of(path).is_some()).unwrap_or(path);
    }
    path
}

/// Whether a path begins at a root, and what follows that: for whoever reads its segments without a copy.
pub(crate) fn root_and_rest(path: &str) -> (bool, &str) {
    let path = strip_file_scheme(path.trim());
    let separators: &[char] = &['/', '\\'];
    let local = path
        .strip_prefix("\\\\")
        .or_else(|| path.strip_prefix("//"))
        .or_else(|| path.strip_prefix("\\??"))
        .map_or(path, |device| device.trim_start_matches(['?', '.']).trim_start_matches(separators));
    if let Some((_, rest)) = drive_of(local) {
        return (true, rest);
    }
    match drive_relative(path) {
        Some(rest) => (false, rest),
        None => (path.starts_with(separators), path),
    }
}

/// What `C:..\x` names in the current directory of its drive.
fn drive_relative(path: &str) -> Option<&str> {
    let rest = path.get(2..).filter(|_| path.as_bytes().get(1) == Some(&b':'))?;
    (path.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.starts_with("..")).then_some(rest)
}

/// Whether a segment leads a level up: `..`, `.. ` to Windows, `..;x` to servlet containers.
pub(crate) fn is_up(segment: &str) -> bool {
    segment.strip_prefix("..").is_some_and(|rest| rest.starts_with(';') || rest.bytes().all(|byte| byte == b' '))
}

/// The root that a path begins with, spelt one way, and what follows it.
fn root_of<'a>(path: &str, slashed: &'a str) -> (String, &'a str) {
    if path.starts_with('\\') || path.starts_with("//?/") || path.starts_with("//./") {
        if let Some(rest) = slashed.strip_prefix("//?/").or_else(|| slashed.strip_prefix("/??/")) {
            return device("//?/", rest);
        }
        if let Some(rest) = slashed.strip_prefix("//./") {
            return device("//./", rest);
        }
        // `\\host\share`; but `\\..\x` is a traversal with its separators doubled.
        let host = slashed.strip_prefix("//").filter(|rest| rest.starts_with(|c: char| c.is_alphanumeric()));
        if let Some(rest) = host {
            return ("//".to_owned(), rest);
        }
    }
    if let Some((drive, rest)) = drive_of(slashed) {
        return (format!("{}:/", drive.to_ascii_lowercase()), rest);
    }
    match slashed.strip_prefix('/') {
        Some(rest) => ("/".to_owned(), rest),
        None => (String::new(), slashed),
    }
}

fn device<'a>(prefix: &str, rest: &'a str) -> (String, &'a str) {
    match drive_of(rest) {
        // `\\\\?\\C:\\x` is `C:\\x`, only longer.
        Some((drive, rest)) => (format!("{}:/", drive.to_ascii_lowercase()), rest),
        None => (prefix.to_owned(), rest),
    }
}

fn drive_of(path: &str) -> Option<(char, &str)> {
    let mut chars = path.chars();
    let drive = chars.next().filter(char::is_ascii_alphabetic)?;
    let rest = chars.as_str().strip_prefix(':')?;
    (rest.is_empty() || rest.starts_with(['/', '\\'])).then_some((drive, rest))
}

/// What Windows ignores at the end of a name: dots, blanks, a stream. `.. ` is `..`.
fn trim_segment(segment: &str) -> &str {
    let stream = if segment.contains(':') { segment.find("::$") } else { None };
    let segment = stream.and_then(|at| segment.get(..at)).unwrap_or(segment);
    let blank = segment.trim_end_matches(' ');
    if blank.bytes().all(|byte| byte == b'.') {
        return blank;
    }
    blank.trim_end_matches(['.', ' '])
}

/// Whether a value has the shape of a path.
pub(super) fn looks_like(text: &str) -> bool {
    text.len() <= 4096
        && (text.bytes().any(|byte| matches!(byte, b'/' | b'\\'))
            || text.as_bytes().windows(2).any(|pair| pair == b".."))
}

/// The paths that a word of a shell reading names: an argument, the target of a redirection, a value (`if=/dev/sda`,
/// `@/etc/passwd`), strings in code (`open("/etc/passwd")`).
pub(super) fn in_word(word: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| {
        matches!(c, '=' | '"' | '\'' | '`' | '(' | ')' | ',' | ';' | '<' | '>' | '|' | '‹' | '›' | '¦' | '@' | '&')
    };
    word.split(ends).filter(|part| {
        let foreign = || part.contains(':') && part.contains("://") && !part.starts_with("file://");
        looks_like(part) && !foreign()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is taken for its own normal form is left by normalising as it is.
        #[test]
        fn a_normal_path_is_its_own_normal_form(path in "[a.~/:;\\\\ é]{0,12}|[a-c./]{0,16}|(file:)?/?[ab]{1,2}(/[ab.]{1,3}){0,4}") {
            prop_assert_eq!(&*normalise(&path), rewritten(&path));
        }
    }

    #[test]
    fn normalises() {
        for (path, normal) in [
            ("docs/./a//b.txt", "docs/a/b.txt"),
            ("a/b/../../../etc/passwd", "../etc/passwd"),
            ("../../x", "../../x"),
            ("/srv/../../etc/./passwd", "/etc/passwd"),
            ("..\\..\\windows\\win.ini", "../../windows/win.ini"),
            ("..\\\\/..\\\\/x", "../../x"),
            ("C:\\Windows\\..\\x.txt", "c:/x.txt"),
            ("c:/", "c:/"),
            ("\\\\?\\C:\\x\\..\\y", "c:/y"),
            ("\\??\\C:\\x", "c:/x"),
            ("C:..\\..\\x", "../../x"),
            ("url:file:///etc/passwd", "/etc/passwd"),
            ("file:\\\\\\etc\\x", "/etc/x"),
            ("file://127.0.0.1/etc/x", "/etc/x"),
            ("\\\\.\\PhysicalDrive0", "//./PhysicalDrive0"),
            ("\\\\server\\share\\..\\x", "//server/x"),
            ("\\\\..\\..\\x", "/x"),
            ("//etc//passwd", "/etc/passwd"),
            ("file:///etc/passwd", "/etc/passwd"),
            ("FILE://localhost/etc/passwd", "/etc/passwd"),
            ("file:///C:/x", "c:/x"),
            ("file:/etc/passwd", "/etc/passwd"),
            ("web.config::$DATA", "web.config"),
            ("a/.. /b. ", "b"),
            ("x.txt...", "x.txt"),
            ("a.php\0.png", "a.php\0.png"),
            ("~/.ssh/id_rsa", "~/.ssh/id_rsa"),
            (".", ""),
            ("", ""),
        ] {
            assert_eq!(normalise(path), normal, "{path}");
        }
    }

    #[test]
    fn shows_what_one_pass_of_removal_leaves() {
        for (path, left) in [
            ("....//....//etc/passwd", "../../etc/passwd"),
            ("....\\\\....\\\\x", "../../x"),
            (".../...//x", "../x"),
            ("/a/..;/..;/manager", "/manager"),
            ("x/..;/..;/..;/manager", "../../manager"),
        ] {
            assert_eq!(stripped_once(path).as_deref(), Some(left), "{path}");
        }
        for path in ["../../etc/passwd", "docs/a.txt", "a..b/c", "wait..."] {
            assert_eq!(stripped_once(path), None, "{path}");
        }
    }
}
