//! One request, as far as every upstream asks the same of it.

use std::sync::Arc;

use hyper::{HeaderMap, StatusCode};
use vanguard_engine::session::Common;
use vanguard_engine::{Identity, Principal};

use super::headers::{REVISION, SESSION, one};
use super::reply::Fault;

/// Who asks, and under which headers: those that let it in are gone from them.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) principal: Option<Arc<Principal>>,
    pub(super) headers: HeaderMap,
    /// Who remembers what a session does that this request begins, where it is part of another.
    pub(super) memory: Option<Common>,
}

impl Caller {
    pub(super) fn new(principal: Option<Arc<Principal>>, headers: HeaderMap) -> Self {
        Self { principal, headers, memory: None }
    }

    /// Whose its sessions are.
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.principal.as_ref().map(|principal| &principal.identity)
    }

    /// The revision that it names.
    pub(super) fn revision(&self) -> Result<Option<&str>, Fault> {
        self.one(&REVISION, "there must be one MCP-Protocol-Version")
    }

    /// The session that it names.
    pub(super) fn session(&self) -> Result<Option<&str>, Fault> {
        self.one(&SESSION, "there must be one Mcp-Session-Id")
    }

    fn one(&self, header: &hyper::header::HeaderName, fault: &str) -> Result<Option<&str>, Fault> {
        one(&self.headers, header).map_err(|_| Fault::new(StatusCode::BAD_REQUEST, fault))
    }
}

/// A name for somebody, which is nobody else's: not theirs of the same name who entered another way.
pub(super) fn label(who: Option<&Identity>) -> String {
    who.map_or_else(String::new, |who| format!("{:?}={}", who.entry, who.name))
}
