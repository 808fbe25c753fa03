//! What a field is to its consumer.

mod correction;
mod explain;
pub mod name;
mod reason;
pub mod schema;
pub mod value;

use std::fmt;

pub use correction::Correction;
pub use explain::{Argument, ExplainedTool, explain};
pub use reason::{Reason, Why};
use serde::{Deserialize, Serialize};

/// One role a field can play for whoever consumes it.
///
/// A field may have several roles: an argument called `source` whose value is a URL is a `path` by its name and
/// a `url` by its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Names a file or directory.
    Path,
    /// A shell, `cmd.exe` or PowerShell command line, or one element of an argument vector.
    Command,
    /// A URL or URI.
    Url,
    /// A host name or address, with or without a port.
    Host,
    /// A SQL statement or fragment.
    Sql,
    /// Source code that the server runs: JavaScript, Python, a template.
    Code,
    /// Prose or file content: something that is read, stored or sent, not run.
    Text,
    /// A credential by name or by shape.
    Secret,
    /// An identifier, a name, a number, an enum value, a search term: short, and not prose.
    Id,
    /// Bytes that are not text (an image, an archive): not inspected, and said so.
    Opaque,
}

bitflags::bitflags! {
    /// A set of [`Role`]s.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Roles: u16 {
        /// See [`Role::Path`].
        const PATH = 1;
        /// See [`Role::Command`].
        const COMMAND = 1 << 1;
        /// See [`Role::Url`].
        const URL = 1 << 2;
        /// See [`Role::Host`].
        const HOST = 1 << 3;
        /// See [`Role::Sql`].
        const SQL = 1 << 4;
        /// See [`Role::Code`].
        const CODE = 1 << 5;
        /// See [`Role::Text`].
        const TEXT = 1 << 6;
        /// See [`Role::Secret`].
        const SECRET = 1 << 7;
        /// See [`Role::Id`].
        const ID = 1 << 8;
        /// See [`Role::Opaque`].
        const OPAQUE = 1 << 9;
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 10] = [
        Self::Path,
        Self::Command,
        Self::Url,
        Self::Host,
        Self::Sql,
        Self::Code,
        Self::Text,
        Self::Secret,
        Self::Id,
        Self::Opaque,
    ];
}

impl Roles {
    /// Each role of the set.
    pub fn each(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.contains((*role).into()))
    }
}

impl From<Role> for Roles {
    fn from(role: Role) -> Self {
        match role {
            Role::Path => Self::PATH,
            Role::Command => Self::COMMAND,
            Role::Url => Self::URL,
            Role::Host => Self::HOST,
            Role::Sql => Self::SQL,
            Role::Code => Self::CODE,
            Role::Text => Self::TEXT,
            Role::Secret => Self::SECRET,
            Role::Id => Self::ID,
            Role::Opaque => Self::OPAQUE,
        }
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::empty(), |set, role| set | role.into())
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (name, _)) in self.iter_names().enumerate() {
            write!(f, "{}{}", if n > 0 { ", " } else { "" }, name.to_ascii_lowercase())?;
        }
        Ok(())
    }
}

/// All the roles of one argument: by schema, by name, by value. Each source only adds; only the configuration corrects.
pub fn of_argument(tool: &Tool<'_>, path: &str, key: &str, value: &str) -> Roles {
    tool.corrections.iter().fold(found(tool, path, key, value), |roles, correction| correction.apply(path, roles))
}

fn found(tool: &Tool<'_>, path: &str, key: &str, value: &str) -> Roles {
    if tool.roles.is_some_and(|schema| schema.offers(path, value)) {
        return Roles::ID;
    }
    let named = said(tool, path, key);
    let mut roles = named;
    roles |= value::of(value, roles);
    let prose = value.len() > MAX_ID || value.contains('\n');
    if roles.is_empty() && prose {
        roles = Roles::TEXT;
    }
    // A name that says nothing holds data, whatever else its value looks like: `user` may hold a path or a statement.
    if named.is_empty() && value.len() <= MAX_DATA {
        roles |= Roles::ID;
    }
    roles
}

fn said(tool: &Tool<'_>, path: &str, key: &str) -> Roles {
    tool.roles.map_or_else(Roles::empty, |schema| schema.of(path)) | name::of_argument(key) | tool.lends(key)
}

/// The roles that an argument has whatever its value: by schema, name and configuration.
pub(crate) fn named(tool: &Tool<'_>, path: &str, key: &str) -> Roles {
    tool.corrections.iter().fold(said(tool, path, key), |roles, correction| correction.apply(path, roles))
}

/// A longer value without another role is prose.
const MAX_ID: usize = 256;

/// A longer value is no identifier, however its sender abuses it.
const MAX_DATA: usize = 2048;

/// The tool that an argument belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tool<'a> {
    /// What its schema says, where the server has listed it.
    roles: Option<&'a schema::ToolRoles>,
    /// What the configuration says of its arguments.
    corrections: &'a [&'a Correction],
    runs_commands: bool,
    types_into_terminal: bool,
    speaks_sql: bool,
}

impl<'a> Tool<'a> {
    /// The tool called `name`.
    pub fn new(name: &str, roles: Option<&'a schema::ToolRoles>, corrections: &'a [&'a Correction]) -> Self {
        let runs = roles.map_or(Roles::empty(), schema::ToolRoles::runs);
        Self {
            roles,
            corrections,
            runs_commands: runs.intersects(Roles::COMMAND) || name::runs_commands(name),
            types_into_terminal: name::types_into_terminal(name),
            speaks_sql: runs.intersects(Roles::SQL) || name::speaks_sql(name),
        }
    }

    /// The roles that what the tool does gives to its argument `key`.
    fn lends(&self, key: &str) -> Roles {
        let mut roles = Roles::empty();
        if self.runs_commands {
            roles |= name::of_command_input(key);
        }
        if self.types_into_terminal {
            roles |= name::of_terminal_input(key);
        }
        if self.speaks_sql && (key.eq_ignore_ascii_case("query") || key.eq_ignore_ascii_case("q")) {
            roles |= Roles::SQL;
        }
        roles
    }

    /// Whether the property path of an argument matters.
    pub(crate) fn knows_paths(&self) -> bool {
        !self.corrections.is_empty() || self.roles.is_some_and(|schema| !schema.is_silent())
    }
}

#[cfg(test)]
mod tests;
