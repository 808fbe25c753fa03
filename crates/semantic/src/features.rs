//! A sentence as numbers: its words, what stands next to what, the parts of words, and the words that begin something.
//!
//! The same code makes the features that the model is fitted to (`examples/semantic_features.rs`).

mod seen;
mod word;

pub(crate) use seen::Seen;
pub(crate) use word::{Letters, Spelt};

/// Buckets that features are hashed into: words, what begins something, all else.
pub const BUCKETS: usize = OTHERS + (1 << OTHER_BITS);
/// Where the words that begin something have theirs.
pub const FIRSTS: usize = 1 << WORD_BITS;
/// Where all else has its own.
pub const OTHERS: usize = FIRSTS + (1 << FIRST_BITS);
const WORD_BITS: u32 = 18;
const FIRST_BITS: u32 = 17;
const OTHER_BITS: u32 = 17;

/// Bytes of a sentence that are read: few are longer.
pub const MOST: usize = 1 << 10;
/// Letters of a word that are read; what is longer is no word.
const LONGEST: usize = 24;

/// Kinds of features, so that a part of a word is not taken for a word.
const WORD: u64 = 0x9e37_79b9_7f4a_7c15;
const PAIR: u64 = 0xd1b5_4a32_d192_ed03;
const GAP: u64 = 0x8cb9_2ba7_2f3d_8dd7;
const STEM: u64 = 0x1656_67b1_9e37_79f9;

/// Who is given the features of a sentence, token by token.
pub(crate) trait Taker {
    /// What is known of a word.
    type Word;

    /// Whatever has to be known of a word.
    fn know(&mut self, letters: Letters<'_>) -> Self::Word;

    /// What it is as a token.
    fn spelt(&self, word: &Self::Word) -> Spelt;

    /// Takes of a word what was not there a moment ago.
    fn word(&mut self, word: &Self::Word, new: New);

    /// Takes the buckets of a token that is no word, and of what stands before it.
    fn token(&mut self, own: usize, near: [usize; 2]);
}

/// What of a word was not there a moment ago.
#[derive(Debug, Clone, Copy)]
pub(crate) struct New {
    /// Its letters.
    pub(crate) parts: bool,
    /// That it begins something.
    pub(crate) first: bool,
    /// Itself where it stands: then there are buckets of what stands before it.
    pub(crate) near: Option<[usize; 2]>,
}

/// Gives `each` the bucket of every feature of `sentence`.
pub fn each(sentence: &str, each: &mut impl FnMut(usize)) {
    read(sentence, &mut Seen::default(), &mut Each(each));
}

/// Takes bucket by bucket.
struct Each<'e, E>(&'e mut E);

impl<E: FnMut(usize)> Taker for Each<'_, E> {
    type Word = (Spelt, Vec<usize>);

    fn know(&mut self, letters: Letters<'_>) -> Self::Word {
        let mut parts = Vec::new();
        letters.parts(&mut |part| parts.push(part));
        (letters.spelt(), parts)
    }

    fn spelt(&self, word: &Self::Word) -> Spelt {
        word.0
    }

    fn word(&mut self, (spelt, parts): &Self::Word, new: New) {
        if new.parts {
            for part in parts {
                (self.0)(*part);
            }
        }
        if new.first {
            (self.0)(spelt.first());
        }
        if let Some(near) = new.near {
            self.token(spelt.own(), near);
        }
    }

    fn token(&mut self, own: usize, near: [usize; 2]) {
        (self.0)(own);
        for bucket in near {
            (self.0)(bucket);
        }
    }
}

