//! One pass over a text: its sentences, and the words in them that are in the lexicon.

use super::fold;
use super::hidden::is_hiding;
use super::lexicon::{Class, Classes, LEXICON, Lexicon, slot};
use super::marks::{Form, Marks};

/// A word of the lexicon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) classes: Classes,
    pub(super) form: Form,
    /// Its number among all words of the text.
    pub(super) index: u32,
}

/// A sentence, or 48 words of one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sentence {
    /// Where it is in the text.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) marks: Marks,
}

/// Takes a sentence and its words of the lexicon.
type Sink<'s> = dyn FnMut(Sentence, &[Word]) + 's;

/// The longest sentence, in words: what never ends is cut.
const LONGEST: u32 = 48;

const LETTER: u8 = 1;
const DIGIT: u8 = 2;
const BEYOND: u8 = 3;
const END: u8 = 4;
const BREAK: u8 = 5;
const SIGN: u8 = 6;

const KINDS: [u8; 256] = kinds();

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "evaluated at compile time"
)]
const fn kinds() -> [u8; 256] {
    let mut table = [0_u8; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        table[byte] = if b.is_ascii_alphabetic() || b == b'\'' {
            LETTER
        } else if b.is_ascii_digit() {
            DIGIT
        } else if b >= 0x80 {
            BEYOND
        } else {
            match b {
                b'.' | b'!' | b'?' | b';' => END,
                b'\n' | b'\r' => BREAK,
                b' ' | b'\t' | b',' => 0,
                _ => SIGN,
            }
        };
        byte += 1;
    }
    table
}

#[allow(clippy::indexing_slicing, reason = "a u8 cannot exceed a table of 256")]
const fn kind(byte: u8) -> u8 {
    KINDS[byte as usize]
}

/// Gives `sink` every sentence as it ends: a text of a million of them takes no more memory than one of three.
pub(super) fn read(text: &str, sink: &mut Sink<'_>) {
    let mut reader = Reader {
        text,
        bytes: text.as_bytes(),
        lexicon: &LEXICON,
        sink,
        words: Vec::new(),
        current: Sentence::default(),
        index: 0,
        began: 0,
        capitals: 0,
        code: 0,
        start: true,
        quote: None,
        unseen: Marks::empty(),
        marked: false,
        start_at: 0,
        colon_at: None,
    };
    reader.run();
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    lexicon: &'static Lexicon,
    sink: &'t mut Sink<'t>,
    /// The sentence at hand, and its words of the lexicon.
    current: Sentence,
    words: Vec<Word>,
    /// Words so far, and before the sentence at hand.
    index: u32,
    began: u32,
    /// Words in capitals in a row.
    capitals: u32,
    /// Signs of source code in the sentence.
    code: u32,
    /// Whether the next word begins something.
    start: bool,
    /// The sign that will close the quotation at hand.
    quote: Option<u8>,
    /// Whether a comment, or an element that a page does not show, is open.
    unseen: Marks,
    /// The number of the last word that began something.
    start_at: u32,
    /// The number of the word before the last colon of the sentence.
    colon_at: Option<u32>,
    /// Whether a sign of markup stands before the next word.
    marked: bool,
}

