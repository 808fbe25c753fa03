//! Roles by schema: what a tool's own `inputSchema` says of its arguments.

use std::collections::HashMap;

use vanguard_wire::{Kind, Value};

use super::Roles;

/// What one tool says of its arguments. Each source only adds a role; none takes one away.
#[derive(Debug, Clone, Default)]
pub struct ToolRoles {
    /// The tool's name.
    pub name: String,
    /// Roles by property path without array indices, e.g. `edits/newText`.
    arguments: HashMap<String, Roles>,
}

/// The most properties of one schema that are remembered; names and values still give roles to the rest.
const MAX_PROPERTIES: usize = 512;
/// The deepest nesting of a schema that is read.
const MAX_DEPTH: usize = 12;

impl ToolRoles {
    /// Reads one element of a `tools/list` result; `None` without a name.
    pub fn read(tool: &Value<'_, '_>) -> Option<Self> {
        let mut roles = Self { name: tool.get("name")?.string()?.into_owned(), arguments: HashMap::new() };
        let mut work: Vec<(String, Value<'_, '_>, usize)> = Vec::new();
        if let Some(schema) = tool.get("inputSchema") {
            work.push((String::new(), schema, 0));
        }
        while let Some((path, schema, depth)) = work.pop() {
            if depth >= MAX_DEPTH || roles.arguments.len() >= MAX_PROPERTIES {
                continue;
            }
            let below = depth.saturating_add(1);
            for (key, value) in schema.members() {
                match key.string().as_deref() {
                    Some("properties" | "patternProperties") => {
                        for (property, inner) in value.members() {
                            let Some(property) = property.string() else { continue };
                            let at = if path.is_empty() { property.into_owned() } else { format!("{path}/{property}") };
                            work.push((at, inner, below));
                        }
                    }
                    Some("items" | "additionalProperties" | "not") if value.kind() == Kind::Object => {
                        work.push((path.clone(), value, below));
                    }
                    Some("anyOf" | "oneOf" | "allOf" | "prefixItems") => {
                        work.extend(value.elements().map(|inner| (path.clone(), inner, below)));
                    }
                    _ => {}
                }
            }
            let said = of_property(&schema);
            if !path.is_empty() && !said.is_empty() {
                let known = roles.arguments.entry(path).or_default();
                *known |= said;
            }
        }
        Some(roles)
    }

    /// What the schema says of the property at `path`; empty when it says nothing.
    pub fn of(&self, path: &str) -> Roles {
        self.arguments.get(path).copied().unwrap_or_default()
    }

    /// Whether the schema said anything at all, so that a walk need not build paths for nothing.
    pub fn is_silent(&self) -> bool {
        self.arguments.is_empty()
    }
}

/// What `format`, `description` and `title` of one property say.
fn of_property(schema: &Value<'_, '_>) -> Roles {
    let mut roles = Roles::empty();
    let text = |key| schema.get(key).and_then(|v| v.string());
    match text("format").as_deref() {
        Some("uri" | "url" | "uri-reference" | "iri" | "uri-template") => roles |= Roles::URL,
        Some("hostname" | "idn-hostname" | "ipv4" | "ipv6") => roles |= Roles::HOST,
        Some("path" | "file-path" | "directory-path") => roles |= Roles::PATH,
        Some("password") => roles |= Roles::SECRET,
        _ => {}
    }
    for key in ["description", "title"] {
        if let Some(said) = text(key) {
            roles |= of_description(&said);
        }
    }
    roles
}

/// A description names a role by a phrase, not by a word: "the URL to fetch", never "a note about paths".
fn of_description(description: &str) -> Roles {
    let said: String = description.chars().take(400).collect::<String>().to_ascii_lowercase();
    let mut roles = Roles::empty();
    for (role, phrases) in PHRASES {
        if phrases.iter().any(|phrase| said.contains(phrase)) {
            roles |= *role;
        }
    }
    roles
}

const PHRASES: &[(Roles, &[&str])] = &[
    (
        Roles::COMMAND,
        &[
            "shell command",
            "command to run",
            "command to execute",
            "bash command",
            "command line to",
            "terminal command",
            "powershell command",
        ],
    ),
    (Roles::SQL, &["sql query", "sql statement", "sql to "]),
    (Roles::URL, &["url to ", "url of ", "uri of ", "webpage to", "http url", "data uri"]),
    (
        Roles::PATH,
        &[
            "path to ",
            "path of ",
            "file path",
            "filepath",
            "directory to",
            "file to read",
            "file to write",
            "file name to save",
            "filename to save",
        ],
    ),
    (
        Roles::CODE,
        &["javascript function", "javascript code", "python code", "code to execute", "code to run", "playwright code"],
    ),
    (Roles::HOST, &["hostname", "host name", "ip address"]),
];
