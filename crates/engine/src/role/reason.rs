//! Why an argument has a role.

use std::fmt;

use serde::Serialize;

use super::Roles;

/// Roles of an argument, and what gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The roles it gives; for a correction that takes roles away, those that are left.
    pub roles: Roles,
    /// What gives them.
    pub why: Why,
}

/// What gives an argument a role before any value is seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "by", content = "what", rename_all = "snake_case")]
pub enum Why {
    /// A keyword of the schema with this value, e.g. `format: uri`.
    Schema(&'static str, String),
    /// This phrase in its description or title.
    Phrase(&'static str),
    /// The shape of a value that the schema shows, under this keyword.
    Shape(&'static str, String),
    /// The schema closes the list of its values: this many.
    Choices(usize),
    /// This word in its name.
    Word(String),
    /// The tool's name or description says that it runs such things.
    Tool,
    /// It is the only text of such a tool.
    OnlyText,
    /// A correction in the configuration, as it names tool and argument.
    Correction(String),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Schema(keyword, value) => write!(f, "{keyword}: {value}"),
            Self::Phrase(phrase) => write!(f, "says \"{}\"", phrase.trim()),
            Self::Shape(keyword, value) => write!(f, "{keyword} looks like one: {}", brief(value)),
            Self::Choices(count) => write!(f, "one of {count} given values"),
            Self::Word(word) => write!(f, "name has \"{word}\""),
            Self::Tool => f.write_str("what its tool does"),
            Self::OnlyText => f.write_str("only text of a tool that runs such"),
            Self::Correction(place) => write!(f, "configuration: roles.{place}"),
        }
    }
}

/// The first characters, for one line.
fn brief(value: &str) -> String {
    let mut shown: String = value.chars().take(40).flat_map(char::escape_debug).collect();
    if value.chars().nth(40).is_some() {
        shown.push('…');
    }
    shown
}
