//! What of a tool, and of a server, is pinned: a digest that tells whether it is the same, and text enough to tell what is not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use vanguard_wire::{Kind, Value};

use super::canonical;

/// The most of a description, or of a server's instructions, that is kept.
const MAX_DESCRIPTION: usize = 4 << 10;
/// The most of any other part.
const MAX_PART: usize = 512;
/// The most arguments that are kept each by itself.
const MAX_ARGUMENTS: usize = 64;
/// The longest name of a tool, an argument, a server or a version that is kept as it is.
const MAX_NAME: usize = 160;

/// The members of a tool that make it what it is to a model and its client.
const MEMBERS: [&str; 6] = ["annotations", "description", "inputSchema", "name", "outputSchema", "title"];

/// A tool as a server defines it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// SHA-256 of its canonical form.
    pub digest: String,
    /// The version that the server said it has; empty where it said none.
    pub version: String,
    /// Its parts, as far as they are kept: to show what changed, never to tell whether something did.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Part>,
}

/// One part of a definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// The whole of it.
    Whole(String),
    /// Its beginning.
    Cut {
        /// So much of it.
        start: String,
        /// SHA-256 of all of it.
        digest: String,
    },
}

/// Who a server says it is, and what it tells every model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// `serverInfo.name`.
    pub name: String,
    /// `serverInfo.version`.
    pub version: String,
    /// Its instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Part>,
}

impl Pin {
    /// The tool that an entry of a list defines, by its name; `None` for what nobody could call.
    pub fn of(tool: Value<'_, '_>, version: &str) -> Option<(String, Self)> {
        let name = bounded(&tool.get("name")?.string()?);
        let mut canonical = Vec::new();
        canonical::members(tool, &|key| MEMBERS.contains(&key), &mut canonical);
        let mut parts = BTreeMap::new();
        for (key, most) in [
            ("annotations", MAX_PART),
            ("description", MAX_DESCRIPTION),
            ("outputSchema", MAX_PART),
            ("title", MAX_PART),
        ] {
            if let Some(part) = tool.get(key) {
                parts.insert(key.to_owned(), Part::of(part, most));
            }
        }
        if let Some(schema) = tool.get("inputSchema") {
            let mut rest = Vec::new();
            canonical::members(schema, &|key| key != "properties", &mut rest);
            parts.insert("inputSchema".to_owned(), Part::new(&String::from_utf8_lossy(&rest), MAX_PART));
            let arguments = schema.get("properties").into_iter().flat_map(|properties| properties.members());
            for (argument, schema) in arguments.take(MAX_ARGUMENTS) {
                let argument = bounded(&argument.string().unwrap_or_default());
                parts.insert(format!("argument {argument}"), Part::of(schema, MAX_PART));
            }
        }
        Some((name, Self { digest: digest(&canonical), version: version.to_owned(), parts }))
    }

    /// Bytes of its texts.
    pub(super) fn text(&self) -> usize {
        self.parts.iter().fold(0, |sum, (key, part)| sum.saturating_add(key.len()).saturating_add(part.start().len()))
    }
}

impl Part {
    /// A string as it reads, anything else in its canonical form.
    fn of(value: Value<'_, '_>, most: usize) -> Self {
        if let Some(text) = value.string() {
            return Self::new(&text, most);
        }
        let mut canonical = Vec::new();
        canonical::write(value, &mut canonical);
        Self::new(&String::from_utf8_lossy(&canonical), most)
    }

    fn new(text: &str, most: usize) -> Self {
        if text.len() <= most {
            return Self::Whole(text.to_owned());
        }
        let start = text.get(..text.floor_char_boundary(most)).unwrap_or_default().to_owned();
        Self::Cut { start, digest: digest(text.as_bytes()) }
    }

    /// The text, as far as it is kept.
    pub fn start(&self) -> &str {
        match self {
            Self::Whole(text) => text,
            Self::Cut { start, .. } => start,
        }
    }
}

impl Identity {
    /// Who a result is from, if it says so: of `initialize`, or of any request where there are no sessions.
    pub fn of(result: Value<'_, '_>) -> Option<Self> {
        let info = result
            .get("serverInfo")
            .or_else(|| result.get("_meta")?.get("io.modelcontextprotocol/serverInfo"))
            .filter(|info| info.kind() == Kind::Object);
        let instructions = result.get("instructions").map(|text| Part::of(text, MAX_DESCRIPTION));
        if info.is_none() && instructions.is_none() {
            return None;
        }
        let said = |key: &str| info.and_then(|info| info.get(key)?.string()).map(|text| bounded(&text));
        let (name, version) = (said("name").unwrap_or_default(), said("version").unwrap_or_default());
        Some(Self { name, version, instructions })
    }
}

/// A name as it is, or the beginning of a long one with a digest that tells it from others.
fn bounded(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let start = name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default();
    format!("{start}… sha256:{}", digest(name.as_bytes()))
}

/// SHA-256 in hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
