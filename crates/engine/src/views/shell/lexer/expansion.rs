//! `$…`, backticks and brace lists inside a word.

use super::super::expand::{self, Expansion, Variables};
use super::{Lexer, balance, lex};

impl Lexer<'_, '_> {
    /// After an opening backtick.
    pub(super) fn backticks(&mut self) {
        let Some(end) = balance::backtick(self.cursor.rest()) else { return };
        let inside = String::from_utf8_lossy(self.cursor.take(end)).replace("\\`", "`");
        self.cursor.take(1);
        self.substitution(inside, "`", "`");
    }

    /// After a `$`.
    pub(super) fn dollar(&mut self, quoted: bool) {
        match self.cursor.peek() {
            Some(b'\'') if !quoted => {
                self.cursor.take(1);
                let text = expand::ansi_c(&mut self.cursor);
                self.word.quoted = true;
                self.word.push(&text);
            }
            Some(b'"') if !quoted => {}
            Some(b'(') => {
                self.cursor.take(1);
                let inside = self.enclosed(b'(', b')');
                if inside.starts_with('(') {
                    self.word.quoted = true;
                    self.word.push("$(");
                    self.word.push(&inside);
                    self.word.push(")");
                } else {
                    self.substitution(inside, "$(", ")");
                }
            }
            Some(b'{') => {
                self.cursor.take(1);
                let inside = self.enclosed(b'{', b'}');
                let expansion = self.variables.braced(&inside);
                self.expansion(expansion, &inside, quoted);
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let name = self.cursor.take_while(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                let name = String::from_utf8_lossy(name);
                let expansion = self.variables.named(&name);
                self.expansion(expansion, &name, quoted);
            }
            Some(byte @ (b'@' | b'*' | b'1'..=b'9')) => {
                self.cursor.take(1);
                // Inside a word it is there to be nothing (`ca$@t`); elsewhere it is an argument to come.
                let before = self.word.text.bytes().next_back().is_some_and(is_name_part);
                let after = self.cursor.peek().is_some_and(is_name_part);
                if !before && !after {
                    self.word.push("$");
                    self.word.push(char::from(byte).encode_utf8(&mut [0; 4]));
                }
            }
            _ => self.word.push("$"),
        }
    }

    /// What stands up to the bracket that closes, which is read; all that is left where none does.
    pub(super) fn enclosed(&mut self, open: u8, close: u8) -> String {
        let end = balance::closing(self.cursor.rest(), open, close).unwrap_or(self.cursor.rest().len());
        let inside = String::from_utf8_lossy(self.cursor.take(end)).into_owned();
        self.cursor.take(1);
        inside
    }

    fn expansion(&mut self, expansion: Expansion, name: &str, quoted: bool) {
        match expansion {
            Expansion::Nothing => {}
            Expansion::Blank if quoted => self.word.push(" "),
            Expansion::Blank => self.end_word(),
            Expansion::Unknown => {
                self.word.push("$");
                self.word.push(name);
                // `${…}` of a template, or left open: not what the shell knows, so what is in it is read too.
                if name.contains(['`', '(', ';', '|', '&']) {
                    self.command.substitutions.push(name.to_owned());
                }
            }
            Expansion::Text(text) if quoted => self.word.push(&text),
            Expansion::Text(text) => {
                let mut fields = text.split_ascii_whitespace();
                self.word.push(fields.next().unwrap_or(""));
                for field in fields {
                    self.end_word();
                    self.begun = true;
                    self.word.push(field);
                }
            }
        }
    }

    /// A command substitution: its script runs whatever the word is for.
    fn substitution(&mut self, inside: String, open: &str, close: &str) {
        // Where the output is plain to see it takes its place. A short look: the script itself is followed later.
        if inside.len() <= 128 && !inside.contains(['$', '`', '|', ';', '&', '\n', '<', '>']) {
            let commands = lex(&inside, self.reading, &mut Variables::default());
            if let [command] = commands.as_slice()
                && let Some(output) = expand::output(&command.words)
            {
                self.word.push(&output);
                self.command.substitutions.push(inside);
                return;
            }
        }
        // `rm` in backticks where a program belongs: whoever writes that means rm.
        let is_name = !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_name && self.command.words.is_empty() && self.word.text.is_empty() {
            self.word.push(&inside);
            self.command.substitutions.push(inside);
            return;
        }
        self.word.quoted = true;
        self.word.push(open);
        self.word.push(&inside);
        self.word.push(close);
        self.command.substitutions.push(inside);
    }

    /// `{a,b}` is a list of words, `{ ` opens a group, anything else is itself.
    pub(super) fn open_brace(&mut self) {
        let rest = self.cursor.rest().get(1..).unwrap_or_default();
        let end = rest.iter().position(|byte| matches!(byte, b'{' | b'}' | b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'`'));
        let inside = end.filter(|&end| rest.get(end) == Some(&b'}')).and_then(|end| rest.get(..end));
        if let Some(inside) = inside.filter(|inside| inside.contains(&b',')) {
            self.cursor.take(inside.len().saturating_add(2));
            let stem = self.word.text.to_string();
            for (at, choice) in inside.split(|&byte| byte == b',').take(32).enumerate() {
                if at > 0 {
                    self.end_word();
                    // A long stem must not be multiplied.
                    self.word.push(stem.get(..stem.len().min(64)).unwrap_or(""));
                }
                self.begun = true;
                self.choice(&String::from_utf8_lossy(choice));
            }
        } else if !self.begun && matches!(rest.first(), None | Some(b' ' | b'\t' | b'\n')) {
            self.cursor.take(1);
        } else {
            self.begun = true;
            self.literal(1);
        }
    }

    /// One choice of a brace list: variables in it count.
    fn choice(&mut self, choice: &str) {
        let commands =
            if choice.contains(['$', '\\']) { lex(choice, self.reading, &mut *self.variables) } else { Vec::new() };
        match commands.first().and_then(|command| command.words.first()) {
            Some(word) => self.word.push(&word.text),
            None => self.word.push(choice),
        }
    }
}

/// Bytes of names of programs and files.
fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.')
}
