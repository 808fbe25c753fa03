//! A value that is named a secret: `API_KEY=…`, `"clientSecret": "…"`, `<password>…</password>`.
//!
//! Code is full of such names. What tells a value from code: it is no name, no call, no variable and no placeholder, it
//! mixes letters and digits, and it is about as disordered as something that was drawn by lot.

mod names;

use std::ops::Range;

use names::{ENDS, HARMLESS, SECRETS};

use crate::secret::{entropy, placeholder::is_placeholder};

/// The longest name that is looked at.
const MAX_NAME: usize = 64;
/// The shortest and the longest value.
const VALUE: Range<usize> = 8..513;

/// The most values that are told: with more, the whole text is one secret.
const MAX_FOUND: usize = 1_100;

/// How much the name of a value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// A password, which people choose: short, of any characters.
    Password,
    /// A secret, an API key, an access token: drawn by lot, and what looks like an identifier is none.
    Credential,
    /// A token or a key of another kind: drawn by lot.
    Secret,
    /// A key of some kind: as often a name.
    Key,
}

pub(super) fn find(view: &str, found: &mut dyn FnMut(Range<usize>)) {
    let bytes = view.as_bytes();
    if is_handed_over(view) {
        return;
    }
    let (mut done, mut count, mut clear) = (0, 0_usize, 0..0);
    for sign in memchr::memchr3_iter(b'=', b':', b'>', bytes) {
        if sign < done {
            continue;
        }
        let Some(name) = name_before(bytes, sign) else { continue };
        let Some(text) = view.get(name.clone()).filter(|name| may_name_secret(name)) else { continue };
        // Most values are a word or a number, which is sooner seen than what a name means.
        let Some(value) = value_after(view, sign, &mut clear).filter(|value| value.is_mixed(view)) else { continue };
        let Some(named) = kind(text).or_else(|| kind_before(view, &name)) else { continue };
        done = value.range.end;
        if value.is_secret(view, named) {
            found(value.range);
            count = count.saturating_add(1);
            if count > MAX_FOUND {
                return;
            }
        }
    }
}

/// Whether a text is `{"token": "…"}` and nothing else: what a tool answers whose work it is to hand out a token, which the
/// next call needs. One of a known provider has a rule of its own.
fn is_handed_over(view: &str) -> bool {
    let value = || {
        let inner = view.trim_ascii().strip_prefix('{')?.strip_suffix('}')?.trim_ascii();
        let rest = inner.strip_prefix("\"token\"")?.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
        rest.strip_prefix('"')?.strip_suffix('"')
    };
    view.len() < VALUE.end && value().is_some_and(|value| !value.contains('"'))
}

