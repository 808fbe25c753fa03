//! Values that stand where a secret would: examples, variables, masks.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Whether nobody could log in with `value`: a word of documentation, a variable, a mask, a sequence.
pub(crate) fn is_placeholder(value: &str) -> bool {
    is_mask(value) || says_so(value) || is_repetitive(value.as_bytes())
}

/// Whether `value` is a variable or a mask: what stands there for a secret without looking like one.
pub(crate) fn is_mask(value: &str) -> bool {
    value.bytes().all(|byte| !byte.is_ascii_alphanumeric()) || has_mark(value) || is_crossed_out(value)
}

/// Whether `password` is one that documentation and local databases use, or the host of the `login` is one that nobody
/// else reaches.
pub(crate) fn is_default_login(login: &str, password: &str) -> bool {
    const WORDS: &[&str] = &[
        "password",
        "passwd",
        "pass",
        "passw0rd",
        "pwd",
        "pw",
        "secret",
        "foo",
        "bar",
        "guest",
        "postgres",
        "root",
        "admin",
        "changeme",
        "example",
        "test",
        "token",
        "p4ss",
        "p4ssw0rd",
        "user",
        "username",
        "mysecretpassword",
        "hunter2",
        "letmein",
        "apikey",
        "api_key",
        "key",
        "mypassword",
        "yourpassword",
        "minio",
        "minioadmin",
        "rabbitmq",
        "redis",
        "mongo",
        "mysql",
        "dev",
        "default",
        "x-oauth-basic",
        "db_password",
        "dbpassword",
    ];
    const HOSTS: &[&str] = &[
        "localhost",
        "127.",
        "0.0.0.0",
        "host",
        "hostname",
        "db",
        "redis",
        "postgres",
        "mysql",
        "mongo",
        "server",
        "database",
        "rabbitmq",
    ];
    let bare = password.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!').to_ascii_lowercase();
    let user = login.split("://").nth(1).and_then(|rest| rest.split(':').next()).unwrap_or_default();
    let host = login.rsplit('@').next().filter(|host| host.len() < login.len()).unwrap_or_default();
    let host = host.split([':', '/', '?', ' ', '"', '\'', ';']).next().unwrap_or_default().to_ascii_lowercase();
    // `somepassword`, `your(strong)Password`, and a host that no name server knows: `mygithost`.
    let invented = |name: &str| ["my", "some", "your"].iter().any(|word| name.starts_with(word));
    WORDS.contains(&bare.as_str())
        || says_so(password)
        || invented(&bare) && bare.contains("pass")
        || invented(&host) && !host.contains('.')
        || password.len() < 3
        || (password == user && HOSTS.contains(&host.as_str()))
        || HOSTS.iter().any(|known| host == *known || (known.ends_with('.') && host.starts_with(known)))
        || host.split('.').any(|label| label == "example")
}

/// Whether letters of it were replaced by `x` or `0`.
fn is_crossed_out(value: &str) -> bool {
    static RUNS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let runs = ["xxxxx", "XXXXX", "*****", "#####", "?????", "00000000000", "----------", "_____"];
        AhoCorasick::new(runs).ok()
    });
    RUNS.as_ref().is_some_and(|runs| runs.is_match(value))
}

/// Marks of a template, a variable or a mask.
fn has_mark(value: &str) -> bool {
    static MARKS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let marks = ["${", "{{", "$(", "<", "%(", "%{", "#{", "***", "...", "…", "•••", "[[", "$env"];
        AhoCorasick::new(marks).ok()
    });
    let begins = value.starts_with(['$', '%', '{', '[', '@', '<', '`', '*', '&']);
    begins && !value.starts_with("$1$") || MARKS.as_ref().is_some_and(|marks| marks.is_match(value))
}

