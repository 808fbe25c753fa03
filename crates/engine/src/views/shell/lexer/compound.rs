//! Words that change what later ones mean: assignments in disguise, arrays, functions, loops.

use super::super::command::{Command, Word};
use super::super::variables::Variables;
use super::super::{expand, fold, programs};
use super::{Lexer, balance};

/// How far ahead the end of a bracket is looked for, where what is in it is only remembered.
const NEAR: usize = 1024;

impl Lexer<'_, '_> {
    /// Whether what is at hand closes within reach.
    pub(super) fn closes_soon(&self, end: &[u8]) -> bool {
        let rest = self.cursor.rest();
        memchr::memmem::find(rest.get(..rest.len().min(NEAR)).unwrap_or_default(), end).is_some()
    }

    /// At `(`: whether it begins the elements of `name=(…)`.
    pub(super) fn opens_array(&self) -> bool {
        self.begun
            && self.command.words.is_empty()
            && self.word.text.ends_with('=')
            && programs::is_assignment(&self.word.text)
            && self.closes_soon(b")")
    }

    /// Reads `(element element)`.
    pub(super) fn array(&mut self) {
        self.cursor.take(1);
        let inside = self.enclosed(b'(', b')');
        let elements: Vec<String> = if inside.len() <= NEAR && self.variables.nesting < super::NESTING {
            self.variables.nesting = self.variables.nesting.saturating_add(1);
            let commands = super::lex(&inside, self.reading, self.variables);
            self.variables.nesting = self.variables.nesting.saturating_sub(1);
            let words = commands.iter().flat_map(|command| &command.words);
            words.map(|word| word.text.to_string()).collect()
        } else {
            Vec::new()
        };
        let name = self.word.text.trim_end_matches(['=', '+']).to_owned();
        self.variables.array(&name, &elements);
        // As an assignment it would be `name=first`; it is shown as it is written.
        let mut word = std::mem::take(&mut self.word);
        self.begun = false;
        word.push("(");
        word.push(&elements.join(" "));
        word.push(")");
        word.quoted = true;
        if inside.len() > NEAR || inside.contains(['$', '`', ';', '|', '&', '\n']) {
            self.command.substitutions.push(inside);
        }
        self.command.assignments.push(word);
    }

    /// At `(`: whether `()` makes the word before it the name of a function.
    pub(super) fn defines(&self) -> bool {
        let named = match self.command.words.as_slice() {
            [] => self.begun || !self.word.text.is_empty(),
            [one] => !self.begun || one.text == "function",
            _ => false,
        };
        named
            && self.command.assignments.is_empty()
            && matches!(self.cursor.rest(), [b'(', b')', ..] | [b'(', b' ', b')', ..])
    }

    /// At the `()` of `name() { … }`: remembers what it does. The commands in it are read as they stand.
    pub(super) fn definition(&mut self) {
        self.cursor.take_while(|byte| matches!(byte, b'(' | b' '));
        self.cursor.eat(b")");
        let last = if self.begun { Some(std::mem::take(&mut self.word)) } else { self.command.words.pop() };
        self.begun = false;
        self.command.words.clear();
        let Some(name) = last else { return };
        let mut after = self.cursor;
        after.take_while(|byte| byte.is_ascii_whitespace());
        if !self.variables.defines_more() || !after.eat(b"{") {
            return;
        }
        let near = after.rest().get(..after.rest().len().min(NEAR)).unwrap_or_default();
        if let Some(end) = balance::closing(near, b'{', b'}') {
            let body = String::from_utf8_lossy(near.get(..end).unwrap_or_default()).into_owned();
            self.variables.define(&name.text, &body);
        }
    }

    /// The text that a substitution leaves in place of itself, if it is plain to see.
    pub(super) fn worked_out(&mut self, inside: &str) -> Option<String> {
        if inside.len() > NEAR || self.variables.nesting >= super::NESTING {
            return None;
        }
        self.variables.nesting = self.variables.nesting.saturating_add(1);
        let commands = super::lex(inside, self.reading, self.variables);
        self.variables.nesting = self.variables.nesting.saturating_sub(1);
        fold::output(&commands)
    }
}

/// What a finished command sets for those after it.
pub(super) fn remember(variables: &mut Variables, command: &mut Command<'_>) {
    let mut words = command.words.as_slice();
    while let [prefix, rest @ ..] = words
        && matches!(&*prefix.text, "command" | "builtin")
    {
        words = rest;
    }
    let Some((program, arguments)) = words.split_first() else { return };
    match &*program.text {
        "export" | "declare" | "local" | "readonly" | "typeset" => {
            for word in arguments.iter().filter(|word| programs::is_assignment(&word.text)) {
                variables.assign(&word.text);
            }
        }
        "set" => match arguments {
            [dashes, rest @ ..] if dashes.text == "--" => {
                let values: Vec<String> = rest.iter().take(9).map(|word| word.text.to_string()).collect();
                variables.positional(&values);
            }
            // cmd.exe: what follows the name, blanks and all, is the value.
            _ => set(variables, arguments),
        },
        "for" => {
            if let [name, keyword, values @ ..] = arguments
                && keyword.text == "in"
            {
                let all = values.iter().take(32).map(|word| &*word.text).collect::<Vec<_>>().join(" ");
                variables.set(&name.text, &all);
            }
        }
        "printf" => {
            if let [option, name, format @ ..] = arguments
                && option.text == "-v"
            {
                variables.set(&name.text, &programs::printed(format));
            }
        }
        "read" => {
            let names = arguments.iter().filter(|word| !word.text.starts_with('-'));
            if let Some(input) = command.input.first() {
                let values = input.split_ascii_whitespace();
                for (name, value) in names.zip(values) {
                    variables.set(&name.text, value);
                }
            }
        }
        "alias" => {
            for (name, value) in arguments.iter().filter_map(|word| word.text.split_once('=')) {
                variables.define(name, value);
            }
        }
        name => call(variables, name, arguments, &mut command.substitutions),
    }
}

fn set(variables: &mut Variables, arguments: &[Word<'_>]) {
    let assignment = arguments.iter().map(|word| &*word.text).collect::<Vec<_>>().join(" ");
    let assignment = assignment.trim_start_matches("/a ").trim_start_matches("/A ");
    if programs::is_assignment(assignment) {
        variables.assign(assignment);
    }
}

/// A call of a function with arguments is its body with those.
fn call(variables: &Variables, name: &str, arguments: &[Word<'_>], scripts: &mut Vec<String>) {
    let Some(body) = variables.function(name) else { return };
    let body = body.to_owned();
    if !arguments.is_empty() && body.contains('$') {
        let values: Vec<String> = arguments.iter().take(9).map(|word| word.text.to_string()).collect();
        let mut script = String::from("set --");
        for value in &values {
            script.push(' ');
            script.push_str(&expand::quoted(value));
        }
        scripts.push(format!("{script}\n{body}"));
    } else if !body.contains(name) {
        scripts
            .push(body + " " + &arguments.iter().map(|word| expand::quoted(&word.text)).collect::<Vec<_>>().join(" "));
    }
}
