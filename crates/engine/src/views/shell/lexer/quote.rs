//! Quotes and escapes inside a word.

use super::super::Reading;
use super::Lexer;

impl Lexer<'_, '_> {
    pub(super) fn single_quoted(&mut self) {
        // An open quote belongs to a text that this one is put into: it is dropped, and what follows is read.
        let Some(end) = memchr::memchr(b'\'', self.cursor.rest()) else { return };
        self.word.quoted = true;
        self.literal(end);
        self.cursor.take(1);
    }

    pub(super) fn double_quoted(&mut self) {
        if memchr::memchr(b'"', self.cursor.rest()).is_none() {
            return;
        }
        self.word.quoted = true;
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b'"' => {
                    self.cursor.take(1);
                    return;
                }
                b'\\' => {
                    self.cursor.take(1);
                    match self.cursor.peek() {
                        Some(b'"' | b'$' | b'`' | b'\\') => self.literal(1),
                        Some(b'\n') => {
                            self.cursor.take(1);
                        }
                        _ => self.word.push("\\"),
                    }
                }
                b'`' if self.reading != Reading::Windows => {
                    self.cursor.take(1);
                    self.backticks(true);
                }
                b'$' => {
                    self.cursor.take(1);
                    self.dollar(true);
                }
                _ => {
                    let rest = self.cursor.rest();
                    let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'`' | b'$'));
                    self.literal(plain.unwrap_or(rest.len()).max(1));
                }
            }
        }
    }

    /// After a backslash outside quotes.
    pub(super) fn escaped(&mut self) {
        match self.cursor.peek() {
            Some(b'\n') => {
                self.cursor.take(1);
                self.begun = !self.word.text.is_empty() || self.word.quoted;
            }
            Some(_) => {
                self.word.quoted = true;
                let rest = self.text.get(self.text.len().saturating_sub(self.cursor.rest().len())..).unwrap_or("");
                self.literal(rest.chars().next().map_or(1, char::len_utf8));
            }
            None => self.word.push("\\"),
        }
    }

    /// `c^md`: an escape of cmd.exe where it stands between letters, `HEAD^` and `^regex` otherwise.
    pub(super) fn caret(&mut self) {
        let before = self.word.text.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphabetic());
        let after = self.cursor.peek_at(1).is_some_and(|byte| byte.is_ascii_alphabetic());
        if before && after {
            self.cursor.take(1);
        } else {
            self.literal(1);
        }
    }
}
