//! Who sends a session's requests, as far as the policy asks. Who they are was proven before: the engine takes it as given.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

/// By what somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// A key that only they hold.
    Key,
    /// A token of the authorization server.
    Token,
    /// A certificate that they showed when the connection began.
    Certificate,
}

/// Who somebody is. A name of one entry says nothing of the same name of another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// By what it is known.
    pub entry: Entry,
    /// Unique among those of the same entry.
    pub name: Arc<str>,
}

/// Somebody, and what they may. The identity stays; the rest may change from request to request, as tokens do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Who it is.
    pub identity: Identity,
    /// What it is to those who run the proxy.
    pub roles: BTreeSet<Box<str>>,
    /// What it was granted.
    pub scopes: BTreeSet<Box<str>>,
}
