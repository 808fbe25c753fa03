//! Tools that a catalogue speaks of and does not have: what is said of them concerns another server's.
//!
//! Their names are put into marks, `whenever «send_email» is called, …`, so that rules can tell orders about them from
//! talk. Prerequisites among a server's own tools are everyday work, and stay unmarked.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use vanguard_wire::{Kind, Value};

use super::catalogue::MOST;
use crate::company::Company;

/// The longest name, and the longest text that is looked at.
const NAME: usize = 80;
const TEXT: usize = 64 << 10;
/// The most strangers of one text that are marked.
const MARKED: usize = 64;
/// What a text is headed by where the catalogue is whole, and where more of it is to come.
const WHOLE: &str = "strangers: ";
const PART: &str = "perhaps strangers: ";

/// Calls `found` with each text of the tools of `catalogue` that names others, their names marked. `known` are the tools
/// that the client has been told of before, those of `company` are other servers'. Where more is to come (`is_whole` is false)
/// what neither has may only be missing yet.
pub(super) fn find<'t, 'a>(
    catalogue: Value<'t, 'a>,
    (known, company): (&[Box<str>], Option<&Company>),
    is_whole: bool,
    found: &mut dyn FnMut(Value<'t, 'a>, String),
) {
    let mut own: HashSet<Cow<'_, str>> = known.iter().map(|name| Cow::Borrowed(&**name)).collect();
    let others: HashSet<&str> = company.iter().flat_map(|company| &company.all).map(|name| &**name).collect();
    let mut texts = Vec::new();
    let mut work: Vec<(Value<'t, 'a>, bool)> = catalogue.elements().take(MOST).map(|tool| (tool, false)).collect();
    // Names of arguments and words that they may be are no tools either.
    while let Some((value, names)) = work.pop() {
        match value.kind() {
            Kind::String => {
                let Some(text) = value.string() else { continue };
                if names {
                    own.insert(text);
                } else if text.len() <= TEXT && (!others.is_empty() || may_name(&text)) {
                    texts.push((value, text));
                }
            }
            Kind::Array => work.extend(value.elements().map(|element| (element, names))),
            Kind::Object => work.extend(value.members().filter_map(|(key, member)| {
                let key = key.string()?;
                let names = matches!(&*key, "name" | "enum" | "const" | "required" | "default");
                own.insert(key);
                Some((member, names))
            })),
            Kind::Null | Kind::Bool | Kind::Number => {}
        }
    }
    for (place, text) in texts {
        let is_other = |name: &str| others.contains(name) && !own.contains(name);
        let marked = mark(&text, &|name| own.contains(name), &is_other);
        if let Some(Marked { text, others }) = marked {
            found(place, format!("{}{text}", if is_whole || others { WHOLE } else { PART }));
        }
    }
}

/// Whether a text can hold the name of a tool: cheap, and nearly always no.
fn may_name(text: &str) -> bool {
    text.contains('_') || text.contains("tool")
}

/// A text with the names of others in marks.
#[derive(Debug, PartialEq, Eq)]
struct Marked {
    text: String,
    /// Whether some of them are surely others'.
    others: bool,
}

/// The text with the names in it that are not `own` in marks; `None` where there are none. Names that `is_other` knows need not look like
/// names, as long as they are no plain words.
fn mark(text: &str, own: &dyn Fn(&str) -> bool, is_other: &dyn Fn(&str) -> bool) -> Option<Marked> {
    let mut marked = String::new();
    let (mut done, mut count, mut others) = (0, 0_usize, false);
    for range in words(text) {
        let Some(word) = text.get(range.clone()) else { continue };
        let other = is_other(word) && !is_plain_word(word);
        if count < MARKED && (other || names_tool(text, &range, word) && !is_own(word, own)) {
            others |= other || is_other(word);
            marked.push_str(text.get(done..range.start)?);
            marked.push('«');
            marked.push_str(word);
            marked.push('»');
            done = range.end;
            count = count.saturating_add(1);
        }
    }
    marked.push_str(text.get(done..)?);
    (count > 0).then_some(Marked { text: marked, others })
}

