//! One declaration of a document type: `<!ENTITY`, `<!DOCTYPE`, `<!NOTATION`.

/// What a declaration says.
pub(super) struct Declaration<'t> {
    kind: Kind,
    pub(super) name: &'t str,
    pub(super) outside: Outside<'t>,
    /// Bytes behind `<!`.
    pub(super) length: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Entity,
    Type,
    Notation,
}

/// Where its content comes from.
pub(super) enum Outside<'t> {
    /// It has none.
    Nothing,
    /// It is loaded.
    From {
        /// The public identifier, if there is one.
        public: &'t str,
        /// The system identifier.
        system: &'t str,
    },
    /// It stands in the declaration.
    Value(&'t str),
}

/// A longer declaration is cut.
const LONGEST: usize = 8192;

impl<'t> Declaration<'t> {
    pub(super) fn is_entity(&self) -> bool {
        self.kind == Kind::Entity
    }

    /// Reads what follows `<!`.
    pub(super) fn read(text: &'t str) -> Option<Self> {
        let text = text.get(..text.floor_char_boundary(LONGEST))?;
        let mut words = Words { text, at: 0 };
        let kind = match words.bare() {
            word if word.eq_ignore_ascii_case("ENTITY") => Kind::Entity,
            word if word.eq_ignore_ascii_case("DOCTYPE") => Kind::Type,
            word if word.eq_ignore_ascii_case("NOTATION") => Kind::Notation,
            _ => return None,
        };
        let mut name = words.bare();
        if name == "%" {
            name = words.bare();
        }
        let outside = match words.next()? {
            Word::Quoted(value) if kind == Kind::Entity => Outside::Value(value),
            Word::Bare(word) if word.eq_ignore_ascii_case("SYSTEM") => {
                Outside::From { public: "", system: words.next().map_or("", Word::text) }
            }
            Word::Bare(word) if word.eq_ignore_ascii_case("PUBLIC") => {
                let public = words.next().map_or("", Word::text);
                Outside::From { public, system: words.next_quoted().unwrap_or("") }
            }
            _ => Outside::Nothing,
        };
        Some(Self { kind, name, outside, length: words.at })
    }
}

enum Word<'t> {
    Bare(&'t str),
    Quoted(&'t str),
}

impl<'t> Word<'t> {
    fn text(self) -> &'t str {
        match self {
            Self::Bare(text) | Self::Quoted(text) => text,
        }
    }
}

struct Words<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Words<'t> {
    fn skip_blanks(&mut self) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or("");
        let trimmed = rest.trim_start();
        self.at = self.text.len().saturating_sub(trimmed.len());
        trimmed
    }

    fn bare(&mut self) -> &'t str {
        match self.next() {
            Some(Word::Bare(word)) => word,
            _ => "",
        }
    }

    fn next_quoted(&mut self) -> Option<&'t str> {
        self.skip_blanks().starts_with(['"', '\'']).then(|| self.next().map_or("", Word::text))
    }

    fn next(&mut self) -> Option<Word<'t>> {
        let rest = self.skip_blanks();
        let first = rest.chars().next()?;
        if matches!(first, '"' | '\'') {
            let inner = rest.get(1..)?;
            let end = inner.find(first).unwrap_or(inner.len());
            self.at = self.at.saturating_add(end).saturating_add(2).min(self.text.len());
            return inner.get(..end).map(Word::Quoted);
        }
        if matches!(first, '>' | '[' | '<') {
            return None;
        }
        let end =
            rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | '[' | '<')).unwrap_or(rest.len());
        self.at = self.at.saturating_add(end);
        rest.get(..end).map(Word::Bare)
    }
}
