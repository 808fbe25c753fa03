//! A command line as the shell runs it: simple commands, one a line.
//!
//! A line is one simple command, its program first, preceded by `| ` when its input is the output of the line above.
//! Words are unquoted and joined by one space; redirections stay words (`>file`, `2>&1`); assignments before a command
//! are a line of their own. What runs further commands is followed by lines for those: `sh -c`, `eval`, `$( )`,
//! backticks, `<( )`, `xargs`, `find -exec`, `sudo` and its like, text piped or fed into an interpreter.
//!
//! INVARIANT: a line break always starts a new simple command. Line breaks inside quotes are spaces; quoted `<`, `>`
//! and `|` are shown as `‹`, `›` and `¦`, so that only real redirections and pipes look like them.
//!
//! Bounded and linear: every script is lexed once, inner scripts come from a work list of limited depth and number.

mod code;
mod command;
mod expand;
mod fold;
mod globs;
mod lexer;
mod options;
mod programs;
mod runners;
mod variables;
mod windows;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::byteset::ByteSet;
use command::{Command, Word};
use programs::Waiting;
use variables::Variables;

/// How deep scripts inside scripts are followed.
const DEPTH: u8 = 6;

/// How many scripts inside scripts are followed.
const SCRIPTS: usize = 64;

/// A script to lex.
struct Script<'t> {
    text: Cow<'t, str>,
    depth: u8,
}

/// How a text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// As a POSIX shell does.
    Posix,
    /// As a POSIX shell, with every quote dropped: for a value that is put between quotes that it may close.
    Unquoted,
    /// As cmd.exe and PowerShell do, roughly: a backslash is a letter, carets and backticks are escapes.
    Windows,
}

/// Whether a text has the marks of a Windows command line, and something that is read differently there.
pub(super) fn looks_like_windows(text: &str) -> bool {
    /// Of a command line, where a backslash, caret or backtick is read differently.
    static COMMAND: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| marks(&[":\\", "\\\\", ".exe", "cmd ", "cmd/", "owershell", "pwsh", "iex", "%"]));
    /// Of a string or a variable in pieces.
    static PIECES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        marks(&["har]", "'+'", "\"+\"", "' + '", "-join", "iex", "irm ", "iwr ", "ershell", "nvoke-"])
    });
    let bytes = text.as_bytes();
    // One that could not be made would leave nothing to tell by.
    let any = |marks: &Option<AhoCorasick>| marks.as_ref().is_none_or(|marks| marks.is_match(bytes));
    (memchr::memchr3(b'\\', b'^', b'`', bytes).is_some() && any(&COMMAND))
        || has_escape_in_word(bytes)
        || has_reference(bytes)
        || (memchr::memchr(b'!', bytes).is_some() && text.contains("cmd"))
        || (memchr::memchr3(b'\'', b'"', b'[', bytes).is_some() && any(&PIECES))
}

/// What finds any of these; leftmost first, which is done with vector instructions where there are some.
fn marks(marks: &[&str]) -> Option<AhoCorasick> {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(marks).ok()
}

/// Whether a caret, or back-ticks near one another, stand between letters: `m^shta`, `I`E`X`. To another shell the one is a letter,
/// the other holds a command, whose name is no single letter.
fn has_escape_in_word(bytes: &[u8]) -> bool {
    let mut tick = None;
    memchr::memchr2_iter(b'`', b'^', bytes).take(64).any(|at| {
        let inside = at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(u8::is_ascii_alphanumeric)
            && bytes.get(at.saturating_add(1)).is_some_and(u8::is_ascii_alphabetic);
        if bytes.get(at) == Some(&b'^') {
            return inside;
        }
        let near = tick.replace(at).is_some_and(|previous: usize| at.saturating_sub(previous) <= 4);
        inside && near
    })
}

/// Whether there is a `%name%` or `%name:~1,2%` of cmd.exe.
fn has_reference(bytes: &[u8]) -> bool {
    let mut last = None;
    memchr::memchr_iter(b'%', bytes).any(|at| {
        let inside = last.replace(at).and_then(|last: usize| bytes.get(last.saturating_add(1)..at)).unwrap_or_default();
        let name = inside.split(|&byte| byte == b':').next().unwrap_or_default();
        inside.len() <= 40
            && !name.is_empty()
            && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_()".contains(byte))
    })
}

