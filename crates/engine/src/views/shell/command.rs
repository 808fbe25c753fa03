//! One simple command, and the scripts that it hands to another shell.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::runners::Runner;
use super::variables::Variables;
use super::{fold, programs};

/// A word after unquoting; most have nothing to unquote and are the script's own text.
#[derive(Debug, Default, Clone)]
pub(super) struct Word<'s> {
    pub(super) text: Cow<'s, str>,
    /// Whether part of it was quoted or escaped.
    pub(super) quoted: bool,
    /// Whether there is a `*`, `?` or `[` outside quotes.
    pub(super) pattern: bool,
    /// Whether there is a `=` outside quotes.
    pub(super) equals: bool,
}

impl<'s> Word<'s> {
    /// Adds a part of the script.
    pub(super) fn push_script(&mut self, part: &'s str) {
        if self.text.is_empty() {
            self.text = Cow::Borrowed(part);
        } else {
            self.push(part);
        }
    }

    /// Whether it may hold signs that mean something outside quotes: what was read as it stands ended at the first of them.
    pub(super) fn may_hold_signs(&self) -> bool {
        self.quoted || matches!(self.text, Cow::Owned(_))
    }

    /// Whether it may hold a `=`.
    pub(super) fn may_set(&self) -> bool {
        self.equals || self.may_hold_signs()
    }

    /// Adds what an expansion gave.
    pub(super) fn push(&mut self, part: &str) {
        match &mut self.text {
            Cow::Owned(text) => text.push_str(part),
            // With room for more: a word that has two parts has three as a rule.
            Cow::Borrowed(begun) => {
                let mut text = String::with_capacity(begun.len().saturating_add(part.len()).saturating_add(ROOM));
                text.push_str(begun);
                text.push_str(part);
                self.text = Cow::Owned(text);
            }
        }
    }
}

/// What a word is given to grow by, in bytes, when it is first put together.
const ROOM: usize = 32;

/// Words of an ordinary command: it is read without an allocation.
const WORDS: usize = 6;

/// A simple command.
#[derive(Debug, Default)]
pub(super) struct Command<'s> {
    /// `NAME=value` before the program.
    pub(super) assignments: Vec<Word<'s>>,
    /// The program and its arguments.
    pub(super) words: SmallVec<[Word<'s>; WORDS]>,
    /// How that program runs others.
    pub(super) runner: Option<Runner>,
    /// `>file`, `2>&1`, `<<<text`.
    pub(super) redirections: Vec<Word<'s>>,
    /// Whether it reads what the command before it writes.
    pub(super) piped: bool,
    /// Contents of `$( )`, backticks and `<( )`, in their order.
    pub(super) substitutions: Vec<String>,
    /// Bodies of here-documents and here-strings: its standard input.
    pub(super) input: Vec<String>,
}

impl Command<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
            && self.assignments.is_empty()
            && self.redirections.is_empty()
            && self.substitutions.is_empty()
            && self.input.is_empty()
    }
}

/// Adds the scripts inside the command at `at`: its substitutions, what reaches the input of an interpreter, be it this
/// command or a later one of its pipeline, and the file that it runs, if this text wrote it.
pub(super) fn scripts_of(commands: &[Command<'_>], at: usize, variables: &mut Variables, scripts: &mut Vec<String>) {
    let Some((command, after)) = commands.get(at..).and_then(<[_]>::split_first) else { return };
    scripts.extend(command.substitutions.iter().cloned());
    written(commands, at, variables);
    scripts.extend(programs::script_file(command).and_then(|file| variables.file(file)).map(str::to_owned));
    let is_piped = after.first().is_some_and(|next| next.piped);
    if command.piped || (command.input.is_empty() && !is_piped) {
        return;
    }
    if programs::reads_script(command) {
        scripts.extend(command.input.iter().cloned());
        return;
    }
    let stages = after.iter().take_while(|next| next.piped).take(8);
    let Some(reader) = stages.clone().position(programs::reads_script) else { return };
    let pipeline = commands.get(at..at.saturating_add(reader).saturating_add(1)).unwrap_or_default();
    if let Some(text) = fold::output(pipeline) {
        scripts.push(text);
    } else {
        scripts.extend(command.input.iter().cloned());
        scripts.extend(programs::echoed(command));
    }
}

/// Remembers what the command at `at` writes into a file, be it by `>` or by `tee`.
fn written(commands: &[Command<'_>], at: usize, variables: &mut Variables) {
    let Some(command) = commands.get(at) else { return };
    let target = command.redirections.iter().find_map(|word| word.text.strip_prefix('>'));
    let file = match target {
        Some(file) => file.trim_start_matches('>'),
        None => match command.words.as_slice() {
            [program, arguments @ ..] if program.text == "tee" => {
                let Some(file) = arguments.iter().find(|word| !word.text.starts_with('-')) else { return };
                &file.text
            }
            _ => return,
        },
    };
    let before = commands.get(..at).unwrap_or_default();
    let stages = if command.piped { before.iter().rev().take(8).take_while(|stage| stage.piped).count() } else { 0 };
    let first = if command.piped { at.saturating_sub(stages).saturating_sub(1) } else { at };
    let pipeline = commands.get(first..=at).unwrap_or_default();
    let content = fold::output(pipeline).or_else(|| pipeline.first().and_then(|stage| stage.input.first().cloned()));
    if let Some(content) = content {
        variables.write(file, &content);
    }
}
