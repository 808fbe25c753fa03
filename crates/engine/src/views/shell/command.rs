//! One simple command, and the scripts that it hands to another shell.

use std::borrow::Cow;

use super::programs;

/// A word after unquoting; most have nothing to unquote and are the script's own text.
#[derive(Debug, Default, Clone)]
pub(super) struct Word<'s> {
    pub(super) text: Cow<'s, str>,
    /// Whether part of it was quoted or escaped.
    pub(super) quoted: bool,
}

impl<'s> Word<'s> {
    /// Adds a part of the script.
    pub(super) fn push_script(&mut self, part: &'s str) {
        if self.text.is_empty() {
            self.text = Cow::Borrowed(part);
        } else {
            self.text.to_mut().push_str(part);
        }
    }

    /// Adds what an expansion gave.
    pub(super) fn push(&mut self, part: &str) {
        self.text.to_mut().push_str(part);
    }
}

/// A simple command.
#[derive(Debug, Default)]
pub(super) struct Command<'s> {
    /// `NAME=value` before the program.
    pub(super) assignments: Vec<Word<'s>>,
    /// The program and its arguments.
    pub(super) words: Vec<Word<'s>>,
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

/// Adds the scripts inside `command`: its substitutions, and what reaches the input of an interpreter, be it this
/// command or one of those `after` it in the pipeline.
pub(super) fn scripts_of(command: &Command<'_>, after: &[Command<'_>], scripts: &mut Vec<String>) {
    scripts.extend(command.substitutions.iter().cloned());
    let is_piped = after.first().is_some_and(|next| next.piped);
    if command.input.is_empty() && !is_piped {
        return;
    }
    let mut pipeline = after.iter().take_while(|next| next.piped).take(8);
    if programs::reads_script(&command.words) || pipeline.any(|next| programs::reads_script(&next.words)) {
        scripts.extend(command.input.iter().cloned());
        scripts.extend(programs::echoed(&command.words));
    }
}
