//! What words are about: classes of words in some thirty languages, and a table that finds a word's classes.
//!
//! An entry ends with `*` where any ending may follow. Words are folded before they are looked up ([`super::fold`]):
//! lower case, without marks; the build does so with the entries (`build/lexicon.rs`). Scripts written without spaces are
//! looked up at every character.

mod class;
#[cfg(test)]
mod english;
#[cfg(test)]
mod languages;
mod table;

pub(super) use class::{Class, Classes};
pub(super) use table::slot;
use table::{Entry, SLOTS};

/// Finds the classes of words.
pub(super) struct Lexicon {
    /// One bit for each value of [`slot`] under which there are entries: most words end here.
    seen: &'static [u64; SLOTS / 64],
    /// Sorted by slot.
    entries: &'static [Entry],
    /// Where each slot's entries begin.
    starts: &'static [u16],
    /// The words of all entries.
    text: &'static str,
}

/// What the build made of the lists in this folder.
#[expect(clippy::unreadable_literal, reason = "nobody reads it")]
pub(super) static LEXICON: Lexicon = include!(concat!(env!("OUT_DIR"), "/lexicon.rs"));

impl Lexicon {
    /// Whether some entry could be under `slot`.
    pub(super) fn has(&self, slot: u16) -> bool {
        self.seen.get(usize::from(slot) / 64).is_some_and(|bits| bits.wrapping_shr(u32::from(slot) % 64) & 1 != 0)
    }

    fn under(&self, slot: u16) -> &'static [Entry] {
        let start = self.starts.get(usize::from(slot)).copied().unwrap_or(0);
        let end = self.starts.get(usize::from(slot).saturating_add(1)).copied().unwrap_or(start);
        self.entries.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    fn word(&self, entry: &Entry) -> &'static [u8] {
        let start = entry.start as usize;
        self.text.as_bytes().get(start..start.saturating_add(entry.length.into())).unwrap_or_default()
    }

    /// The classes of a folded word.
    pub(super) fn classes(&self, word: &[u8]) -> Classes {
        let slot = slot(word);
        if !self.has(slot) {
            return 0;
        }
        self.under(slot).iter().fold(0, |classes, entry| {
            let known = self.word(entry);
            let same = known == word || entry.prefix && word.starts_with(known);
            classes | if same { entry.classes } else { 0 }
        })
    }

    /// The classes of the longest entry that `text` begins with, and its length: for scripts without spaces.
    pub(super) fn at(&self, text: &[u8]) -> Option<(Classes, usize)> {
        let slot = slot(text);
        if !self.has(slot) {
            return None;
        }
        let here = self.under(slot).iter().filter(|entry| text.starts_with(self.word(entry)));
        here.max_by_key(|entry| entry.length).map(|entry| (entry.classes, entry.length.into()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::class::ALL;
    use super::*;
    use crate::detect::injection::fold;

    #[test]
    fn every_entry_is_found_in_its_own_class() {
        let mut entries = BTreeSet::new();
        for (class, list) in english::LIST.iter().chain(languages::LISTS) {
            for word in list.split_ascii_whitespace() {
                let stem = word.trim_end_matches('*');
                let folded = fold::word(stem);
                assert!(!word.ends_with('*') || folded.len() >= 4, "{word}: an ending needs a stem of four bytes");
                assert_ne!(LEXICON.classes(folded.as_bytes()) & class.bit(), 0, "{word} as {class:?}");
                entries.insert((folded, word.ends_with('*')));
            }
        }
        assert_eq!(LEXICON.entries.len(), entries.len(), "the build adds none");
    }

    #[test]
    fn classes_fit_in_their_word() {
        assert!(ALL.len() <= 64);
        assert!(LEXICON.entries.len() < usize::from(u16::MAX));
    }

    #[test]
    fn endings_follow_only_where_they_may() {
        assert_eq!(LEXICON.classes(b"ignored"), 0);
        assert_ne!(LEXICON.classes(b"exfiltrating") & Class::Steal.bit(), 0);
        assert_eq!(LEXICON.classes(b""), 0);
        assert_eq!(LEXICON.classes(b"zyzzyva"), 0);
    }
}
