//! What the form of a catalogue's strings says: names in mixed scripts.

use super::{Family, Found, Look};
use crate::views::is_invisible;

/// Names by their form.
pub(super) const FAMILY: Family = Family { name: "metadata", kinds: &["name"], look };

/// The longest name that is looked at.
const NAME: usize = 128;

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    let text = look.view;
    if text.len() <= NAME && !text.is_ascii() && is_disguised(text) {
        found(0, 0..text.len());
    }
}

/// Whether a name of one word mixes ASCII letters with letters of a script that has their twins, or with what is invisible.
fn is_disguised(name: &str) -> bool {
    let one_word = !name.chars().any(|c| c.is_whitespace() || matches!(c, '.' | ',' | '!' | '?'));
    let latin = name.bytes().any(|byte| byte.is_ascii_alphabetic());
    one_word && latin && name.chars().any(|c| has_twins(c) || is_invisible(c))
}

/// Letters of Greek, Cyrillic, Armenian and Cherokee, and letters of compatibility.
fn has_twins(c: char) -> bool {
    matches!(
        c,
        '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{531}'..='\u{587}' | '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}'
            | '\u{1d400}'..='\u{1d7ff}' | '\u{ff21}'..='\u{ff5a}' | '\u{261}' | '\u{131}' | '\u{1c3}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_mixed_scripts_are_disguised() {
        for name in ["rеad_file", "ѕend_email", "send\u{200b}email", "ｒead", "get_ѡeather", "Ꭱun_x"] {
            assert!(is_disguised(name), "{name}");
        }
        for name in ["read_file", "чтение_файла", "café", "naïve_bayes", "获取天气", "получить file.", "µs"]
        {
            assert!(!is_disguised(name), "{name}");
        }
    }
}
