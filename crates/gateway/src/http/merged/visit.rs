//! Who asks at the merged endpoint, and as whom we ask at those behind it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use vanguard_engine::session::Common;
use vanguard_engine::{Identity, Principal};

use crate::http::caller::Caller;
use crate::http::headers::{LAST_EVENT, METHOD, NAME, REVISION, SESSION};

/// What goes on of a client's headers. Not who it is: what is meant for one server is not for all.
const GO_ON: [HeaderName; 7] = [
    ACCEPT,
    CONTENT_TYPE,
    REVISION,
    METHOD,
    NAME,
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
];

/// One request of a client.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    principal: Option<Arc<Principal>>,
    headers: HeaderMap,
    /// Who remembers what its sessions with all servers do, together.
    memory: Option<Common>,
}

impl Visit {
    pub(super) fn of(caller: &Caller) -> Self {
        let goes = |name: &HeaderName| GO_ON.contains(name) || name.as_str().starts_with("mcp-param-");
        let headers = caller.headers.iter().filter(|(name, _)| goes(name));
        let headers = headers.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { principal: caller.principal.clone(), headers, memory: None }
    }

    /// The same, where what is done is remembered for all servers together.
    pub(super) fn remembered(self, memory: Common) -> Self {
        Self { memory: Some(memory), ..self }
    }

    pub(super) fn principal(&self) -> Option<&Arc<Principal>> {
        self.principal.as_ref()
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        self.principal.as_ref().map(|principal| &principal.identity)
    }

    /// The same request of a server, as it came.
    pub(super) fn alone(&self) -> Caller {
        let (principal, headers, memory) = (self.principal.clone(), self.headers.clone(), self.memory.clone());
        Caller { principal, headers, memory }
    }

    /// The same of something that the server knows by `name`.
    pub(super) fn about(&self, name: &str) -> Self {
        let mut headers = self.headers.clone();
        if headers.contains_key(NAME) {
            headers.insert(NAME, mirrored(name));
        }
        Self { headers, ..self.clone() }
    }

    /// The same for something else.
    pub(super) fn asking(&self, method: &'static str) -> Self {
        let mut headers = self.headers.clone();
        headers.remove(NAME);
        if headers.contains_key(METHOD) {
            headers.insert(METHOD, HeaderValue::from_static(method));
        }
        Self { headers, ..self.clone() }
    }

    /// The same in a session with the server, after an event of it where one is given.
    pub(super) fn within(&self, session: Option<&str>, revision: &str, after: Option<&str>) -> Caller {
        let mut caller = self.alone();
        let revision = Some(revision).filter(|revision| !revision.is_empty());
        for (name, value) in [(SESSION, session), (REVISION, revision), (LAST_EVENT, after)] {
            match value.and_then(|value| HeaderValue::from_str(value).ok()) {
                Some(value) => caller.headers.insert(name, value),
                None => caller.headers.remove(name),
            };
        }
        caller
    }
}

/// A name as a header holds it.
fn mirrored(name: &str) -> HeaderValue {
    let plain =
        name.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && name.trim() == name && !name.starts_with("=?");
    let value = if plain { name.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(name)) };
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static(""))
}
