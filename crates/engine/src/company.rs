//! The tools of other servers that the same client is told of in one breath with a server's own.

/// Names, as their servers give them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    /// Of servers that come before it: a name that looks like one of these imitates it.
    pub before: Vec<Box<str>>,
    /// Of all others: orders about these are none of its business.
    pub all: Vec<Box<str>>,
}
