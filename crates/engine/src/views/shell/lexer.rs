//! A script into simple commands.
//!
//! Tolerant: what a shell would refuse (an open quote, a stray parenthesis) is read on, since the text may be put into
//! a larger one, and since refusing to look is no defence.

mod balance;
mod compound;
mod expansion;
mod quote;
mod redirect;

use super::super::cursor::Cursor;
use super::Reading;
use super::command::{Command, Word};
use super::globs;
use super::programs;
use super::variables::Variables;
use crate::byteset::ByteKinds;
use crate::names::Names;

/// How deep substitutions are worked out inside one another: each level reads its text once more.
const NESTING: u8 = 3;

/// How many simple commands of a script are read: more than anybody writes into one, be it generated.
pub(super) const COMMANDS: usize = 16 * 1024;

/// Bytes of an ordinary simple command.
const COMMAND: usize = 24;

/// Reads the whole of `script`, or its first [`COMMANDS`].
pub(super) fn lex<'s>(script: &'s str, reading: Reading, variables: &mut Variables) -> Vec<Command<'s>> {
    let mut lexer = Lexer {
        text: script,
        cursor: Cursor::new(script.as_bytes()),
        reading,
        variables,
        word: Word::default(),
        begun: false,
        command: Command::default(),
        commands: Vec::with_capacity(script.len().div_ceil(COMMAND).min(COMMANDS)),
        pending: Vec::new(),
        documents: 0,
        target: None,
        in_test: false,
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
    /// Whether the words belong to `[[ … ]]`, where signs mean comparisons.
    in_test: bool,
}

impl Lexer<'_, '_> {
    fn run(&mut self) {
        while self.commands.len() < COMMANDS
            && let Some(byte) = self.cursor.peek()
        {
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
                b'<' | b'>' | b'&' | b'|' | b'(' | b')' if self.in_test => {
                    self.begun = true;
                    self.word.quoted = true;
                    self.literal(1);
                }
                b'(' if self.opens_array() => self.array(),
                b'(' if self.defines() => self.definition(),
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
                self.backticks(false);
            }
            b'$' => {
                self.cursor.take(1);
                self.dollar(false);
            }
            _ => {
                self.plain();
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

    /// Takes what is plain outside quotes, at least a byte; `*`, `?` and `[` are patterns there.
    fn plain(&mut self) {
        let Some((first, rest)) = self.cursor.rest().split_first() else { return };
        let mut seen = KINDS.get(*first);
        let ends = |byte: &u8| {
            let kind = KINDS.get(*byte);
            seen |= kind;
            kind & SPECIAL != 0
        };
        let more = rest.iter().position(ends).unwrap_or(rest.len());
        self.word.pattern |= seen & PATTERN != 0;
        self.word.equals |= seen & EQUALS != 0;
        self.literal(more.saturating_add(1));
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
        if word.pattern
            && let Some(file) = globs::resolve(&word.text, self.command.words.is_empty())
        {
            word.text = file.into();
        }
        if let Some(sign) = self.target.take() {
            self.redirected(sign, word);
        } else if self.command.words.is_empty() && !word.quoted && is_keyword(&word.text) {
            // What follows is a command of its own.
        } else if self.command.words.is_empty() && word.may_set() && programs::is_assignment(&word.text) {
            self.variables.assign(&word.text);
            self.command.assignments.push(word);
        } else {
            if self.command.words.is_empty() && word.text == "[[" {
                self.in_test = self.closes_soon(b"]]");
            } else if self.in_test && word.text == "]]" {
                self.in_test = false;
            }
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self, pipes: bool) {
        self.end_word();
        self.target = None;
        self.in_test = false;
        if !self.command.is_empty() {
            // What takes its place in the list is finished there: it is large, and moved no more than once.
            self.commands.push(std::mem::take(&mut self.command));
            if let Some(command) = self.commands.last_mut() {
                compound::remember(self.variables, command);
                command.runner = programs::runner_of(&command.words);
            }
        }
        self.command.piped = pipes;
    }
}

/// Words that only say when the command after them runs; in cmd.exe in any case.
fn is_keyword(word: &str) -> bool {
    static KEYWORDS: Names<13> =
        Names::new(["!", "do", "done", "elif", "else", "esac", "fi", "if", "then", "until", "while", "{", "}"]);
    KEYWORDS.position_in_any_case(word).is_some()
}

/// A byte that means something in an unquoted word or ends it.
const SPECIAL: u8 = 1;
/// A byte by which a word stands for the names of files.
const PATTERN: u8 = 2;
const EQUALS: u8 = 4;

static KINDS: ByteKinds = ByteKinds::of(&[(SPECIAL, b" \t\n\r;&|()<>{'\"`$\\^"), (PATTERN, b"*?["), (EQUALS, b"=")]);
