//! Paths as a file system reads them, by their letters alone.

use std::borrow::Cow;

use smallvec::SmallVec;

/// Normalises: separators `/`, `.` and empty segments gone, `..` resolved and kept where it climbs, drive letters in
/// lower case, `file://`, trailing dots and blanks and alternate streams removed. NUL stays, to be seen.
pub(super) fn normalise(path: &str) -> String {
    let path = path.trim();
    let path = strip_file_scheme(path);
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
    (left != normalise(path)).then_some(left)
}

/// `..;x=1/` is `../` to a servlet container.
fn strip_parameters(path: &str) -> String {
    let segments: Vec<&str> = path.split('/').map(|s| s.split_once(';').map_or(s, |(name, _)| name)).collect();
    segments.join("/")
}

fn strip_file_scheme(path: &str) -> &str {
    let Some(scheme) = path.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("file:")) else { return path };
    let rest = path.get(scheme.len()..).unwrap_or("");
    let Some(after) = rest.strip_prefix("//") else { return rest };
    let path = after.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(after);
    // `file:///C:/x` names `C:/x`.
    path.strip_prefix('/').filter(|path| drive_of(path).is_some()).unwrap_or(path)
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
        Some((drive, rest)) => (format!("{prefix}{}:/", drive.to_ascii_lowercase()), rest),
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
    use super::*;

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
            ("\\\\?\\C:\\x\\..\\y", "//?/c:/y"),
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