/// Whether a word is one of prose as well: `search`, `fetch`.
fn is_plain_word(word: &str) -> bool {
    let rest = word.get(1..).unwrap_or_default();
    rest.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Words of what names are made of, without the full stop that ends a sentence.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let bytes = text.as_bytes();
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let start = at.saturating_add(bytes.get(at..)?.iter().position(is_part)?);
        let length = bytes.get(start..)?.iter().take_while(|byte| is_part(byte)).count();
        at = start.saturating_add(length);
        let word = text.get(start..at)?;
        let kept = word.trim_end_matches(['.', '-']).len();
        Some(start..start.saturating_add(kept))
    })
}

/// Whether a word is written as the name of a tool: of parts joined by `_`, or in quotes beside the word `tool`.
fn names_tool(text: &str, range: &Range<usize>, word: &str) -> bool {
    if !(3..=NAME).contains(&word.len()) || !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    // `MAX_ITEMS` is a constant, `a_b.json` a file, `key_id=` an argument.
    let parts = word.trim_matches('_').contains('_') && word.bytes().any(|byte| byte.is_ascii_lowercase());
    let before = text.get(..range.start).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    if parts {
        return !after.starts_with(['=', ':', '/', '*']) && !before.ends_with(['/', '$', '*', '<', '@', '{']);
    }
    let quotes = ['`', '\'', '"'];
    let between = before.ends_with(quotes) && after.starts_with(quotes);
    let before = before.trim_end_matches(quotes).trim_end();
    between && (after.trim_start_matches(quotes).trim_start().starts_with("tool") || before.ends_with("tool"))
}

/// Whether a name is one of the catalogue's own, alone or behind a prefix (`github.create_issue`).
fn is_own(word: &str, own: &dyn Fn(&str) -> bool) -> bool {
    let plural = word.strip_suffix('s').unwrap_or(word);
    let last = word.rsplit(['.', '-']).next().unwrap_or(word);
    let snake_as_kebab = word.replace('_', "-");
    [word, plural, last, &snake_as_kebab].iter().any(|name| own(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(text: &str) -> Option<String> {
        mark(text, &|name| matches!(name, "read_file" | "write-file" | "path_prefix"), &|_| false).map(|m| m.text)
    }

    #[test]
    fn names_that_other_servers_have_are_marked_whatever_they_look_like_unless_they_are_words() {
        let is_other = |name: &str| matches!(name, "sendEmail" | "create-issue" | "search" | "run_job");
        let marked = |text: &str| mark(text, &|_| false, &is_other);
        for (text, expected, others) in [
            ("Before sendEmail is called, ask", "Before «sendEmail» is called, ask", true),
            ("after create-issue.", "after «create-issue».", true),
            ("like run_job and no_such", "like «run_job» and «no_such»", true),
            ("like no_such", "like «no_such»", false),
            ("the `search` tool", "the `«search»` tool", true),
        ] {
            assert_eq!(marked(text), Some(Marked { text: expected.into(), others }), "{text}");
        }
        assert_eq!(marked("search for what is sent"), None);
    }

    #[test]
    fn names_of_other_tools_are_marked() {
        for (text, expected) in [
            ("Whenever send_email is called, add x.", "Whenever «send_email» is called, add x."),
            ("Call `other.run_job`.", "Call `«other.run_job»`."),
            ("Use the `search` tool first", "Use the `«search»` tool first"),
            ("the tool 'lookup' is gone", "the tool '«lookup»' is gone"),
        ] {
            assert_eq!(marked(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn own_tools_arguments_and_other_words_are_not() {
        for text in [
            "Call read_file first.",
            "Uses files.read_file, then write_file.",
            "Set path_prefix.",
            "FORMAT_JSON or FORMAT_CSV",
            "user_name: the name",
            "limit_by=3",
            "see /docs/a_b and <user_x>",
            "a `fast` way",
            "This tool reads.",
            "_private__",
        ] {
            assert_eq!(marked(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn marking_only_adds_marks(text in "[a-z_.`' «»é-]{0,60}") {
            let plain = |text: &str| text.replace(['«', '»'], "");
            if let Some(marked) = marked(&text) {
                prop_assert_eq!(plain(&marked), plain(&text));
            }
        }
    }
}
