//! Roles by schema: what a tool's own `inputSchema` and description say of its arguments.

mod phrases;
mod walk;

use std::collections::{HashMap, HashSet};

use vanguard_wire::{Kind, Value};

use super::reason::{Reason, Why};
use super::{Roles, name, value};

/// What one tool says of its arguments. Each source only adds a role; none takes one away.
#[derive(Debug, Clone, Default)]
pub struct ToolRoles {
    /// The tool's name.
    pub name: String,
    /// What is said of each, by property path without array indices, e.g. `edits/newText`.
    arguments: HashMap<String, Property>,
    /// What the description says that the tool runs: commands, SQL.
    runs: Roles,
    /// Whether the tool says that it changes nothing (`readOnlyHint`).
    reads_only: Option<bool>,
    /// The names of its arguments, whatever is said of them.
    names: HashSet<Box<str>>,
}

/// What a schema says of one property.
#[derive(Debug, Clone, Default)]
struct Property {
    roles: Roles,
    /// The plain words that it may be, where the schema closes the list.
    choices: Vec<Box<str>>,
}

/// What a reading tells of a property.
pub(super) enum Said<'t, 'a> {
    /// A schema of it.
    Schema(Value<'t, 'a>),
    /// Why it has roles.
    Reason(Reason),
}

/// The most properties of one schema that are remembered; names and values still give roles to the rest.
const MAX_PROPERTIES: usize = 512;
/// The most values of a closed list that are remembered.
const MAX_CHOICES: usize = 64;
/// The most values that a schema shows of one property and whose shape is looked at.
const MAX_SHOWN: usize = 4;

impl ToolRoles {
    /// Reads one element of a `tools/list` result; `None` without a name.
    pub fn read(tool: &Value<'_, '_>) -> Option<Self> {
        Self::read_with(tool, &mut |_, _| {})
    }

    /// The same, telling `tell` of each property, by its path, and of each reason for a role of it.
    pub(super) fn read_with<'t, 'a>(tool: &Value<'t, 'a>, tell: &mut dyn FnMut(&str, Said<'t, 'a>)) -> Option<Self> {
        let mut all = Self { name: tool.get("name")?.string()?.into_owned(), ..Self::default() };
        let annotated = tool.get("annotations").and_then(|a| a.get("title"));
        all.reads_only = tool.get("annotations").and_then(|a| a.get("readOnlyHint")).and_then(truth);
        for said in [tool.get("description"), tool.get("title"), annotated].into_iter().flatten() {
            all.runs |= said.string().map_or(Roles::empty(), |text| phrases::of_tool(&text));
        }
        let Some(schema) = tool.get("inputSchema") else { return Some(all) };
        // The one text of a tool that has no other, so that `execute(x)` is what its tool says.
        let mut texts: Vec<String> = Vec::new();
        walk::each_property(schema, &mut |path, schema| {
            tell(path, Said::Schema(schema));
            if !path.contains('/') && all.names.len() < MAX_PROPERTIES {
                all.names.insert(path.into());
            }
            if is_text(&schema) && texts.len() < 2 && !texts.iter().any(|known| known == path) {
                texts.push(path.to_owned());
            }
            let mut said = Roles::empty();
            of_property(&schema, &mut |roles, why| {
                said |= roles;
                tell(path, Said::Reason(Reason { roles, why }));
            });
            let choices = choices(&schema);
            if said.is_empty() && choices.is_empty() {
                return;
            }
            if !choices.is_empty() {
                tell(path, Said::Reason(Reason { roles: Roles::ID, why: Why::Choices(choices.len()) }));
            }
            if all.arguments.len() < MAX_PROPERTIES || all.arguments.contains_key(path) {
                let known = all.arguments.entry(path.to_owned()).or_default();
                known.roles |= said;
                known.choices.extend(choices);
                known.choices.truncate(MAX_CHOICES);
            }
        });
        if let ([only], false) = (texts.as_slice(), all.runs.is_empty())
            && all.of(only).is_empty()
            && name::says(only.rsplit('/').next().unwrap_or_default()).argument.is_empty()
        {
            tell(only, Said::Reason(Reason { roles: all.runs, why: Why::OnlyText }));
            all.arguments.entry(only.clone()).or_default().roles |= all.runs;
        }
        Some(all)
    }

    /// What the schema says of the property at `path`; empty when it says nothing.
    pub fn of(&self, path: &str) -> Roles {
        self.arguments.get(path).map_or(Roles::empty(), |said| said.roles)
    }

    /// Whether `value` is one of the plain words that the schema offers at `path`: a choice, and nothing to look into.
    pub(super) fn offers(&self, path: &str, value: &str) -> bool {
        self.arguments.get(path).is_some_and(|said| said.choices.iter().any(|word| **word == *value))
    }

