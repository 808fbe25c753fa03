//! Request ids.

use crate::json::is_infinite;
use crate::scan::is_string_literal;
use crate::tape::Kind;
use crate::text::decode;

/// Bytes of the longest id, as written; what is pending is kept by its id.
pub(crate) const MAX_ID_BYTES: usize = 1024;

/// The id of a request or response, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a> {
    lexeme: &'a str,
}

/// What an id is remembered by. `"7"` and `7` are one: every known client takes an answer to either for both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdKey(Key);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Integer(i64),
    Text(Box<str>),
}

impl<'a> Id<'a> {
    /// An id from its source text, if that is one: a string, or a number without fraction and exponent.
    pub(crate) fn from_lexeme(kind: Kind, lexeme: &'a str) -> Option<Self> {
        match kind {
            Kind::String => Some(Self { lexeme }),
            Kind::Number if is_integer(lexeme) && !is_infinite(lexeme) => Some(Self { lexeme }),
            _ => None,
        }
    }

    /// An id from its source text alone, if that is one.
    pub fn read(lexeme: &'a str) -> Option<Self> {
        let kind = if is_string_literal(lexeme.as_bytes()) { Kind::String } else { Kind::Number };
        Self::from_lexeme(kind, lexeme)
    }

    /// Its source text, to be put into an answer as it is.
    pub fn lexeme(self) -> &'a str {
        self.lexeme
    }

    /// What to remember it by.
    pub fn key(self) -> IdKey {
        let text = match self.lexeme.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')) {
            Some(inner) => decode(inner),
            None => self.lexeme.into(),
        };
        IdKey(match text.parse() {
            Ok(number) if is_integer(&text) => Key::Integer(number),
            _ => Key::Text(text.into()),
        })
    }
}

/// Whether this is an integer by the grammar of JSON: no plus, no leading zero.
pub(crate) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    match digits {
        [] => false,
        [b'0', rest @ ..] => rest.is_empty(),
        _ => digits.iter().all(u8::is_ascii_digit),
    }
}