/// Gives `taker` every feature of `sentence`.
pub(crate) fn read<T: Taker>(sentence: &str, seen: &mut Seen, taker: &mut T) {
    let sentence = sentence.get(..sentence.floor_char_boundary(MOST)).unwrap_or(sentence);
    seen.begin();
    let mut reader = Reader { last: [0, mark(b'.')], begins: true, letters: [0; LONGEST], length: 0, seen, taker };
    let bytes = sentence.as_bytes();
    let mut at = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        if reader.length == 0
            && let Some((letters, length)) = bytes.get(at..).and_then(word::plain)
        {
            // Most words are letters and a blank, and are read in one go.
            at += length;
            match bytes.get(at).map_or(BLANK, |next| KINDS[usize::from(*next)]) {
                BLANK => {
                    reader.ended(letters);
                    at += 1;
                    continue;
                }
                SIGN => {
                    reader.ended(letters);
                    continue;
                }
                _ => at -= length,
            }
        }
        if byte < 0x80 {
            reader.ascii(byte);
            at += 1;
        } else {
            let c = sentence.get(at..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
            reader.beyond(c);
            at += c.len_utf8();
        }
    }
    reader.word();
    reader.sign(b'.');
}

/// What is read so far.
struct Reader<'e, T> {
    /// The two tokens before, the nearest last.
    last: [u64; 2],
    /// Whether the next word begins something.
    begins: bool,
    /// The word at hand.
    letters: [u16; LONGEST],
    length: usize,
    seen: &'e mut Seen,
    taker: &'e mut T,
}

/// What a byte is taken for.
const BLANK: u8 = 0;
const NOTHING: u8 = 1;
const SIGN: u8 = 2;
/// Part of a character beyond ASCII.
const BEYOND: u8 = 3;
const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut table = [BEYOND; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            // A number is a number: whose account it is says nothing.
            b'0'..=b'9' => b'0',
            b'a'..=b'z' => byte,
            b'A'..=b'Z' => byte.to_ascii_lowercase(),
            b'\'' => NOTHING,
            b'.' | b'!' | b';' | b'\n' | b'?' | b':' | b'@' | b'"' | b'`' | b'<' | b'>' | b'[' | b']' | b'{' | b'}'
            | b'=' | b'/' | b'#' | b'*' | b'$' => SIGN,
            _ => BLANK,
        };
        byte += 1;
    }
    table
}

impl<T: Taker> Reader<'_, T> {
    fn ascii(&mut self, byte: u8) {
        match KINDS[usize::from(byte)] {
            BLANK => self.word(),
            NOTHING => {}
            SIGN => self.sign(if matches!(byte, b'!' | b';' | b'\n') { b'.' } else { byte }),
            b'0' if self.letters.get(self.length.wrapping_sub(1)) == Some(&u16::from(b'0')) => {}
            letter => self.letter(letter.into()),
        }
    }

    /// A character beyond ASCII.
    fn beyond(&mut self, c: char) {
        if is_unspaced(c) {
            self.word();
            self.token(mix(WORD, u64::from(u32::from(c))));
            self.begins = false;
        } else if c.is_alphanumeric() {
            for c in c.to_lowercase() {
                self.letter(folded(c));
            }
        } else {
            match c {
                '。' | '！' | '।' | '؟' | '？' | '：' => self.sign(b'.'),
                // Marks that belong to the word.
                '\u{300}'..='\u{36f}' | '\u{900}'..='\u{dff}' | '\u{64b}'..='\u{65f}' => self.letter(folded(c)),
                _ => self.word(),
            }
        }
    }

    fn letter(&mut self, letter: u16) {
        let Some(place) = self.letters.get_mut(self.length) else { return };
        *place = letter;
        self.length += 1;
    }

    #[inline]
    fn sign(&mut self, sign: u8) {
        self.word();
        self.token(mark(sign));
        self.begins = true;
    }

    /// Ends the word at hand.
    fn word(&mut self) {
        if self.length > 0 {
            let all = self.letters;
            let letters = Letters::Any(all.get(..self.length).unwrap_or_default());
            self.length = 0;
            self.ended(letters);
        }
    }

    #[inline]
    fn ended(&mut self, letters: Letters<'_>) {
        let word = self.taker.know(letters);
        let Spelt { token, before } = self.taker.spelt(&word);
        let parts = self.seen.is_new(token);
        let first = self.begins && self.seen.is_new(token ^ STEM);
        self.begins = before;
        let near = self.near(token);
        self.taker.word(&word, New { parts, first, near });
    }

    #[inline]
    fn token(&mut self, token: u64) {
        if let Some(near) = self.near(token) {
            self.taker.token(bucket(token, WORD_BITS), near);
        }
    }

    /// The buckets of what stands before a token, unless both stood there a moment ago.
    #[inline]
    fn near(&mut self, token: u64) -> Option<[usize; 2]> {
        let [before, last] = self.last;
        // Signs in a row are one.
        if token == last {
            return None;
        }
        let pair = mix(last, token);
        self.last = [last, token];
        self.seen.is_new(pair).then(|| {
            let gap = mix(before, token) ^ GAP;
            [OTHERS | bucket(pair ^ PAIR, OTHER_BITS), OTHERS | bucket(gap, OTHER_BITS)]
        })
    }
}

