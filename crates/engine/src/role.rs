//! What a field is to its consumer.

mod correction;
mod explain;
mod heard;
mod kind;
pub mod name;
mod reason;
pub mod schema;
pub mod value;

pub use correction::Correction;
pub use explain::{Argument, ExplainedTool, explain};
pub(crate) use heard::Heard;
pub use kind::{Role, Roles};
pub use reason::{Reason, Why};

use name::Saying;

/// All the roles of one argument: by schema, by what its name says, by value. Each source only adds; only the configuration
/// corrects.
pub fn of_argument(tool: &Tool<'_>, path: &str, key: Saying, value: &str) -> Roles {
    tool.corrections.iter().fold(found(tool, path, key, value), |roles, correction| correction.apply(path, roles))
}

fn found(tool: &Tool<'_>, path: &str, key: Saying, value: &str) -> Roles {
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

fn said(tool: &Tool<'_>, path: &str, key: Saying) -> Roles {
    tool.roles.map_or_else(Roles::empty, |schema| schema.of(path)) | key.argument | tool.lends(key)
}

/// The roles that an argument has whatever its value: by schema, name and configuration.
pub(crate) fn named(tool: &Tool<'_>, path: &str, key: Saying) -> Roles {
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
    /// The tool whose name says `name`.
    pub fn new(name: Saying, roles: Option<&'a schema::ToolRoles>, corrections: &'a [&'a Correction]) -> Self {
        let runs = roles.map_or(Roles::empty(), schema::ToolRoles::runs);
        Self {
            roles,
            corrections,
            runs_commands: runs.intersects(Roles::COMMAND) || name.runs_commands,
            types_into_terminal: name.types_into_terminal,
            speaks_sql: runs.intersects(Roles::SQL) || name.speaks_sql,
        }
    }

    /// The roles that what the tool does gives to its argument `key`.
    fn lends(&self, key: Saying) -> Roles {
        let mut roles = Roles::empty();
        if self.runs_commands {
            roles |= key.command_input;
        }
        if self.types_into_terminal {
            roles |= key.terminal_input;
        }
        if self.speaks_sql {
            roles |= key.query_input;
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