    /// What the description says that the tool runs.
    pub(super) fn runs(&self) -> Roles {
        self.runs
    }

    /// Whether the tool says that it changes nothing; `None` where it says neither.
    pub fn reads_only(&self) -> Option<bool> {
        self.reads_only
    }

    /// Whether the tool has an argument of this name.
    pub fn declares(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether the schema said anything at all, so that a walk need not build paths for nothing.
    pub fn is_silent(&self) -> bool {
        self.arguments.is_empty()
    }
}

fn truth(value: Value<'_, '_>) -> Option<bool> {
    (value.kind() == Kind::Bool).then(|| value.lexeme() == "true")
}

/// Whether the schema allows a string. One that does not say its type allows anything.
pub(super) fn is_text(schema: &Value<'_, '_>) -> bool {
    match schema.get("type") {
        Some(kind) if kind.kind() == Kind::Array => kind.elements().any(|kind| kind.is_string("string")),
        Some(kind) => kind.is_string("string"),
        None => match schema.get("enum").or_else(|| schema.get("const")) {
            Some(values) => std::iter::once(values).chain(values.elements()).any(|v| v.kind() == Kind::String),
            None => ["properties", "anyOf", "oneOf", "allOf", "$ref"].iter().all(|k| schema.get(k).is_none()),
        },
    }
}

/// The plain words that a property may be. Anything but plain words is looked at as if the list were open: a list is
/// the server's to write.
fn choices(schema: &Value<'_, '_>) -> Vec<Box<str>> {
    let plain = |word: &str| {
        (1..=64).contains(&word.len())
            && word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '))
    };
    let offered = schema.get("enum").into_iter().flat_map(|list| list.elements()).chain(schema.get("const"));
    let words: Option<Vec<Box<str>>> = offered
        .filter(|value| value.kind() == Kind::String)
        .take(MAX_CHOICES)
        .map(|value| value.string().filter(|word| plain(word)).map(|word| (&*word).into()))
        .collect();
    words.unwrap_or_default()
}

/// What one schema of a property says of it.
fn of_property(schema: &Value<'_, '_>, tell: &mut dyn FnMut(Roles, Why)) {
    for (keyword, roles_of) in KEYWORDS {
        if let Some(said) = schema.get(keyword).and_then(|v| v.string()) {
            let roles = roles_of(&said);
            if !roles.is_empty() {
                tell(roles, Why::Schema(keyword, said.chars().take(60).collect()));
            }
        }
    }
    for key in ["description", "title"] {
        if let Some(said) = schema.get(key).and_then(|v| v.string()) {
            phrases::of_property(&said, &mut |roles, phrase| tell(roles, Why::Phrase(phrase)));
        }
    }
    for keyword in ["default", "const", "example", "examples", "enum"] {
        let Some(shown) = schema.get(keyword) else { continue };
        for one in std::iter::once(shown).chain(shown.elements()).take(MAX_SHOWN) {
            let Some(text) = one.string() else { continue };
            // A lone separator is as likely a separator as a root.
            let roles = if text.len() > 1 { value::of(&text, Roles::empty()) } else { Roles::empty() };
            if !roles.is_empty() {
                tell(roles, Why::Shape(keyword, text.into_owned()));
                break;
            }
        }
    }
}

/// A keyword of a schema, and the roles that its value gives.
type Keyword = (&'static str, fn(&str) -> Roles);

const KEYWORDS: [Keyword; 3] = [
    ("format", |format| match format {
        "uri" | "url" | "uri-reference" | "iri" | "iri-reference" | "uri-template" => Roles::URL,
        "hostname" | "idn-hostname" | "ipv4" | "ipv6" | "ip" => Roles::HOST,
        "path" | "file-path" | "directory-path" | "filepath" | "file" | "directory" => Roles::PATH,
        "password" => Roles::SECRET,
        "sql" => Roles::SQL,
        "shell" | "bash" => Roles::COMMAND,
        "code" | "javascript" | "python" => Roles::CODE,
        _ => Roles::empty(),
    }),
    ("contentMediaType", |kind| match kind.split(';').next().unwrap_or_default().trim() {
        "application/sql" | "text/x-sql" => Roles::SQL,
        "application/javascript" | "text/javascript" | "text/x-python" | "application/x-python-code" => Roles::CODE,
        "application/x-sh" | "text/x-shellscript" => Roles::COMMAND,
        _ => Roles::empty(),
    }),
    ("pattern", |pattern| {
        let shape = pattern.trim_start_matches(['^', '(', '?', ':']);
        if shape.starts_with("http") {
            Roles::URL
        } else if pattern.starts_with("^/") || pattern.starts_with("^\\/") {
            Roles::PATH
        } else {
            Roles::empty()
        }
    }),
];