/// A letter in two bytes: of the rare ones beyond them, those that differ by 65,536 are taken for the same.
#[expect(clippy::cast_possible_truncation, reason = "as said")]
fn folded(c: char) -> u16 {
    u32::from(c) as u16
}

/// The bucket of a word by itself, and where it begins something: for what is known of words beforehand.
pub fn of_word(word: &str) -> Option<(usize, usize)> {
    let mut first = None;
    let mut plain = None;
    each(word, &mut |bucket| match bucket {
        0..FIRSTS => plain = plain.or(Some(bucket)),
        FIRSTS..OTHERS => first = Some(bucket),
        _ => {}
    });
    plain.zip(first)
}

#[inline]
const fn mix(hash: u64, with: u64) -> u64 {
    (hash.rotate_left(5) ^ with).wrapping_mul(0x517c_c1b7_2722_0a95)
}

#[inline]
const fn mark(sign: u8) -> u64 {
    mix(0x0123_4567_89ab_cdef, sign as u64)
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "only the upper bits are left")]
const fn bucket(hash: u64, bits: u32) -> usize {
    (hash.wrapping_mul(0x2545_f491_4f6c_dd1d) >> (64 - bits)) as usize
}

/// Whether words of this script are not parted by blanks.
const fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sentence: &str) -> Vec<usize> {
        let mut all = Vec::new();
        each(sentence, &mut |bucket| all.push(bucket));
        all
    }

    #[test]
    fn case_and_digits_say_nothing() {
        assert_eq!(of("Send 12 to account 4711"), of("send 9 to Account 83"));
        assert_ne!(of("send it"), of("it send"));
    }

    #[test]
    fn what_begins_something_is_told_apart() {
        let firsts = |text: &str| of(text).into_iter().filter(|bucket| (FIRSTS..OTHERS).contains(bucket)).count();
        assert_eq!(firsts("Please delete the files: now"), 3, "please, delete, now");
        assert_eq!(of_word("delete").map(|(_, first)| of("Please delete").contains(&first)), Some(true));
    }

    #[test]
    fn what_is_said_again_and_again_is_said_once() {
        let (once, often) = (of("<td>one</td> <td>two</td>"), of(&"<td>one</td> <td>two</td> ".repeat(30)));
        // Two that fall on one place drive each other out.
        assert!(often.len() < 8 * once.len(), "{} and {}", once.len(), often.len());
    }

    #[test]
    fn every_text_is_read_within_bounds() {
        for text in ["", "\u{301}", "日本語", "ß", "İ", &"x".repeat(1 << 16), &"é ".repeat(1 << 12), "\u{10ffff}"]
        {
            let all = of(text);
            assert!(all.len() <= 8 * MOST && all.iter().all(|bucket| *bucket < BUCKETS), "{text:?}");
        }
    }
}