/// The name that the sign at `sign` assigns to.
fn name_before(bytes: &[u8], sign: usize) -> Option<Range<usize>> {
    let at = |n: usize| bytes.get(n).copied();
    let mut end = sign;
    match (at(sign.wrapping_sub(1)), at(sign)?, at(sign.saturating_add(1))) {
        // `==`, `!=`, `<=`, `::`
        (Some(b'=' | b'!' | b'<' | b'>' | b'~'), b'=', _)
        | (_, b'=', Some(b'='))
        | (Some(b':'), b':', _)
        | (_, b':', Some(b':')) => return None,
        // `=>`, `:=`, `||=`
        (Some(b'='), b'>', _) | (Some(b':' | b'?' | b'+' | b'|'), b'=', _) => end = end.saturating_sub(1),
        _ => {}
    }
    let back = |mut end: usize, most: usize, skip: fn(u8) -> bool| {
        let stop = end.saturating_sub(most);
        while end > stop && at(end.saturating_sub(1)).is_some_and(skip) {
            end = end.saturating_sub(1);
        }
        end
    };
    end = back(end, 3, |b| b == b' ' || b == b'\t');
    end = back(end, 4, |b| matches!(b, b'"' | b'\'' | b'`' | b'\\' | b']' | b'*'));
    // Nearly every sign ends here: no name of a secret ends in another letter.
    if !matches!(at(end.checked_sub(1)?)? | 0x20, b'd' | b's' | b'e' | b't' | b'n' | b'y' | b'l' | b'h') {
        return None;
    }
    let start = back(end, MAX_NAME, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    // `/etc/passwd: …` is what a file says.
    let file = at(sign) == Some(b':') && at(start.wrapping_sub(1)) == Some(b'/');
    (start < end && !file).then_some(start..end)
}

fn may_name_secret(name: &str) -> bool {
    ends_like_secret(name) || name.eq_ignore_ascii_case("value")
}

fn ends_like_secret(name: &str) -> bool {
    ENDS.iter().any(|end| ends_with(name.as_bytes(), end.as_bytes()))
}

/// What a name says of its value; nothing for most.
fn kind(name: &str) -> Option<Name> {
    if !ends_like_secret(name) {
        return None;
    }
    let flat: String = name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let ends = |words: &[&str]| words.iter().any(|word| flat.ends_with(word));
    let begins_or_holds = |words: &[&str]| words.iter().any(|word| flat.contains(word));
    if begins_or_holds(HARMLESS) {
        return None;
    }
    if ends(&["password", "passwd", "passphrase", "pwd", "passcode"])
        || flat == "pass"
        || ends(&["dbpass", "userpass", "smtppass", "mailpass"])
    {
        return Some(Name::Password);
    }
    // A token and nothing more is often one that the model is to hand on: of a session, of a page.
    if ends(SECRETS) && flat != "token" {
        let sure = ends(&[
            "apikey",
            "clientsecret",
            "apisecret",
            "secretkey",
            "accesskey",
            "accesstoken",
            "apitoken",
            "authtoken",
        ]);
        return Some(if sure { Name::Credential } else { Name::Secret });
    }
    (ends(&["token", "key", "auth", "pat", "keys", "credential", "credentials"]) && flat.len() > 3).then_some(Name::Key)
}

/// What the name says that `value:` belongs to, in `name: DB_PASSWORD, value: …` and `<add key="ApiSecret" value="…"`.
fn kind_before(view: &str, value: &Range<usize>) -> Option<Name> {
    if !view.get(value.clone())?.eq_ignore_ascii_case("value") {
        return None;
    }
    let before =
        view.get(view.floor_char_boundary(value.start.saturating_sub(MAX_NAME.saturating_add(24)))..value.start)?;
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    // From the back: what parts the two, the name, what parts it from its own key, and that key.
    let rest = before.trim_end_matches(|c| !name(c) && !matches!(c, '{' | '}' | '<' | '>')).trim_end_matches(" -");
    let own = rest.rsplit(|c| !name(c)).next()?;
    let rest = rest.strip_suffix(own)?.trim_end_matches([' ', '"', '\'', '\\', ':', '=']);
    let key = rest.rsplit(|c: char| !c.is_ascii_alphabetic()).next()?;
    ["name", "key"].iter().any(|known| key.eq_ignore_ascii_case(known)).then(|| kind(own)).flatten()
}

fn ends_with(name: &[u8], end: &[u8]) -> bool {
    name.len().checked_sub(end.len()).and_then(|at| name.get(at..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
}

/// The value of an assignment.
struct Value {
    range: Range<usize>,
    quoted: bool,
}

/// The value behind the sign at `sign`. `clear` is where no value ends that is in no quotes, as far as it was looked for:
/// values that begin one in the other are read once.
fn value_after(view: &str, sign: usize, clear: &mut Range<usize>) -> Option<Value> {
    let bytes = view.as_bytes();
    let skip = |mut at: usize, most: usize, skip: fn(u8) -> bool| {
        let stop = at.saturating_add(most);
        while at < stop && bytes.get(at).copied().is_some_and(skip) {
            at = at.saturating_add(1);
        }
        at
    };
    let mut start = sign.saturating_add(1);
    // `:=`, `=>`, `||=` and the like were read back from their last character; these forward from their first.
    if matches!((bytes.get(sign), bytes.get(start)), (Some(b':'), Some(b'=')) | (Some(b'='), Some(b'>'))) {
        return None;
    }
    start = skip(start, 4, |b| b == b' ' || b == b'\t');
    let backslashes = skip(start, 3, |b| b == b'\\');
    let quote = bytes.get(backslashes).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
    if quote.is_some() {
        start = backslashes.saturating_add(1);
    }
    let rest = bytes.get(start..)?;
    let rest = rest.get(..rest.len().min(VALUE.end)).unwrap_or_default();
    let ends = |b: &u8| match quote {
        Some(quote) => *b == quote || matches!(b, b'\n' | b'\\' | b' '),
        None => {
            b.is_ascii_whitespace()
                || matches!(
                    b,
                    b'"' | b'\''
                        | b'`'
                        | b','
                        | b';'
                        | b'<'
                        | b'>'
                        | b')'
                        | b'('
                        | b']'
                        | b'['
                        | b'}'
                        | b'{'
                        | b'|'
                        | b'\\'
                )
        }
    };
    let known =
        if quote.is_none() && clear.contains(&start) { clear.end.saturating_sub(start).min(rest.len()) } else { 0 };
    let unknown = rest.get(known..).unwrap_or_default();
    let length = known.saturating_add(unknown.iter().position(ends).unwrap_or(unknown.len()));
    let range = start..start.saturating_add(length);
    if quote.is_none() {
        *clear = range.clone();
    }
    if !VALUE.contains(&length) || !view.is_char_boundary(range.end) || !view.is_char_boundary(start) {
        return None;
    }
    let after = bytes.get(range.end).copied();
    match quote {
        // A sentence, or a quote that never ends.
        Some(_) if matches!(after, Some(b' ' | b'\n') | None) => None,
        // A call, an index, a type: code.
        None if matches!(after, Some(b'(' | b'[' | b'{' | b'`')) => None,
        _ => Some(Value { range, quoted: quote.is_some() }),
    }
}

impl Value {
    /// Whether letters and digits are mixed, as in everything that was drawn by lot.
    fn is_mixed(&self, view: &str) -> bool {
        let text = view.as_bytes().get(self.range.clone()).unwrap_or_default();
        text.is_ascii()
            && text.iter().any(u8::is_ascii_digit)
            && text.iter().filter(|b| b.is_ascii_alphabetic()).nth(1).is_some()
    }

    fn is_secret(&self, view: &str, named: Name) -> bool {
        let Some(text) = view.get(self.range.clone()) else { return false };
        let symbols = text
            .bytes()
            .any(|b| matches!(b, b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'?' | b'~' | b'+'));
        if is_reference(text) && !(named == Name::Credential && is_uuid(text))
            || is_placeholder(text)
            || is_digest(text)
        {
            return false;
        }
        let (length, bits) = match (named, self.quoted) {
            (Name::Password, true) => (8, 2.5),
            (Name::Password, false) => (if symbols { 8 } else { 10 }, 2.8),
            (Name::Secret | Name::Credential, true) => (12, 2.9),
            (Name::Secret | Name::Credential, false) => (16, 3.0),
            (Name::Key, _) => (24, 3.3),
        };
        text.len() >= length && entropy(text) >= bits && !is_wordy(text) && !is_placeholder(text)
    }
}

/// Whether a value names something rather than being it: a variable, a path, an address, a version.
fn is_reference(text: &str) -> bool {
    let code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let dotted = text.contains('.') && text.chars().all(code) && text.split('.').all(|part| part.len() < 16);
    dotted
        || text.contains("://")
        || text.starts_with(['/', '.', '~', '-', '#', '!', '='])
        || text.contains("->")
        || text.contains("::")
        || is_uuid(text)
        || text.contains('/') && text.split('/').all(|part| part.len() < 20) && text.matches('/').count() >= 2
        || text.starts_with("arn:")
        || text.starts_with("vault:")
        || text.starts_with("ENC[")
        || text.starts_with("data:")
        || ["op://", "phc_", "pk_live_", "pk_test_", "pub_", "req_", "evt_", "msg_"]
            .iter()
            .any(|head| text.starts_with(head))
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(n, b)| if matches!(n, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// A hash of something, as lock files and registries write it, or the fingerprint of a key, as `OpenPGP` does.
fn is_digest(text: &str) -> bool {
    let fingerprint = text.len() == 40 && text.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
    fingerprint || ["sha1-", "sha256", "sha384", "sha512", "md5:", "blake"].iter().any(|head| text.starts_with(head))
}

/// Whether most of a value is words: runs of letters of one case, between separators or capitals.
fn is_wordy(text: &str) -> bool {
    let bytes = text.as_bytes();
    let at = |n: usize| bytes.get(n).copied().unwrap_or(b'-');
    let (mut in_words, mut start) = (0_usize, 0_usize);
    while start < bytes.len() {
        let mut end = start.saturating_add(1);
        if at(start).is_ascii_alphabetic() {
            // `Word`, `word` or `WORD`: in `APIKey` the second begins at the K.
            let small = at(start).is_ascii_lowercase() || at(end).is_ascii_lowercase();
            while at(end).is_ascii_alphabetic() && at(end).is_ascii_lowercase() == small {
                end = end.saturating_add(1);
            }
            if !small && end > start.saturating_add(1) && at(end).is_ascii_lowercase() {
                end = end.saturating_sub(1);
            }
            let run = end.saturating_sub(start);
            // Between digits four letters in a row come by chance.
            let alone = !at(start.wrapping_sub(1)).is_ascii_digit() && !at(end).is_ascii_digit();
            if run >= if alone { 4 } else { 5 } && is_pronounceable(bytes.get(start..end).unwrap_or_default()) {
                in_words = in_words.saturating_add(run);
            }
        }
        start = end;
    }
    in_words.saturating_mul(2) >= text.len()
}

/// A word of any language has a vowel in three or four letters, but not all vowels.
fn is_pronounceable(run: &[u8]) -> bool {
    let vowels = run.iter().filter(|b| matches!(**b | 0x20, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')).count();
    vowels.saturating_mul(5) >= run.len() && vowels.saturating_mul(3) <= run.len().saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(view: &str) -> Vec<&str> {
        let mut found = Vec::new();
        find(view, &mut |range| found.push(&view[range]));
        found
    }

    #[test]
    fn a_value_that_is_named_a_secret_is_found_in_any_notation() {
        for (view, value) in [
            ("API_KEY=8f14e45fceea167a5a36dedd4bea2543", "8f14e45fceea167a5a36dedd4bea2543"),
            ("\"clientSecret\": \"Zr51TbYw64NsHc0eUja8\"", "Zr51TbYw64NsHc0eUja8"),
            ("{\\\"authToken\\\": \\\"Zr51TbYw64NsHc0eUja8\\\"}", "Zr51TbYw64NsHc0eUja8"),
            ("password: 'Zr51-Tb!w'", "Zr51-Tb!w"),
            (":secret => \"Zr51TbYw64NsHc0eUja8\"", "Zr51TbYw64NsHc0eUja8"),
            ("auth_token := `Zr51TbYw64NsHc0eUja8`", "Zr51TbYw64NsHc0eUja8"),
            ("<password>Zr51TbYw64</password>", "Zr51TbYw64"),
            ("- name: DB_PASSWORD\n  value: \"Zr51TbYw64\"", "Zr51TbYw64"),
            ("{\"name\":\"DB_PASSWORD\",\"value\":\"Zr51TbYw64\"}", "Zr51TbYw64"),
            ("<add key=\"ApiSecret\" value=\"Zr51TbYw64NsHc0eUja8\" />", "Zr51TbYw64NsHc0eUja8"),
            ("HEROKU_API_KEY=6f1ed002-ab5d-4e8b-a1d5-0f8a7f4d1c2e", "6f1ed002-ab5d-4e8b-a1d5-0f8a7f4d1c2e"),
            ("maps token = 'l8FuOZVcR9DMCukVKAVXHAUx9LmquzuZ'", "l8FuOZVcR9DMCukVKAVXHAUx9LmquzuZ"),
            ("{\"token\": \"l8FuOZVcR9DMCukVKAVXHAUx9LmquzuZ\", \"n\": 1}", "l8FuOZVcR9DMCukVKAVXHAUx9LmquzuZ"),
            ("os.environ['APP_SECRET'] = 'Zr51TbYw64NsHc0eUja8'", "Zr51TbYw64NsHc0eUja8"),
        ] {
            assert_eq!(all(view), [value], "{view}");
        }
    }

    #[test]
    fn code_placeholders_and_identifiers_are_none() {
        for view in [
            "password = get_password()",
            "token = response.json()['token']",
            "if password == 'Zr51TbYw64Ns':",
            "secret: db-credentials-2",
            "apiKey: process.env.API_KEY_2",
            "token: ${{ secrets.NPM_TOKEN_2 }}",
            "nextPageToken: Zr51TbYw64NsHc0eUja8",
            "publicKey = 'Zr51TbYw64NsHc0eUja8Kd93LmQp27Vx'",
            "password: your-password-123",
            "token: 6f1ed002-ab5d-4e8b-a1d5-0f8a7f4d1c2e",
            "secret = 'the secret of the 7 seas'",
            "password: \"Password must have 8 characters\"",
            "integrity_token: sha512-Zr51TbYw64NsHc0eUja8",
            "key = 'user_session_cache_v2'",
            "secret: arn:aws:secretsmanager:eu-west-1:1234:secret:x",
            "password=password123456",
            "max_tokens: 4096",
            "- name: CACHE_DIR\n  value: \"Zr51TbYw64NsHc0eUja8\"",
            "{\"key\": \"theme\", \"value\": \"Zr51TbYw64NsHc0eUja8\"}",
            "token: \"data:image/png;base64,Zr51TbYw64NsHc0eUja8Kd93LmQp27Vx\"",
            "token: \"req_Zr51TbYw64NsHc0eUja8Kd93\"",
            "/etc/passwd: www-data:x:33:33:www-data:/var/www:/bin/false",
            "SIGNING_KEY=B8D3FDC1B294C289271F191F1A8B7E1B00D76C2D",
            "{\"token\": \"8f14e45fceea167a5a36dedd4bea2543\"}",
        ] {
            assert_eq!(all(view), Vec::<&str>::new(), "{view}");
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        for unit in ["token=", "=", "a:", "password:\"", "secret>"] {
            let view = unit.repeat(1 << 18);
            let begun = std::time::Instant::now();
            find(&view, &mut |_| {});
            assert!(begun.elapsed().as_millis() < 3_000, "{unit}");
        }
    }
}
