//! What a field is to its consumer.

pub mod name;
pub mod schema;
pub mod value;

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

/// All the roles of one argument: by schema, by name, by value. Each source only adds.
pub fn of_argument(tool: &Tool<'_>, path: &str, key: &str, value: &str) -> Roles {
    let mut roles = tool.roles.map_or_else(Roles::empty, |t| t.of(path)) | name::of_argument(key);
    if name::runs_commands(tool.name) {
        roles |= name::of_command_input(key);
    }
    let query = key.eq_ignore_ascii_case("query") || key.eq_ignore_ascii_case("q");
    if query && name::speaks_sql(tool.name) {
        roles |= Roles::SQL;
    }
    let named = roles;
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

/// A longer value without another role is prose.
const MAX_ID: usize = 256;

/// A longer value is no identifier, however its sender abuses it.
const MAX_DATA: usize = 2048;

/// The tool that an argument belongs to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tool<'a> {
    /// Its name; empty outside `tools/call`.
    pub name: &'a str,
    /// What its schema says, where the server has listed it.
    pub roles: Option<&'a schema::ToolRoles>,
}
