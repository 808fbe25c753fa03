//! A sentence as numbers: its words, what stands next to what, the parts of words, and the words that begin something.
//!
//! The same code makes the features that the model is fitted to (`examples/semantic_features.rs`).

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
/// Letters of the parts of words.
const PART: usize = 4;
/// How many of the last words and pairs are remembered, so that a table is not a thousand times what it says once.
const REMEMBERED: usize = 256;

/// Kinds of features, so that a part of a word is not taken for a word.
const WORD: u64 = 0x9e37_79b9_7f4a_7c15;
const PAIR: u64 = 0xd1b5_4a32_d192_ed03;
const GAP: u64 = 0x8cb9_2ba7_2f3d_8dd7;
const LETTERS: u64 = 0xc2b2_ae3d_27d4_eb4f;
const STEM: u64 = 0x1656_67b1_9e37_79f9;

/// Gives `each` the bucket of every feature of `sentence`.
pub fn each(sentence: &str, each: &mut impl FnMut(usize)) {
    let sentence = sentence.get(..sentence.floor_char_boundary(MOST)).unwrap_or(sentence);
    let mut reader = Reader {
        last: [0, mark(b'.')],
        begins: true,
        letters: [0; LONGEST],
        length: 0,
        part: 0,
        hash: 0,
        stems: [0; 2],
        seen: [0; REMEMBERED],
        each,
    };
    let bytes = sentence.as_bytes();
    let mut at = 0_usize;
    while let Some(&byte) = bytes.get(at) {
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
struct Reader<'e, E> {
    /// The two tokens before, the nearest last.
    last: [u64; 2],
    /// Whether the next word begins something.
    begins: bool,
    /// The word at hand.
    letters: [u16; LONGEST],
    length: usize,
    /// Its last four letters.
    part: u64,
    /// What it is but for those of these that came since.
    hash: u64,
    /// What its first four and its first six letters are.
    stems: [u64; 2],
    /// The half of each is enough to tell it apart, and half as much to clear for each sentence.
    seen: [u32; REMEMBERED],
    each: &'e mut E,
}

/// What an ASCII character is taken for.
const BLANK: u8 = 0;
const NOTHING: u8 = 1;
const SIGN: u8 = 2;
const KINDS: [u8; 128] = kinds();

const fn kinds() -> [u8; 128] {
    let mut table = [BLANK; 128];
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

impl<E: FnMut(usize)> Reader<'_, E> {
    fn ascii(&mut self, byte: u8) {
        match KINDS.get(usize::from(byte)).copied().unwrap_or(BLANK) {
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
        self.part = self.part << 16 | u64::from(letter);
        // Four letters at a time: each mixture waits for the one before.
        if self.length.is_multiple_of(PART) {
            self.hash = mix(self.hash, self.part);
        }
        match self.length {
            4 => self.stems[0] = self.hash,
            6 => self.stems[1] = mix(self.hash, self.part),
            _ => {}
        }
    }

    fn sign(&mut self, sign: u8) {
        self.word();
        self.token(mark(sign));
        self.begins = true;
    }

    /// Ends the word at hand.
    fn word(&mut self) {
        if self.length == 0 {
            return;
        }
        let token = mix(WORD, whole(self.hash, self.part, self.length));
        if self.is_new(token) {
            self.parts();
        }
        (self.length, self.part, self.hash) = (0, 0, 0);
        if self.begins && self.is_new(token ^ STEM) {
            (self.each)(FIRSTS | bucket(token, FIRST_BITS));
        }
        self.begins = is_before(token);
        self.token(token);
    }

    /// The parts of a word.
    fn parts(&mut self) {
        for (stem, at) in self.stems.iter().zip([4, 6]) {
            if self.length >= at {
                (self.each)(OTHERS | bucket(stem ^ STEM, OTHER_BITS));
            }
        }
        if self.length > PART {
            let mut part = 0_u64;
            for (n, letter) in self.letters.iter().take(self.length).enumerate() {
                part = part << 16 | u64::from(*letter);
                if n + 1 >= PART {
                    (self.each)(OTHERS | bucket(part ^ LETTERS, OTHER_BITS));
                }
            }
        }
    }

    fn token(&mut self, token: u64) {
        let [before, last] = self.last;
        // Signs in a row are one.
        if token == last {
            return;
        }
        let pair = mix(last, token);
        self.last = [last, token];
        if !self.is_new(pair) {
            return;
        }
        (self.each)(bucket(token, WORD_BITS));
        (self.each)(OTHERS | bucket(pair ^ PAIR, OTHER_BITS));
        (self.each)(OTHERS | bucket(mix(before, token) ^ GAP, OTHER_BITS));
    }

    /// Whether it was not there a moment ago.
    #[expect(clippy::cast_possible_truncation, reason = "the half of it is enough")]
    fn is_new(&mut self, what: u64) -> bool {
        let (place, half) = (bucket(what, REMEMBERED.trailing_zeros()), what as u32);
        self.seen.get_mut(place).is_none_or(|seen| std::mem::replace(seen, half) != half)
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

/// Whether what follows a word begins something still: please, kindly, then.
fn is_before(token: u64) -> bool {
    const BEFORE: [u64; 6] =
        [word(b"please"), word(b"kindly"), word(b"then"), word(b"also"), word(b"now"), word(b"just")];
    BEFORE.contains(&token)
}

/// The token of a word in small letters.
const fn word(mut letters: &[u8]) -> u64 {
    let (mut hash, mut part, mut length) = (0, 0, 0_usize);
    while let [first, rest @ ..] = letters {
        part = part << 16 | *first as u64;
        length += 1;
        if length.is_multiple_of(PART) {
            hash = mix(hash, part);
        }
        letters = rest;
    }
    mix(WORD, whole(hash, part, length))
}

/// What a word is: all of its letters, and how many the last mixture has.
const fn whole(hash: u64, part: u64, length: usize) -> u64 {
    if length.is_multiple_of(PART) { hash } else { mix(hash, part) }
}

const fn mix(hash: u64, with: u64) -> u64 {
    (hash.rotate_left(5) ^ with).wrapping_mul(0x517c_c1b7_2722_0a95)
}

const fn mark(sign: u8) -> u64 {
    mix(0x0123_4567_89ab_cdef, sign as u64)
}

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
