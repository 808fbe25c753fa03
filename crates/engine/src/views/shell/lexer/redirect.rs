//! Redirections and here-documents.

use super::super::super::cursor::Cursor;
use super::super::command::Word;
use super::{Lexer, balance};

/// The most here-documents of one script: each looks for its end.
const DOCUMENTS: usize = 16;

/// A here-document whose body is still to come.
pub(super) struct HereDocument {
    delimiter: String,
    /// Whether the shell expands its body: the delimiter is not quoted.
    expands: bool,
    /// The command whose input it is.
    owner: usize,
}

impl<'s> Lexer<'s, '_> {
    /// At `<`, `>` or `&>`.
    pub(super) fn redirection(&mut self) {
        // `2>`: the digits before the sign are part of it.
        let descriptor = self.begun
            && !self.word.quoted
            && self.word.text.len() <= 2
            && self.word.text.bytes().all(|byte| byte.is_ascii_digit());
        if !descriptor {
            self.end_word();
        }
        let mut sign = std::mem::take(&mut self.word).text.into_owned();
        self.begun = false;
        if self.cursor.eat(b"&") {
            sign.push('&');
        }
        if let [from @ (b'<' | b'>'), b'(', ..] = self.cursor.rest() {
            self.cursor.take(2);
            let inside = self.enclosed(b'(', b')');
            let sign = char::from(*from);
            // The sign is real, those inside are not of this line.
            let shown: String = inside.chars().map(|c| super::super::shown(c, true)).collect();
            self.word = Word { text: format!("{sign}({shown})").into(), ..Word::default() };
            self.begun = true;
            // What stands in `>( )` reads what this command writes, as in a pipe.
            self.command.substitutions.push(if sign == '>' { format!("|{inside}") } else { inside });
            return;
        }
        if self.cursor.eat(b"<<<") {
            sign.push_str("<<<");
        } else if self.cursor.eat(b"<<") {
            self.here_document();
            return;
        } else {
            for known in [">>", ">|", ">&", "<&", "<>", ">", "<"] {
                if self.cursor.eat(known.as_bytes()) {
                    sign.push_str(if known == ">|" { ">" } else { known });
                    break;
                }
            }
        }
        self.cursor.take_while(|byte| matches!(byte, b' ' | b'\t'));
        self.target = Some(sign);
    }

    /// The word that a redirection names.
    pub(super) fn redirected(&mut self, sign: String, word: Word<'s>) {
        if sign.ends_with("<<<") {
            self.command.input.push(word.text.to_string());
        }
        // The sign must stay one: quoting in the target replaces signs only there.
        let target = if word.quoted { word.text.replace('>', "›").replace('<', "‹").into() } else { word.text };
        self.command.redirections.push(Word { text: (sign + &*target).into(), ..Word::default() });
    }

    /// After `<<`.
    fn here_document(&mut self) {
        self.cursor.eat(b"-");
        self.cursor.take_while(|byte| matches!(byte, b' ' | b'\t'));
        let mut after = self.cursor;
        let quoted = !after.take_while(|byte| matches!(byte, b'\'' | b'"' | b'\\')).is_empty();
        let name = after.take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
        after.take_while(|byte| matches!(byte, b'\'' | b'"'));
        self.documents = self.documents.saturating_add(1);
        if name.is_empty() || self.documents > DOCUMENTS {
            return;
        }
        // Without its end it is no document (`1 << 2`), and what follows is read as commands.
        if !after.rest().split(|&byte| byte == b'\n').skip(1).any(|line| line.trim_ascii() == name) {
            return;
        }
        self.cursor = after;
        let delimiter = String::from_utf8_lossy(name).into_owned();
        self.pending.push(HereDocument { delimiter, expands: !quoted, owner: self.commands.len() });
    }

    /// After a line break: the bodies that it begins.
    pub(super) fn here_documents(&mut self) {
        for document in std::mem::take(&mut self.pending) {
            let mut body = String::new();
            while !self.cursor.rest().is_empty() {
                let line = self.cursor.take_until(b'\n');
                self.cursor.take(1);
                if line.trim_ascii() == document.delimiter.as_bytes() {
                    break;
                }
                body.push_str(&String::from_utf8_lossy(line));
                body.push('\n');
            }
            if let Some(owner) = self.commands.get_mut(document.owner) {
                if document.expands {
                    substitutions(&body, &mut owner.substitutions);
                }
                owner.input.push(body);
            }
        }
    }
}

/// Adds the scripts of `$(…)` and backticks in a text that the shell expands.
fn substitutions(text: &str, scripts: &mut Vec<String>) {
    let mut cursor = Cursor::new(text.as_bytes());
    while let Some(byte) = cursor.next() {
        let end = match byte {
            b'\\' => {
                cursor.take(1);
                continue;
            }
            b'$' if cursor.eat(b"(") => balance::closing(cursor.rest(), b'(', b')'),
            b'`' => balance::backtick(cursor.rest()),
            _ => continue,
        };
        // Left open, it reaches to the end; then there is nothing further to look at.
        let inside = cursor.take(end.unwrap_or(usize::MAX));
        scripts.push(String::from_utf8_lossy(inside).into_owned());
        cursor.take(1);
    }
}
