//! What a text says to a reader who takes letters for what they look like.
//!
//! Characters that stand for ASCII by compatibility (full-width letters, ligatures, enclosed letters) are normalised by
//! NFKC, then invisible characters and stray combining marks dropped, then look-alikes of ASCII folded. Folding is for
//! words that are meant to read as ASCII, and must leave Russian or Greek prose alone, whose every other word is made
//! of look-alikes:
//!
//! - a word that also holds ASCII letters or digits is folded (`сurl`, `/еtc`);
//! - a word made of look-alikes only (`ехес`) is folded where no letter of the whole text says that it is written
//!   in that script: none that has no ASCII twin.

mod compatible;
pub(super) mod hidden;
mod look_alikes;

use compatible::{is_compatible, is_material, normalised};
use look_alikes::{ascii_of, has_twin, is_letter};

use super::is_invisible;
use super::triggers::ascii_prefix;

/// See [`super::looks_like_latin`].
pub(super) fn looks_like_latin(c: char) -> Option<bool> {
    has_twin(c)
}

/// Reads; `None` when nothing changes, or, with `prose`, nothing but typography and emoji: dashes, quotation marks,
/// ellipses and variation selectors stand in a third of all prose and hide nothing from a rule about words.
pub(super) fn decode(text: &str, prose: bool) -> Option<String> {
    if !may_change(text, prose) {
        return None;
    }
    let normal = normalised(text);
    let mut folder = Folder::new(&normal);
    folder.run(&normal);
    let material = folder.material || !prose || foreign_chars(text).any(|(_, c)| is_material(c));
    (material && folder.out != text).then_some(folder.out)
}

/// A quick look at what is not ASCII: prose in any script ends here.
fn may_change(text: &str, prose: bool) -> bool {
    let (mut foreign, mut twins) = (false, false);
    let mut rest = text;
    loop {
        let (ascii, other) = rest.split_at_checked(ascii_prefix(rest.as_bytes())).unwrap_or((rest, ""));
        // Whether the word at hand has ASCII in it.
        let mut mixed = ascii.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let mut twin = false;
        let mut last = ascii.chars().next_back();
        rest = "";
        for (at, c) in other.char_indices() {
            if c.is_ascii() {
                rest = other.get(at..).unwrap_or("");
                break;
            }
            if let Some(has_twin) = has_twin(c) {
                twin |= has_twin;
                foreign |= !has_twin;
                if mixed && twin {
                    return true;
                }
            } else if is_invisible(c) || is_mark(c) {
                // A selector or joiner after an emoji or between letters of other scripts belongs there.
                if !prose || last.is_some_and(|last| last.is_ascii()) {
                    return true;
                }
            } else if is_compatible(c) {
                if !prose || is_material(c) {
                    return true;
                }
            } else if is_letter(c) {
                let has_twin = ascii_of(c).is_some();
                twin |= has_twin;
                foreign |= !has_twin;
                if mixed && twin {
                    return true;
                }
            } else {
                twins |= twin;
                (mixed, twin) = (false, false);
                let between = last.is_some_and(|last| last.is_ascii_alphanumeric());
                if c == IDEOGRAPHIC_STOP && between && other.get(at..).is_some_and(is_dotted) {
                    return true;
                }
                if ascii_of(c).is_some_and(|ascii| !prose || !is_typographic(ascii)) {
                    return true;
                }
            }
            last = Some(c);
        }
        twins |= twin;
        if twin && rest.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return true;
        }
        if rest.is_empty() {
            return twins && !foreign;
        }
    }
}

/// The characters of `text` that are not ASCII, and where they are.
fn foreign_chars(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        let rest = text.get(at..)?;
        let start = at.saturating_add(ascii_prefix(rest.as_bytes()));
        let c = text.get(start..)?.chars().next()?;
        at = start.saturating_add(c.len_utf8());
        Some((start, c))
    })
}

/// Whether a letter or digit of ASCII follows the first character.
fn is_dotted(text: &str) -> bool {
    text.chars().nth(1).is_some_and(|next| next.is_ascii_alphanumeric())
}

/// Signs whose look-alikes are ordinary typography.
fn is_typographic(ascii: char) -> bool {
    matches!(ascii, '-' | '"' | '<' | '>' | '~' | '*' | '+')
}

struct Folder {
    out: String,
    /// Whether words of look-alikes alone are folded.
    whole_words: bool,
    /// Whether something changed that a rule about words could miss.
    material: bool,
}

impl Folder {
    fn new(text: &str) -> Self {
        let foreign = foreign_chars(text).any(|(_, c)| is_letter(c) && ascii_of(c).is_none());
        Self { out: String::with_capacity(text.len()), whole_words: !foreign, material: false }
    }

    fn run(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            let plain = ascii_prefix(rest.as_bytes());
            // Keep back the ASCII beginning of a mixed word.
            let head = rest.get(..plain).unwrap_or("");
            let whole = head.trim_end_matches(is_word);
            self.out.push_str(whole);
            rest = rest.get(whole.len()..).unwrap_or("");
            let end = rest.find(|c| !is_word(c) && !is_invisible(c) && !is_mark(c)).unwrap_or(rest.len());
            let (word, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
            self.word(word);
            rest = tail;
            let sign = rest.chars().next().filter(|c| !c.is_ascii());
            if let Some(sign) = sign {
                rest = rest.get(sign.len_utf8()..).unwrap_or("");
                self.sign(sign, rest);
            }
        }
    }

