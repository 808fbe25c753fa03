//! What a script has set so far: variables, arrays, positional parameters, functions and files that it wrote.

mod parameter;

/// The most of each that is remembered, and the longest value.
const VARIABLES: usize = 64;
const VALUE: usize = 1024;
const FUNCTIONS: usize = 8;
const FILES: usize = 8;
const FILE: usize = 16 * 1024;

/// How much of one text expansions may write: `$a$a$a…` must not multiply it.
const EXPANDED: usize = 64 * 1024;

/// What is known so far. What the environment holds is not known and stays as it is written.
#[derive(Debug, Default)]
pub(super) struct Variables {
    known: Vec<(String, String)>,
    expanded: usize,
    functions: Vec<(String, String)>,
    files: Vec<(String, String)>,
    /// How deep substitutions are being resolved in place.
    pub(super) nesting: u8,
}

/// What a parameter expands to.
pub(super) enum Expansion {
    /// A blank: `$IFS`.
    Blank,
    /// This text.
    Text(String),
    /// Nothing: a positional parameter, unset outside a script.
    Nothing,
    /// Not known.
    Unknown,
}

impl Variables {
    /// Remembers `NAME=value` and `NAME+=value`.
    pub(super) fn assign(&mut self, assignment: &str) {
        let Some((name, value)) = assignment.split_once('=') else { return };
        match name.strip_suffix('+') {
            Some(name) => {
                let whole = self.known(name).unwrap_or("").to_owned() + value;
                self.set(name, &whole);
            }
            None => self.set(name, value),
        }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        // What is still to be expanded is not known.
        if value.len() > VALUE || value.contains('$') {
            return;
        }
        if let Some(known) = self.known.iter_mut().find(|known| known.0 == name) {
            value.clone_into(&mut known.1);
        } else if self.known.len() < VARIABLES {
            self.known.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Remembers `name=(element element)`; `name` alone is the first.
    pub(super) fn array(&mut self, name: &str, elements: &[String]) {
        for (at, element) in elements.iter().take(16).enumerate() {
            self.set(&format!("{name}[{at}]"), element);
        }
        let all = elements.join(" ");
        for every in ["@", "*"] {
            self.set(&format!("{name}[{every}]"), &all);
        }
        self.set(name, elements.first().map_or("", String::as_str));
    }

    /// Remembers the parameters of a script or function: `$1`, `$@`.
    pub(super) fn positional(&mut self, arguments: &[String]) {
        for (at, argument) in arguments.iter().take(9).enumerate() {
            self.set(&at.saturating_add(1).to_string(), argument);
        }
        let all = arguments.join(" ");
        self.set("@", &all);
        self.set("*", &all);
    }

    fn known(&self, name: &str) -> Option<&str> {
        self.known.iter().find(|known| known.0 == name).map(|known| known.1.as_str())
    }

    fn value(&mut self, name: &str) -> Option<String> {
        let value = self.known(name)?.to_owned();
        self.expanded = self.expanded.saturating_add(value.len()).saturating_add(1);
        (self.expanded <= EXPANDED).then_some(value)
    }

    /// Expands `$name`.
    pub(super) fn named(&mut self, name: &str) -> Expansion {
        if name.starts_with("IFS") {
            return Expansion::Blank;
        }
        self.value(name).map_or(Expansion::Unknown, Expansion::Text)
    }

    /// Whether there is room for another function.
    pub(super) fn defines_more(&self) -> bool {
        self.functions.len() < FUNCTIONS
    }

    /// Remembers what a function does.
    pub(super) fn define(&mut self, name: &str, body: &str) {
        if self.functions.len() < FUNCTIONS && body.len() <= VALUE {
            self.functions.push((name.to_owned(), body.to_owned()));
        }
    }

    /// What the function of this name does.
    pub(super) fn function(&self, name: &str) -> Option<&str> {
        self.functions.iter().find(|function| function.0 == name).map(|function| function.1.as_str())
    }

    /// Remembers what is written into a file.
    pub(super) fn write(&mut self, file: &str, content: &str) {
        let file = file_name(file);
        if let Some(known) = self.files.iter_mut().find(|known| known.0 == file) {
            if known.1.len().saturating_add(content.len()) <= FILE {
                known.1.push('\n');
                known.1.push_str(content);
            }
        } else if self.files.len() < FILES && content.len() <= FILE {
            self.files.push((file.to_owned(), content.to_owned()));
        }
    }

    /// What a file that the script wrote holds.
    pub(super) fn file(&self, file: &str) -> Option<&str> {
        if self.files.is_empty() {
            return None;
        }
        let file = file_name(file);
        self.files.iter().find(|known| known.0 == file).map(|known| known.1.as_str())
    }
}

/// `./x` and `x` are one file.
fn file_name(file: &str) -> &str {
    file.strip_prefix("./").unwrap_or(file)
}
