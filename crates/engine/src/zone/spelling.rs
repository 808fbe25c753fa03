//! The paths that a text may be to a server.
//!
//! One server takes it as it stands, the next undoes percent signs, puts the home directory in the place of `~`, or takes
//! `..` away by the letters alone, before it asks the system. Whatever they take it for must keep to the zones.

use std::borrow::Cow;

use crate::views::{path, percent};

use super::{Ground, Trouble};

/// What one reading of a text comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form<'t> {
    /// A path from the root.
    Absolute(Cow<'t, str>),
    /// One from wherever the server takes relative paths from.
    Relative(Cow<'t, str>),
    /// None that could be known.
    Unknown(Trouble),
}

/// Every path that `text` may be to a server on `ground`, or why it is none.
pub fn spellings(text: &str, ground: &dyn Ground) -> Vec<Result<String, Trouble>> {
    let mut all = Vec::new();
    forms(text, &|name| ground.variable(name).map(str::to_owned), &mut |form| {
        all.push(match form {
            Form::Absolute(path) | Form::Relative(path) => Ok(path.into_owned()),
            Form::Unknown(trouble) => Err(trouble),
        });
    });
    all
}

/// Gives `each` every form of `text`. `variable` is the server's environment.
pub(super) fn forms<'t>(text: &'t str, variable: &dyn Fn(&str) -> Option<String>, each: &mut dyn FnMut(Form<'t>)) {
    untrimmed(text, variable, each);
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        untrimmed(trimmed, variable, each);
    }
}

fn untrimmed<'t>(text: &'t str, variable: &dyn Fn(&str) -> Option<String>, each: &mut dyn FnMut(Form<'t>)) {
    let bare = path::strip_file_scheme(text);
    let is_uri = bare.len() < text.len();
    if is_uri && !path::root_and_rest(bare).0 {
        // `file://host/share`, `file:x`: whose file it is depends on the reader.
        return each(Form::Unknown(Trouble::Spelling));
    }
    one(Cow::Borrowed(bare), variable, each);
    if is_uri && let Some(path) = bare.find(['?', '#']).and_then(|at| bare.get(..at)) {
        one(Cow::Borrowed(path), variable, each);
    }
    if let Some(decoded) = percent::decode(bare, false) {
        one(Cow::Owned(decoded), variable, each);
    }
}

fn one<'t>(path: Cow<'t, str>, variable: &dyn Fn(&str) -> Option<String>, each: &mut dyn FnMut(Form<'t>)) {
    if path.contains('\0') {
        return each(Form::Unknown(Trouble::Spelling));
    }
    let path = match expanded(&path, variable) {
        Some(Ok(expanded)) => Cow::Owned(expanded),
        Some(Err(trouble)) => return each(Form::Unknown(trouble)),
        None => path,
    };
    // The system follows links before it climbs; many servers climb by the letters before they ask.
    if path.contains("..") {
        let normal = path::normalise(&path);
        if normal != path {
            each(form(Cow::Owned(normal.into_owned())));
        }
    }
    each(form(path));
}

fn form(path: Cow<'_, str>) -> Form<'_> {
    if path::root_and_rest(&path).0 { Form::Absolute(path) } else { Form::Relative(path) }
}

/// `~/x` and `$HOME/x` as a shell or a library expands them. A variable that the server does not have stays as it is.
fn expanded(path: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<Result<String, Trouble>> {
    let (name, rest) = if let Some(rest) = path.strip_prefix('~') {
        let (user, rest) = cut(rest);
        if !user.is_empty() {
            // Another user's home; but `~draft.txt` is a file.
            let named = rest.starts_with(['/', '\\']) && user.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            return named.then_some(Err(Trouble::Spelling));
        }
        let home = variable("HOME").or_else(|| variable("USERPROFILE"));
        return Some(home.map(|home| home + rest).ok_or(Trouble::Spelling));
    } else if let Some(rest) = path.strip_prefix("${") {
        rest.split_once('}')?
    } else if let Some(rest) = path.strip_prefix('$') {
        cut(rest)
    } else {
        path.strip_prefix('%')?.split_once('%')?
    };
    Some(Ok(variable(name)? + rest))
}

/// A name and what follows it from the first separator on.
fn cut(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '\\']).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        let variable = |name: &str| (name == "HOME").then(|| "/home/anna".to_owned());
        let mut all = Vec::new();
        forms(text, &variable, &mut |form| {
            all.push(match form {
                Form::Absolute(path) => path.into_owned(),
                Form::Relative(path) => format!("./{path}"),
                Form::Unknown(trouble) => format!("? {trouble:?}"),
            });
        });
        all
    }

    #[test]
    fn a_plain_path_has_one_form() {
        assert_eq!(of("/srv/a b.txt"), ["/srv/a b.txt"]);
        assert_eq!(of("notes.md"), ["./notes.md"]);
        assert_eq!(of(""), ["./"]);
    }

    #[test]
    fn every_reading_of_a_server_is_one() {
        assert_eq!(of("file:///srv/a%20b"), ["/srv/a%20b", "/srv/a b"]);
        assert_eq!(of("file://localhost/srv/a"), ["/srv/a"]);
        assert_eq!(of("file:///srv/a#/../../etc"), ["/etc", "/srv/a#/../../etc", "/srv/a"]);
        assert_eq!(of("~/x"), ["/home/anna/x"]);
        assert_eq!(of("$HOME/x"), ["/home/anna/x"]);
        assert_eq!(of("${HOME}/x"), ["/home/anna/x"]);
        assert_eq!(of("%HOME%/x"), ["/home/anna/x"]);
        assert_eq!(of("$lib/x"), ["./$lib/x"]);
        assert_eq!(of("~draft.txt"), ["./~draft.txt"]);
        assert_eq!(of("/srv/link/../x"), ["/srv/x", "/srv/link/../x"]);
        assert_eq!(of("/srv/%2e%2e/x"), ["/srv/%2e%2e/x", "/x", "/srv/../x"]);
        assert_eq!(of(" /etc/x"), [" /etc/x", "/etc/x"]);
    }

    #[test]
    fn what_may_be_anybodys_is_unknown() {
        for text in ["file://host/share", "file:x", "~root/.ssh", "a\0.png", "/srv/a%00.png"] {
            assert!(of(text).iter().any(|form| form.starts_with('?')), "{text}: {:?}", of(text));
        }
    }

    proptest::proptest! {
        /// No text hides a form: there is always one, and none with a NUL.
        #[test]
        fn every_text_has_forms(text in "(file:|~|\\$HOME)?[a-z/.%\\\\\u{0} 0-9]{0,40}") {
            let mut count = 0;
            forms(&text, &|_| Some("/home/anna".to_owned()), &mut |form| {
                count += 1;
                if let Form::Absolute(path) | Form::Relative(path) = form {
                    assert!(!path.contains('\0'));
                }
            });
            proptest::prop_assert!(count > 0);
        }
    }
}