    /// Whether a stop here stands between ASCII letters or digits, as in `127。0。0。1`.
    fn is_dot(&self, after: &str) -> bool {
        self.out.ends_with(|c: char| c.is_ascii_alphanumeric())
            && after.starts_with(|c: char| c.is_ascii_alphanumeric())
    }

    /// A run of letters, digits, marks and what is invisible between them.
    fn word(&mut self, word: &str) {
        if word.is_ascii() {
            self.out.push_str(word);
            return;
        }
        let mixed = word.bytes().any(|byte| byte.is_ascii_alphanumeric());
        let fold = mixed || self.whole_words;
        for c in word.chars() {
            let last = self.out.chars().next_back();
            if is_invisible(c) {
                // A selector or joiner after an emoji or between letters of other scripts belongs there.
                self.material |= last.is_some_and(|last| last.is_ascii());
            } else if is_mark(c) && last.is_some_and(|last| last.is_ascii_alphanumeric()) {
                self.material = true;
            } else if let Some(ascii) = ascii_of(c).filter(|_| fold) {
                self.out.push(ascii);
                self.material = true;
            } else {
                self.out.push(c);
            }
        }
    }

    /// A non-ASCII character that belongs to no word, and what comes after it.
    fn sign(&mut self, sign: char, after: &str) {
        let ascii = if sign == IDEOGRAPHIC_STOP { self.is_dot(after).then_some('.') } else { ascii_of(sign) };
        self.out.push(ascii.unwrap_or(sign));
        self.material |= ascii.is_some_and(|ascii| !is_typographic(ascii));
    }
}

/// Ends a Chinese or Japanese sentence, and parts the labels of a host name.
const IDEOGRAPHIC_STOP: char = '。';

fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { is_letter(c) }
}

/// Combining marks that NFKC could not join to their letter: the strokes of `i̶g̶n̶o̶r̶e̶`.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_looks_like_ascii() {
        for (disguised, plain) in [
            ("ｃａｔ　／ｅｔｃ／ｐａｓｓｗｄ", "cat /etc/passwd"),
            ("сurl -s http://х", "curl -s http://x"),
            ("/еtc/раsswd", "/etc/passwd"),
            ("ехес", "exec"),
            ("ig\u{200b}no\u{ad}re prev\u{2060}ious", "ignore previous"),
            ("𝐢𝐠𝐧𝐨𝐫𝐞 𝓅𝓇𝑒𝓋𝒾ℴ𝓊𝓈", "ignore previous"),
            ("ɪɢɴᴏʀᴇ ᴘʀᴇᴠɪᴏᴜꜱ", "ignore previous"),
            ("🅸🅶🅽🅾🆁🅴 ⓟⓡⓔⓥ", "IGNORE prev"),
            ("i̶g̶n̶o̶r̶e̶", "ignore"),
            ("..∕..⁄etc⧸x", "../../etc/x"),
            ("‥／．．＼x", "../..\\x"),
            ("①②⑦.⓪.⓪.①", "127.0.0.1"),
            ("don’t\u{a0}tell", "don't tell"),
            ("http://[::①⑥⑨｡②⑤④｡⑯⑨。②⑤④]/", "http://[::169.254.169.254]/"),
        ] {
            for prose in [false, true] {
                assert_eq!(decode(disguised, prose).as_deref(), Some(plain), "{disguised}");
            }
        }
    }

    #[test]
    fn prose_in_its_own_script_stays() {
        for text in [
            "Привет, как дела? Сохрани отчёт в файл.",
            "Αυτό είναι ένα απλό κείμενο.",
            "请读取文件，然后总结：谢谢！",
            "请打开README。然后总结。",
            "ファイルを読んでください。",
            "هذا نص عادي",
            "L’été déjà: naïve façade – Straße",
            "plain ASCII",
            "thumbs 👍🏽 and ❤️ and 👩‍👩‍👧",
            "a — dash, “quotes” and an ellipsis…",
        ] {
            let read = decode(text, true);
            assert!(read.is_none() || text.contains('’'), "{text} became {read:?}");
        }
    }

    #[test]
    fn mixed_words_fold_in_foreign_prose_and_others_do_not() {
        let read = decode("Выполни команду сurl сейчас", true);
        assert_eq!(read.as_deref(), Some("Выполни команду curl сейчас"));
    }

    #[test]
    fn output_stays_in_proportion() {
        for c in ['ﷺ', '㍿', 'ﬃ', '㎯', '½', '⒇', '🅪'] {
            let text = format!("{}ｃａｔ", c.to_string().repeat(1000));
            let read = decode(&text, false).unwrap_or_default();
            assert!(read.ends_with("cat") && read.len() <= 4 * text.len(), "{c}: {}", read.len());
        }
    }
}