impl Reader<'_> {
    fn run(&mut self) {
        let mut at = 0_usize;
        while let Some(&byte) = self.bytes.get(at) {
            at = match kind(byte) {
                0 => at.saturating_add(1),
                LETTER | DIGIT => self.ascii_word(at),
                BEYOND => self.beyond(at),
                END => self.end_sign(at, byte),
                BREAK => self.line_break(at),
                _ => self.sign(at, byte),
            };
        }
        self.close(self.bytes.len());
    }

    fn next(&self, at: usize) -> Option<u8> {
        self.bytes.get(at.saturating_add(1)).copied()
    }

    fn ascii_word(&mut self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest.iter().position(|&byte| !matches!(kind(byte), LETTER | DIGIT)).unwrap_or(rest.len());
        let end = at.saturating_add(length);
        if self.bytes.get(end).is_some_and(|byte| *byte >= 0x80) && self.is_word_at(end) {
            return self.foreign_word(at);
        }
        let word = rest.get(..length).unwrap_or_default();
        self.count(end);
        if word.first() == Some(&b'\'') && self.quote.is_none() && self.may_quote() {
            self.quote = Some(b'\'');
        }
        if word.starts_with(b"on") && length > 4 && self.bytes.get(end) == Some(&b'=') {
            self.current.marks |= Marks::HANDLER;
        }
        let capitals = length >= 3 && word.iter().all(u8::is_ascii_uppercase);
        self.capital(capitals);
        if length > 14 && word.iter().filter(|byte| byte.is_ascii_digit()).count() > 7 {
            self.current.marks |= Marks::ADDRESS;
        }
        if length <= 24 && self.may_be_known(word) {
            let mut folded = [0_u8; 24];
            let mut used = 0_usize;
            for (to, from) in folded.iter_mut().zip(word.iter().filter(|byte| **byte != b'\'')) {
                *to = from.to_ascii_lowercase();
                used = used.saturating_add(1);
            }
            let classes = self.lexicon.classes(folded.get(..used).unwrap_or_default());
            self.push(classes, capitals, end);
        }
        if word.last() == Some(&b'\'') && self.quote == Some(b'\'') {
            self.quote = None;
        }
        self.after_word();
        end
    }

    /// Whether a word begins like one of the lexicon: most words are done with here.
    fn may_be_known(&self, word: &[u8]) -> bool {
        let head = match word {
            [a, b, c, d, ..] => [*a, *b, *c, *d],
            [a, b, c] => [*a, *b, *c, 0],
            [a, b] => [*a, *b, 0, 0],
            [a] => [*a, 0, 0, 0],
            [] => return false,
        };
        head.contains(&b'\'') || self.lexicon.has(slot(&head.map(|byte| byte.to_ascii_lowercase())))
    }

    /// Whether a quotation can begin here: a name and a colon before it make a value of it.
    fn may_quote(&self) -> bool {
        self.index.saturating_sub(self.began) > 2 || !self.start && self.index > self.began.saturating_add(1)
    }

    /// Whether the quotation mark at `at` begins a value of JSON.
    fn is_value(&self, at: usize) -> bool {
        let before = self.bytes.get(..at).unwrap_or_default().trim_ascii_end();
        before.ends_with(b"\":") || before.ends_with(b"\\\":")
    }

    fn after_word(&mut self) {
        self.start = false;
        self.marked = false;
    }

    fn is_word_at(&self, at: usize) -> bool {
        self.text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(fold::is_word)
    }

    /// A character beyond ASCII that begins something.
    fn beyond(&mut self, at: usize) -> usize {
        let Some(c) = self.text.get(at..).and_then(|rest| rest.chars().next()) else {
            return at.saturating_add(1);
        };
        let after = at.saturating_add(c.len_utf8());
        if fold::is_unspaced(c) {
            self.count(after);
            let found = self.lexicon.at(self.bytes.get(at..).unwrap_or_default());
            let end = found.map_or(after, |(_, length)| at.saturating_add(length));
            self.push(found.map_or(0, |(classes, _)| classes), false, end);
            self.after_word();
            return end;
        }
        if fold::is_word(c) {
            return self.foreign_word(at);
        }
        if fold::ends_sentence(c) {
            self.close(after);
        } else if matches!(c, '“' | '‘' | '«') && !self.start {
            self.quote = Some(b'"');
        } else if matches!(c, '”' | '’' | '»') {
            self.quote = None;
        }
        if c == '：' {
            self.colon_at = Some(self.index);
        }
        self.start |= matches!(c, '“' | '«' | '：' | '•' | '–' | '—' | '→' | '「');
        after
    }

    /// A word with characters beyond ASCII.
    fn foreign_word(&mut self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or("");
        let is_part = |c: char| {
            if c.is_ascii() {
                matches!(kind(c as u8), LETTER | DIGIT)
            } else {
                fold::is_word(c) && !fold::is_unspaced(c)
            }
        };
        let length =
            rest.find(|c| !is_part(c)).unwrap_or(rest.len()).max(rest.chars().next().map_or(1, char::len_utf8));
        let end = at.saturating_add(length);
        self.count(end);
        self.capital(false);
        let word = rest.get(..length).unwrap_or("");
        if length <= 96 {
            let folded = fold::word(word);
            let classes = self.lexicon.classes(folded.as_bytes());
            self.push(classes, false, end);
        }
        self.after_word();
        end
    }

    fn count(&mut self, end: usize) {
        self.index = self.index.saturating_add(1);
        if self.start {
            self.start_at = self.index;
        }
        if self.index.saturating_sub(self.began) > LONGEST {
            self.close(end);
        }
    }

    fn capital(&mut self, capitals: bool) {
        self.capitals = if capitals { self.capitals.saturating_add(1) } else { 0 };
        if self.capitals >= 3 {
            self.current.marks |= Marks::CAPITALS;
        }
    }

    fn push(&mut self, classes: Classes, capitals: bool, end: usize) {
        // "To" and "for" begin a letter or mean nothing.
        if classes == 0 || classes == Class::Heed.bit() && !self.start && self.ascii_before(end) {
            return;
        }
        let mut form = Form::empty();
        form.set(Form::START, self.start);
        form.set(Form::CAPS, capitals);
        form.set(Form::QUOTED, self.quote.is_some());
        form.set(Form::MARKED, self.marked);
        match self.bytes.get(end..).unwrap_or_default() {
            [b':', ..] | [0xef, 0xbc, 0x9a, ..] => form |= Form::COLON,
            [b'"' | b'\'', ..] | [b'\\', b'"', ..] => form |= Form::CLOSED,
            [b',', ..] | [b'\\', b',', ..] | [0xef, 0xbc, 0x8c, ..] => form |= Form::COMMA,
            _ => {}
        }
        form.set(Form::TOLD, self.colon_at.is_some_and(|at| self.index.saturating_sub(at) < 4));
        form.set(Form::EARLY, self.index.saturating_sub(self.start_at) < 4);
        self.words.push(Word { classes, form, index: self.index });
    }

    fn ascii_before(&self, end: usize) -> bool {
        self.bytes.get(end.saturating_sub(1)).is_some_and(u8::is_ascii)
    }

    fn end_sign(&mut self, at: usize, byte: u8) -> usize {
        let next = self.next(at);
        let after = at.saturating_add(1);
        if byte == b'!' && next == Some(b'!') {
            self.current.marks |= Marks::EXCLAIMED;
        }
        if byte == b'?' {
            self.current.marks |= Marks::QUESTION;
        }
        if byte == b';' {
            self.code = self.code.saturating_add(1);
        }
        // Not in `3.5`, `file.txt` or `x.y()`.
        if next.is_none_or(|next| !matches!(kind(next), LETTER | DIGIT) || byte != b'.') {
            self.close(after);
            self.start = true;
        }
        after
    }

    /// An empty line ends a sentence, and so does a line that begins with a sign; other lines go on.
    fn line_break(&mut self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let blanks = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        let lines = memchr::memchr_iter(b'\n', rest.get(..blanks).unwrap_or_default()).count();
        let end = at.saturating_add(blanks);
        let sign = self.bytes.get(end).is_some_and(|byte| matches!(kind(*byte), SIGN | DIGIT));
        if lines > 1 || sign || blanks > 8 {
            self.close(at);
        }
        self.quote = None;
        self.start = true;
        end.max(at.saturating_add(1))
    }

    fn sign(&mut self, at: usize, byte: u8) -> usize {
        let next = self.next(at);
        let after = at.saturating_add(1);
        self.marked =
            matches!(byte, b'<' | b'[' | b'{' | b'#' | b'*') || self.marked && matches!(byte, b'(' | b'|' | b'/');
        if matches!(byte, b'[' | b'{') && self.is_placeholder(after) {
            self.current.marks |= Marks::PLACEHOLDER;
        }
        match byte {
            b'"' | b'`' => {
                self.quote = match self.quote {
                    Some(open) if open == byte => None,
                    None if self.may_quote() && !self.is_value(at) => Some(byte),
                    other => other,
                };
                self.start = true;
            }
            b':' => {
                self.start = true;
                self.colon_at = Some(self.index);
                if next == Some(b'/') {
                    self.current.marks |= Marks::ADDRESS;
                }
            }
            b'@' if next.is_some_and(|next| next.is_ascii_alphanumeric()) => self.current.marks |= Marks::ADDRESS,
            b'<' => return self.tag(at),
            b'-' if self.bytes.get(at..).is_some_and(|rest| rest.starts_with(b"-->")) => {
                self.close(at);
                self.unseen.remove(Marks::COMMENT);
                self.start = true;
                return at.saturating_add(3);
            }
            b'*' | b'#' | b'=' | b'%' | b'[' | b'{' | b'-' | b'|' | b'>' | b'(' => {
                self.start = true;
                let three = next == Some(byte) && self.bytes.get(at.saturating_add(2)) == Some(&byte);
                if three && matches!(byte, b'*' | b'#' | b'=' | b'%') {
                    self.current.marks |= Marks::BANNER;
                }
                self.code = self.code.saturating_add(u32::from(matches!(byte, b'=' | b'{' | b'(')));
            }
            b'}' | b'\\' | b'_' | b'$' => self.code = self.code.saturating_add(1),
            _ => {}
        }
        after
    }

    /// Whether a name in capitals and the end of a bracket follow.
    fn is_placeholder(&self, at: usize) -> bool {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let length = rest.iter().take(32).take_while(|byte| byte.is_ascii_uppercase() || **byte == b'_').count();
        length > 3 && matches!(rest.get(length), Some(b']' | b'}'))
    }

    /// What a `<` begins.
    fn tag(&mut self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        self.start = true;
        if rest.starts_with(b"<!--") {
            self.close(at);
            self.unseen |= Marks::COMMENT;
            self.start = true;
            return at.saturating_add(4);
        }
        if rest.starts_with(b"<|") {
            self.current.marks |= Marks::ROLE;
        }
        if self.unseen.contains(Marks::HIDDEN) && rest.starts_with(b"</") {
            self.close(at);
            self.unseen.remove(Marks::HIDDEN);
            self.start = true;
        } else if is_hiding(rest) {
            self.close(at);
            self.unseen |= Marks::HIDDEN;
            self.start = true;
        }
        at.saturating_add(1)
    }

    /// Ends the sentence at hand before `end`.
    fn close(&mut self, end: usize) {
        let mut sentence = std::mem::take(&mut self.current);
        sentence.marks |= self.unseen;
        let words = self.index.saturating_sub(self.began);
        if self.code > 3 && self.code.saturating_mul(4) > words {
            sentence.marks |= Marks::CODE;
        }
        sentence.end = end;
        // A sign more after "Stop!!" says nothing more.
        if words > 0 || !(Marks::EXCLAIMED | Marks::QUESTION | self.unseen).contains(sentence.marks) {
            (self.sink)(sentence, &self.words);
        }
        self.words.clear();
        self.current = Sentence { start: end, end, marks: Marks::empty() };
        self.began = self.index;
        self.colon_at = None;
        self.code = 0;
        self.capitals = 0;
    }
}
