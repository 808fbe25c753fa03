//! A rule's own test cases: what it must stop, and what it must let pass.

use crate::role::Role;

/// One case of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What must happen.
    pub expect: Expect,
    /// To what.
    pub subject: Subject,
    /// Line of the pack.
    pub line: u32,
}

/// What a case wants of its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expect {
    /// The rule fires.
    Stop,
    /// The rule stays silent.
    Pass,
}

/// What a case puts before its rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A request's field of this role alone.
    Value {
        /// What the field is.
        role: Role,
        /// What it holds.
        text: String,
    },
    /// A whole `tools/call`.
    Call {
        /// The tool's name.
        tool: String,
        /// The arguments, as JSON text.
        args: String,
    },
    /// The text of a tool's result.
    Result {
        /// What the tool answered.
        text: String,
    },
    /// The description of a tool.
    Description {
        /// What the server says of the tool.
        text: String,
    },
}
