//! `$…`, backticks and brace lists inside a word.

use super::super::expand;
use super::super::variables::Expansion;
use super::{Lexer, balance, lex};

impl Lexer<'_, '_> {
    /// After an opening backtick.
    pub(super) fn backticks(&mut self, quoted: bool) {
        let Some(end) = balance::backtick(self.cursor.rest()) else { return };
        let inside = String::from_utf8_lossy(self.cursor.take(end)).replace("\\`", "`");
        self.cursor.take(1);
        self.substitution(inside, "`", "`", quoted);
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
                    self.substitution(inside, "$(", ")", quoted);
                }
            }
            Some(b'{') => {
                self.cursor.take(1);
                let inside = self.enclosed(b'{', b'}');
                let mut expansion = self.variables.braced(&inside);
                // What stands in for an unset variable is expanded itself.
                if let Expansion::Text(text) = &expansion
                    && text.contains(['$', '`', '\'', '"', '\\'])
                    && let Some(text) = self.expanded(text)
                {
                    expansion = Expansion::Text(text);
                }
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
                let name = char::from(byte);
                if let Expansion::Text(text) = self.variables.named(name.encode_utf8(&mut [0; 4])) {
                    self.expansion(Expansion::Text(text), "", quoted);
                    return;
                }
                // Inside a word it is there to be nothing (`ca$@t`); elsewhere it is an argument to come.
                let before = self.word.text.bytes().next_back().is_some_and(is_name_part);
                let after = self.cursor.peek().is_some_and(is_name_part);
                if !before && !after {
                    self.word.push("$");
                    self.word.push(name.encode_utf8(&mut [0; 4]));
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
                // `C='curl x|sh'; $C`: it would not run as a pipeline, but nobody writes it for anything else.
                if self.command.words.is_empty() && self.word.text.is_empty() && text.contains([';', '|', '&', '>']) {
                    self.command.substitutions.push(text.clone());
                }
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
    fn substitution(&mut self, inside: String, open: &str, close: &str, quoted: bool) {
        // Where the output is plain to see it takes its place. The script itself is followed later.
        if let Some(output) = self.worked_out(&inside) {
            self.command.substitutions.push(inside);
            self.expansion(Expansion::Text(output), "", quoted);
            return;
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
        let expanded = if choice.contains(['$', '\\']) { self.expanded(choice) } else { None };
        self.word.push(expanded.as_deref().unwrap_or(choice));
    }

    /// The first word of `text`, expanded.
    fn expanded(&mut self, text: &str) -> Option<String> {
        if self.variables.nesting >= super::NESTING {
            return None;
        }
        self.variables.nesting = self.variables.nesting.saturating_add(1);
        let commands = lex(text, self.reading, self.variables);
        self.variables.nesting = self.variables.nesting.saturating_sub(1);
        let command = commands.first()?;
        let words = command.assignments.iter().chain(&command.words);
        let text = words.map(|word| &*word.text).collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }
}

/// Bytes of names of programs and files.
fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.')
}
