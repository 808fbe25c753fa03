//! Roles by value: what the shape of a value shows, whatever its name and its schema say.

use super::Roles;

/// The roles that `value` shows. `named` are the roles it has by name and schema: prose is not searched for paths.
pub fn of(value: &str, named: Roles) -> Roles {
    let value = value.trim_ascii();
    let mut roles = Roles::empty();
    if value.is_empty() || value.len() > MAX_SHAPED {
        return roles;
    }
    if starts_with_scheme(value) {
        roles |= Roles::URL;
        if value.get(..5).is_some_and(|s| s.eq_ignore_ascii_case("file:")) {
            roles |= Roles::PATH;
        }
    }
    if is_path(value, named) {
        roles |= Roles::PATH;
    }
    if starts_like_sql(value) {
        roles |= Roles::SQL;
    }
    roles
}

/// Longer values are content, not names of things.
const MAX_SHAPED: usize = 4096;

fn starts_with_scheme(value: &str) -> bool {
    let scheme =
        value.bytes().take(24).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'.' | b'-')).count();
    let rest = value.get(scheme..).unwrap_or_default();
    let named = value.get(..scheme).unwrap_or_default();
    scheme >= 2
        && named.starts_with(|c: char| c.is_ascii_alphabetic())
        && (rest.starts_with("://")
            || rest.starts_with(":\\\\")
            || (rest.starts_with(':')
                && [
                    "file",
                    "data",
                    "jar",
                    "javascript",
                    "php",
                    "phar",
                    "expect",
                    "vbscript",
                    "netdoc",
                    "gopher",
                    "dict",
                    "ldap",
                    "http",
                    "https",
                ]
                .iter()
                .any(|known| named.eq_ignore_ascii_case(known))
                && !rest.contains(' ')))
}

/// A whole value that names a file: absolute, home-relative, climbing, or with a separator or its encoding in it.
/// Prose may begin with a slash, so there only one word counts.
fn is_path(value: &str, named: Roles) -> bool {
    let bytes = value.as_bytes();
    let one_word = !bytes.iter().any(u8::is_ascii_whitespace);
    // Several words of a command are its program and arguments, of which the path view makes paths one by one.
    if named.intersects(Roles::TEXT.union(Roles::COMMAND)) && !one_word {
        return false;
    }
    let drive = matches!(bytes, [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    let absolute = drive
        || value.starts_with('/')
        || value.starts_with("~/")
        || value.starts_with("\\\\")
        || value.starts_with("~\\");
    // `cd ../x && make` in some unnamed argument is no path, `../a b/c` is one.
    let climbs =
        value.split_ascii_whitespace().next().is_some_and(|word| word.as_bytes().windows(2).any(|two| two == b".."))
            && bytes.iter().any(|b| matches!(b, b'/' | b'\\' | b'%'));
    let encoded = one_word && bytes.contains(&b'%') && {
        let lower = value.to_ascii_lowercase();
        ["%2f", "%5c", "%2e", "%25", "%%", "%u", "%c0", "%c1", "%e0%80", "%f0%80", "%f8%80", "%fc%80"]
            .iter()
            .any(|e| lower.contains(e))
    };
    if named.contains(Roles::TEXT) {
        return absolute || (climbs && (value.starts_with("..") || value.starts_with('.')));
    }
    (absolute && !value.contains('\n')) || climbs || encoded
}

fn starts_like_sql(value: &str) -> bool {
    let verb = value.bytes().take(10).take_while(u8::is_ascii_alphabetic).count();
    let rest = value.get(verb..).unwrap_or_default();
    rest.starts_with(|c: char| c.is_ascii_whitespace())
        && value.get(..verb).is_some_and(|v| v.eq_ignore_ascii_case("select"))
        && rest.to_ascii_lowercase().contains("from")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_show_roles_that_names_hide() {
        assert!(of("/etc/shadow", Roles::empty()).contains(Roles::PATH));
        assert!(of("..\\..\\boot.ini", Roles::ID).contains(Roles::PATH));
        assert!(of("C:/Windows/win.ini", Roles::empty()).contains(Roles::PATH));
        assert!(of("%c0%ae%c0%ae%c0%afetc", Roles::ID).contains(Roles::PATH));
        assert!(of("http://169.254.169.254/", Roles::PATH).contains(Roles::URL));
        assert!(of("file:///etc/passwd", Roles::empty()).contains(Roles::URL.union(Roles::PATH)));
        assert!(of("gopher://x/", Roles::TEXT).contains(Roles::URL));
        assert!(of("SELECT a FROM b", Roles::empty()).contains(Roles::SQL));
    }

    #[test]
    fn prose_that_mentions_is_not_what_it_mentions() {
        assert!(of("Never read /etc/shadow.", Roles::TEXT).is_empty());
        assert!(of("/usage shows how to read ../x", Roles::TEXT).is_empty());
        assert!(of("Note: see http://x", Roles::TEXT).is_empty());
        assert!(of("/bin/ls ../x", Roles::COMMAND).is_empty());
        assert!(of("cd ../x && make", Roles::ID).is_empty());
        assert!(of("../a b/c", Roles::ID).contains(Roles::PATH));
        assert!(of("Select your seat from the list", Roles::TEXT).contains(Roles::SQL), "the SQL rules ask for more");
    }
}
