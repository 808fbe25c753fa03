//! A script into simple commands.
//!
//! Tolerant: what a shell would refuse (an open quote, a stray parenthesis) is read on, since the text may be put into
//! a larger one, and since refusing to look is no defence.

mod balance;
mod redirect;

use super::super::cursor::Cursor;
use super::Reading;
use super::command::{Command, Word};
use super::expand::{self, Expansion, Variables};
use super::programs;

/// Reads the whole of `script`.
pub(super) fn lex<'s>(script: &'s str, reading: Reading, variables: &mut Variables) -> Vec<Command<'s>> {
    let mut lexer = Lexer {
        text: script,
        cursor: Cursor::new(script.as_bytes()),
        reading,
        variables,
        word: Word::default(),
        begun: false,
        command: Command::default(),
        commands: Vec::new(),
        pending: Vec::new(),
        documents: 0,
        target: None,
    };
    lexer.run();
    lexer.commands
}

struct Lexer<'s, 'v> {
    text: &'s str,
    cursor: Cursor<'s>,
    reading: Reading,
    variables: &'v mut Variables,
    word: Word<'s>,
    /// Whether a word is being read, be it empty so far (`''`).
    begun: bool,
    command: Command<'s>,
    commands: Vec<Command<'s>>,
    /// Here-documents whose bodies begin after this line.
    pending: Vec<redirect::HereDocument>,
    /// How many here-documents there were.
    documents: usize,
    /// The redirection that the coming word is the target of.
    target: Option<String>,
}

impl Lexer<'_, '_> {
    fn run(&mut self) {
        while let Some(byte) = self.cursor.peek() {
            match byte {
                b' ' | b'\t' => {
                    self.cursor.take(1);
                    self.end_word();
                }
                b'\n' | b'\r' => {
                    self.cursor.take(1);
                    self.end_command(false);
                    if byte == b'\n' {
                        self.here_documents();
                    }
                }
                b';' | b'(' | b')' => {
                    self.cursor.take(1);
                    self.end_command(false);
                }
                b'|' => self.bar(),
                b'&' => self.ampersand(),
                b'<' | b'>' => self.redirection(),
                b'{' => self.open_brace(),
                b'}' if !self.begun && self.command.words.is_empty() => {
                    self.cursor.take(1);
                }
                b'#' if !self.begun && self.reading == Reading::Posix => {
                    self.cursor.take_until(b'\n');
                }
                _ => self.part(byte),
            }
        }
        self.end_command(false);
    }

    /// A part of a word.
    fn part(&mut self, byte: u8) {
        self.begun = true;
        match byte {
            b'\'' | b'"' if self.reading == Reading::Unquoted => {
                self.cursor.take(1);
            }
            b'\'' => {
                self.cursor.take(1);
                self.single_quoted();
            }
            b'"' => {
                self.cursor.take(1);
                self.double_quoted();
            }
            b'\\' if self.reading == Reading::Windows => self.literal(1),
            b'\\' => {
                self.cursor.take(1);
                self.escaped();
            }
            b'`' | b'^' if self.reading == Reading::Windows => {
                self.cursor.take(1);
            }
            b'^' => self.caret(),
            b'`' => {
                self.cursor.take(1);
                self.backticks();
            }
            b'$' => {
                self.cursor.take(1);
                self.dollar(false);
            }
            _ => {
                let plain =
                    self.cursor.rest().iter().position(|&byte| is_special(byte)).unwrap_or(self.cursor.rest().len());
                self.literal(plain.max(1));
            }
        }
    }

    /// Takes `count` bytes as they are.
    fn literal(&mut self, count: usize) {
        let start = self.text.len().saturating_sub(self.cursor.rest().len());
        let taken = self.cursor.take(count).len();
        // Specials are ASCII, so the range falls on character boundaries.
        self.word.push_script(self.text.get(start..start.saturating_add(taken)).unwrap_or(""));
    }

