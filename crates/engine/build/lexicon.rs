//! The lexicon of orders to the model: its words folded, and sorted into the table that they are looked up in.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use super::super::fold;
use super::table::{Entry, SLOTS, slot};
use super::{Classes, english, languages};

/// Writes `lexicon.rs`.
pub fn prepare() {
    let mut words: BTreeMap<(u16, String, bool), Classes> = BTreeMap::new();
    for (class, list) in english::LIST.iter().chain(languages::LISTS) {
        for word in list.split_ascii_whitespace() {
            let folded = fold::word(word.trim_end_matches('*'));
            *words.entry((slot(folded.as_bytes()), folded, word.ends_with('*'))).or_default() |= class.bit();
        }
    }
    let (mut text, mut entries, mut seen, mut starts) = (String::new(), Vec::new(), [0_u64; SLOTS / 64], vec![0_u16]);
    for ((slot, word, prefix), classes) in words {
        starts.resize(usize::from(slot) + 1, entries.len().try_into().expect("fewer words than that"));
        seen[usize::from(slot) / 64] |= 1 << (slot % 64);
        let start = text.len().try_into().expect("shorter lists");
        entries.push(Entry { classes, start, length: word.len().try_into().expect("a word"), prefix });
        text.push_str(&word);
    }
    starts.resize(SLOTS + 1, entries.len().try_into().expect("fewer words than that"));
    let code = format!("Lexicon {{ seen: &{seen:?}, entries: &{entries:?}, starts: &{starts:?}, text: {text:?} }}");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("lexicon.rs"), code).expect("a writable build folder");
}
