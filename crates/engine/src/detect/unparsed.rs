//! What is not what its role expects: shell text that no shell accepts, SQL that never ends, an address that is none.
//!
//! Such a value is judged by the rules on its views like any other; but what we can't read somebody may read differently, and
//! `strict` refuses it for that alone.

mod brackets;

use super::{Family, Found, Look};
use crate::role::Roles;
use crate::views::{self, ViewKind};

const SHELL: usize = 0;
const SQL: usize = 1;
const URL: usize = 2;

/// See the module.
pub(super) const FAMILY: Family = Family { name: "unparsed", kinds: &["shell", "sql", "url"], look };

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    if look.chain.kind() != ViewKind::Raw || look.view.trim().is_empty() {
        return;
    }
    let all = 0..look.view.len();
    if look.wants(SHELL)
        && look.roles.contains(Roles::COMMAND)
        && !brackets::close(look.view, brackets::SHELL)
        && !views::looks_like_windows(look.view)
    {
        found(SHELL, all.clone());
    }
    if look.wants(SQL) && look.roles.contains(Roles::SQL) && !brackets::close(look.view, brackets::SQL) {
        found(SQL, all.clone());
    }
    if look.wants(URL) && look.roles.contains(Roles::URL) && !is_address(look.view) {
        found(URL, all);
    }
}

/// Whether a value is an address, whole or the part behind the host.
fn is_address(value: &str) -> bool {
    let value = value.trim();
    if value.chars().any(char::is_control) {
        return false;
    }
    match url::Url::parse(value) {
        Ok(_) => true,
        Err(url::ParseError::RelativeUrlWithoutBase) => {
            url::Url::parse("http://host/").is_ok_and(|base| base.join(value).is_ok())
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_shell_accepts_is_told() {
        for text in [
            "echo 'a",
            "echo \"a",
            "echo $(date",
            "a )",
            "( a",
            "echo `date",
            "cat <<EOF\nx",
            "{ a; ",
            "| cat",
            "&& id",
            "echo a |",
        ] {
            assert!(!brackets::close(text, brackets::SHELL), "{text}");
        }
        for text in [
            "echo 'a' \"b $(date \"+%s\")\"",
            "git commit -m \"it's\" # don't",
            "cat <<'EOF'\nit's (\nEOF\nls",
            "case $x in a) b;; esac",
            "echo \\( \\' \\\"",
            "${a[0]} ${b:-'x'} $((1+2))",
            "awk '{print $1}' | sort | head -n 3",
            "a=(1 2); [[ $a =~ ^(x|y)$ ]]",
            "find . -name '*.rs' &",
            "cat <<< \"x\"",
        ] {
            assert!(brackets::close(text, brackets::SHELL), "{text}");
        }
    }

    #[test]
    fn sql_that_never_ends_is_told() {
        for text in ["SELECT 'a", "SELECT (1", "SELECT 1 /* x", "SELECT \"a FROM t", "SELECT 1)"] {
            assert!(!brackets::close(text, brackets::SQL), "{text}");
        }
        for text in [
            "SELECT 'it''s', \"a\" FROM `t` -- don't (",
            "SELECT $$it's$$",
            "SELECT '(' # it's",
            "SELECT /* ' */ 1",
            "SELECT a[1] FROM t",
        ] {
            assert!(brackets::close(text, brackets::SQL), "{text}");
        }
    }

    #[test]
    fn addresses_that_are_none_are_told() {
        for text in ["http://", "http://[::1", "http://a b/", "http://x:99999/", "http://a\nb/"] {
            assert!(!is_address(text), "{text}");
        }
        for text in [
            "https://example.com/a?b=c#d",
            "example.com/x",
            "/api/v1",
            "localhost:3000",
            "mailto:a@example.com",
            "//cdn.example.com/x.js",
            "#top",
        ] {
            assert!(is_address(text), "{text}");
        }
    }
}
