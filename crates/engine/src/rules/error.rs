//! What is wrong with a pack, said to the person who wrote it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a pack, counted from 1; line 0 stands for the file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(super) struct At {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// An error in a pack: it stops the start, since a rule that is skipped protects nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackError {
    /// Name of the pack, usually its file.
    pub file: String,
    /// Line, counted from 1; 0 for the file as a whole.
    pub line: u32,
    /// Column, counted from 1; 0 for the file as a whole.
    pub column: u32,
    /// Id of the rule, where it could be read.
    pub rule: Option<String>,
    /// What is wrong.
    pub what: String,
    /// How to mend it.
    pub mend: String,
}

impl PackError {
    pub(super) fn new(file: &str, at: At, rule: Option<&str>, what: String, mend: &str) -> Self {
        Self {
            file: file.to_owned(),
            line: at.line,
            column: at.column,
            rule: rule.map(str::to_owned),
            what,
            mend: mend.to_owned(),
        }
    }
}

impl std::error::Error for PackError {}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        if let Some(rule) = &self.rule {
            write!(f, ": rule {rule}")?;
        }
        write!(f, ": {}\n  mend: {}", self.what, self.mend)
    }
}

/// Something about a pack that a person should know although it loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackWarning {
    /// Name of the pack, usually its file; empty when it is no pack's fault.
    pub file: String,
    /// Line, counted from 1; 0 for the file as a whole.
    pub line: u32,
    /// Id of the rule, where there is one.
    pub rule: Option<String>,
    /// What a person should know.
    pub what: String,
}

impl fmt::Display for PackWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            f.write_str(&self.file)?;
            if self.line > 0 {
                write!(f, ":{}", self.line)?;
            }
            f.write_str(": ")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, "rule {rule}: ")?;
        }
        f.write_str(&self.what)
    }
}
