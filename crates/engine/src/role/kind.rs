//! The roles there are.

use std::fmt;

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
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
    #[serde(transparent)]
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