/// Words that say that it is none.
fn says_so(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "example",
        "placeholder",
        "changeme",
        "change_me",
        "change-me",
        "redacted",
        "replace",
        "dummy",
        "sample",
        "your_",
        "your-",
        "yourkey",
        "yourtoken",
        "yoursecret",
        "yourpass",
        "yourapi",
        "insert",
        "xxxx",
        "django-insecure",
        "_here",
        "-here",
        "goes_here",
        "not_a_real",
        "notreal",
        "fake_",
        "fake-",
        "foobar",
        "process.env",
        "os.environ",
        "getenv",
        "env.",
        "secrets.",
        "masked",
        "hidden",
        "undefined",
        "put_your",
        "enter_",
        "my_secret",
        "mysecret",
        "my-secret",
        "todo",
        "lorem",
        "unused",
        "invalid",
        "none",
        "null",
    ];
    // Short words come by chance in a long random text: those must stand alone.
    const ALONE: &[&str] = &["todo", "none", "null", "env.", "lorem", "hidden", "unused", "invalid", "masked"];
    static FINDER: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).ok());
    let alone = |word: &&str| value.len() < 24 || !ALONE.contains(word);
    FINDER.as_ref().is_some_and(|words| {
        words.find_overlapping_iter(value).any(|found| WORDS.get(found.pattern().as_usize()).is_some_and(alone))
    })
}

/// Whether most of it is one character over and over, or counts up or down.
fn is_repetitive(bytes: &[u8]) -> bool {
    let mut distinct = [false; 256];
    for byte in bytes {
        if let Some(seen) = distinct.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let kinds = distinct.iter().filter(|seen| **seen).count();
    if bytes.len() >= 12 && kinds <= 4 {
        return true;
    }
    // Runs of four or more that stand still or go by one: 1111, 4567, dcba, and 8901 over the turn.
    let (mut covered, mut run, mut last_step) = (0_usize, 1_usize, None);
    let mut close = |run: usize| {
        if run >= RUN {
            covered = covered.saturating_add(run);
        }
    };
    for pair in bytes.windows(2) {
        let [one, two] = pair else { continue };
        let step = step(*one, *two);
        if step.is_some() && (run == 1 || step == last_step) {
            run = run.saturating_add(1);
        } else {
            close(run);
            run = if step.is_some() { 2 } else { 1 };
        }
        last_step = step;
    }
    close(run);
    covered.saturating_mul(5) >= bytes.len().saturating_mul(3)
}

/// The shortest run that counts.
const RUN: usize = 4;

/// By how much the second character follows the first, where it is no more than one.
fn step(one: u8, two: u8) -> Option<i16> {
    let step = i16::from(two).saturating_sub(i16::from(one));
    match (one, two) {
        (b'9', b'0') => Some(1),
        (b'0', b'9') => Some(-1),
        _ => (-1..=1).contains(&step).then_some(step),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_a_secret_is_none() {
        for none in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "${API_KEY}",
            "{{ token }}",
            "<your-token>",
            "process.env.TOKEN",
            "changeme",
            "your_api_key",
            "123456789012345678901234567890",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "********",
            "sk-...",
            "00000000-0000-0000-0000-000000000000",
            "",
        ] {
            assert!(is_placeholder(none), "{none}");
        }
    }

    #[test]
    fn a_random_value_is_no_placeholder() {
        for real in [
            "Zr51TbYw64NsHc0eUja8",
            "8f14e45fceea167a5a36dedd4bea2543",
            "wJb7rXUtnF3MI/K7MD3NG/bPxRfiCYzQ2LmT9aVe",
            "hunter2!",
            "aBcDeFgHiJkLmNoPqRsT",
        ] {
            assert!(!is_placeholder(real), "{real}");
        }
    }

    #[test]
    fn a_mask_is_told_from_an_example() {
        assert!(is_mask("AKIAXXXXXXXXXXXXXXXX") && is_mask("${KEY}") && is_mask("****"));
        assert!(!is_mask("AKIAIOSFODNN7EXAMPLE") && !is_mask("sk-abcdefgh12345678"));
    }

    #[test]
    fn logins_of_documentation_and_local_databases_are_known() {
        for (login, password) in [
            ("postgres://user:password@db.corp:5432", "password"),
            ("postgres://shop:Zr51TbYw64@localhost:5432/x", "Zr51TbYw64"),
            ("https://me:Zr51TbYw64@api.example.com", "Zr51TbYw64"),
            ("redis://:changeme1!@cache", "changeme1!"),
            ("postgres://someuser:somepassword@dbhost:381/x", "somepassword"),
            ("https://bob:Zr51Tb@mygithost", "Zr51Tb"),
        ] {
            assert!(is_default_login(login, password), "{login}");
        }
        assert!(!is_default_login("postgres://user:Zr51TbYw64@db.corp", "Zr51TbYw64"));
        assert!(!is_default_login("https://a7dsm9a.com:1234@qYY3SylY7fHP", "1234"));
    }
}