/// A Windows command line with its pieces put together; `None` where nothing was in pieces.
pub(super) fn plain_windows(text: &str) -> Option<String> {
    windows::plain(text)
}

/// Rewrites, in at most `room` bytes; no lines when there is no command in it.
pub(super) fn rewrite(text: &str, reading: Reading, room: usize) -> Lines {
    let mut out = Lines { text: String::with_capacity(text.len().min(room)), room, cut: false, overrun: false };
    let mut left = lexer::COMMANDS;
    let mut queue = VecDeque::new();
    let mut followed = 0_usize;
    let mut variables = Variables::default();
    let mut script = Some(Script { text: Cow::Borrowed(text), depth: 0 });
    while let Some(current) = script.take().or_else(|| queue.pop_front()) {
        let commands = lexer::lex(&current.text, reading, &mut variables);
        left = left.saturating_sub(commands.len());
        if left == 0 {
            (out.cut, out.overrun) = (true, true);
        }
        for (at, command) in commands.iter().enumerate() {
            let mut inner = Vec::new();
            out.command(command, &mut inner);
            command::scripts_of(&commands, at, &mut variables, &mut inner);
            for text in inner {
                if text.trim().is_empty() {
                    continue;
                }
                if current.depth >= DEPTH || followed >= SCRIPTS {
                    out.cut = true;
                    continue;
                }
                followed = followed.saturating_add(1);
                queue.push_back(Script { text: Cow::Owned(text), depth: current.depth.saturating_add(1) });
            }
        }
    }
    out
}

/// The lines written.
pub(super) struct Lines {
    pub(super) text: String,
    room: usize,
    /// Whether a limit kept some back.
    pub(super) cut: bool,
    /// Whether that was the one on commands.
    pub(super) overrun: bool,
}

impl Lines {
    /// Writes a command and the commands that it is a prefix to.
    fn command(&mut self, command: &Command<'_>, scripts: &mut Vec<String>) {
        if !command.assignments.is_empty() {
            self.line(&command.assignments, &[], false);
            scripts
                .extend(command.assignments.iter().filter_map(|word| options::setting(&word.text)).map(str::to_owned));
        }
        let mut waiting = Waiting::new();
        waiting.push(&command.words);
        for turn in 0..DEPTH.saturating_mul(2) {
            let Some(words) = waiting.pop() else { break };
            if words.is_empty() && command.redirections.is_empty() {
                continue;
            }
            self.line(words, &command.redirections, command.piped);
            let runner = if turn == 0 { command.runner } else { programs::runner_of(words) };
            programs::inner(words, runner, &mut waiting, scripts);
        }
        self.cut |= !waiting.is_empty();
    }

    fn line(&mut self, words: &[Word<'_>], redirections: &[Word<'_>], piped: bool) {
        let start = self.text.len();
        if start > 0 {
            self.text.push('\n');
        }
        if piped {
            self.text.push_str("| ");
        }
        for (at, word) in words.iter().chain(redirections).enumerate() {
            if at > 0 {
                self.text.push(' ');
            }
            let text = if at == 0 { programs::name(&word.text) } else { &*word.text };
            if word.may_hold_signs() && text.bytes().any(|byte| SIGNS.has(byte)) {
                self.text.extend(text.chars().map(|c| shown(c, word.quoted)));
            } else {
                self.text.push_str(text);
            }
        }
        if self.text.len() > self.room {
            self.text.truncate(start);
            self.cut = true;
        }
    }
}

/// What a word may hold that is shown as something else.
static SIGNS: ByteSet = ByteSet::of(b"\n\r<>|");

/// A character of a word as the view shows it.
fn shown(c: char, quoted: bool) -> char {
    match c {
        '\n' | '\r' => ' ',
        '<' if quoted => '‹',
        '>' if quoted => '›',
        '|' if quoted => '¦',
        c => c,
    }
}

#[cfg(test)]
mod tests;
