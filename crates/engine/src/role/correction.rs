//! What the person who configures says of an argument's roles. Alone of all sources it may take a role away.

use globset::GlobMatcher;

use super::Roles;

/// A change of the roles of some tools' arguments.
#[derive(Debug, Clone)]
pub struct Correction {
    /// Tool names.
    pub tool: GlobMatcher,
    /// Property paths below the arguments, without array indices, e.g. `edits/newText`.
    pub argument: GlobMatcher,
    /// Roles to give besides.
    pub add: Roles,
    /// Roles to take away, whatever gave them.
    pub remove: Roles,
    /// The only roles to have.
    pub only: Option<Roles>,
}

impl Correction {
    /// Those of `all` that concern a tool.
    pub(crate) fn of_tool<'c>(all: &'c [Self], tool: &str) -> Vec<&'c Self> {
        all.iter().filter(|correction| correction.tool.is_match(tool)).collect()
    }

    /// The roles that are left of `roles` of the argument at `path`.
    pub(super) fn apply(&self, path: &str, roles: Roles) -> Roles {
        if self.argument.is_match(path) {
            (self.only.unwrap_or(roles) | self.add).difference(self.remove)
        } else {
            roles
        }
    }
}