    fn single_quoted(&mut self) {
        // An open quote belongs to a text that this one is put into: it is dropped, and what follows is read.
        let Some(end) = memchr::memchr(b'\'', self.cursor.rest()) else { return };
        self.word.quoted = true;
        self.literal(end);
        self.cursor.take(1);
    }

    fn double_quoted(&mut self) {
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
                    self.backticks();
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
    fn escaped(&mut self) {
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
    fn caret(&mut self) {
        let before = self.word.text.bytes().next_back().is_some_and(|byte| byte.is_ascii_alphabetic());
        let after = self.cursor.peek_at(1).is_some_and(|byte| byte.is_ascii_alphabetic());
        if before && after {
            self.cursor.take(1);
        } else {
            self.literal(1);
        }
    }

    /// After an opening backtick.
    fn backticks(&mut self) {
        let Some(end) = balance::backtick(self.cursor.rest()) else { return };
        let inside = String::from_utf8_lossy(self.cursor.take(end)).replace("\\`", "`");
        self.cursor.take(1);
        self.substitution(inside, "`", "`");
    }

    /// After a `$`.
    fn dollar(&mut self, quoted: bool) {
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
    fn enclosed(&mut self, open: u8, close: u8) -> String {
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

    fn bar(&mut self) {
        self.cursor.take(1);
        let either = self.cursor.eat(b"|");
        if !either {
            self.cursor.eat(b"&");
        }
        self.end_command(!either);
    }

    fn ampersand(&mut self) {
        if self.cursor.peek_at(1) == Some(b'>') {
            self.redirection();
            return;
        }
        self.cursor.take(1);
        self.cursor.eat(b"&");
        self.end_command(false);
    }

    /// `{a,b}` is a list of words, `{ ` opens a group, anything else is itself.
    fn open_brace(&mut self) {
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

    fn end_word(&mut self) {
        let nothing = self.reading == Reading::Unquoted && self.word.text.is_empty();
        if !std::mem::take(&mut self.begun) || nothing {
            return;
        }
        let mut word = std::mem::take(&mut self.word);
        // `@echo off`: cmd.exe runs it all the same.
        if self.reading == Reading::Windows && self.command.words.is_empty() && word.text.starts_with('@') {
            word.text.to_mut().remove(0);
        }
        if let Some(sign) = self.target.take() {
            self.redirected(&sign, word);
        } else if self.command.words.is_empty() && !word.quoted && is_keyword(&word.text) {
            // What follows is a command of its own.
        } else if self.command.words.is_empty() && programs::is_assignment(&word.text) {
            self.variables.assign(&word.text);
            self.command.assignments.push(word);
        } else {
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self, pipes: bool) {
        self.end_word();
        self.target = None;
        let next = Command { piped: pipes, ..Command::default() };
        let command = std::mem::replace(&mut self.command, next);
        if command.is_empty() {
            return;
        }
        self.remember(&command.words);
        self.commands.push(command);
    }

    /// `export a=b` and `for a in b` assign as well.
    fn remember(&mut self, words: &[Word<'_>]) {
        match words {
            [program, rest @ ..] if matches!(&*program.text, "export" | "declare" | "local" | "readonly" | "set") => {
                for word in rest.iter().filter(|word| programs::is_assignment(&word.text)) {
                    self.variables.assign(&word.text);
                }
            }
            [program, name, keyword, value, ..]
                if program.text == "for" && keyword.text == "in" && value.text.len() <= 64 =>
            {
                self.variables.set(&name.text, &value.text);
            }
            _ => {}
        }
    }
}

/// Bytes of names of programs and files.
fn is_name_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.')
}

/// Words that only say when the command after them runs; in cmd.exe in any case.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 13] =
        ["if", "then", "else", "elif", "fi", "do", "done", "while", "until", "esac", "!", "{", "}"];
    word.len() <= 5 && KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// Bytes that mean something in an unquoted word or end it.
fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            | b'\n'
            | b'\r'
            | b';'
            | b'&'
            | b'|'
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'{'
            | b'\''
            | b'"'
            | b'`'
            | b'$'
            | b'\\'
            | b'^'
    )
}
