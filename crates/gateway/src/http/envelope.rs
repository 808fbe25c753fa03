//! The headers that mirror a request of the stateless era, held against its body.
//!
//! Whoever stands behind us may go by either, so they must say the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::{HeaderMap, StatusCode};

use super::headers::{METHOD, NAME, REVISION, one};
use super::letter::{Letter, Sort};
use super::reply::{Fault, HEADER_MISMATCH, INVALID_PARAMS, METHOD_NOT_FOUND};

/// Checks that headers and body agree.
pub(super) fn verify(letter: &Letter, headers: &HeaderMap) -> Result<(), Fault> {
    match letter.sort {
        Sort::Request { .. } | Sort::Notification { .. } => {}
        // Refused by the judge, who says what is wrong with it.
        Sort::Unreadable => return Ok(()),
        Sort::Response(_) | Sort::Batch { .. } => {
            return Err(Fault::new(StatusCode::BAD_REQUEST, "this revision takes one request or notification"));
        }
    }
    let is_request = matches!(letter.sort, Sort::Request { .. });
    let checks = [
        (REVISION, letter.revision.as_deref(), true),
        (METHOD, letter.method(), is_request),
        (NAME, letter.name.as_deref(), letter.name.is_some()),
    ];
    for (header, said, needed) in checks {
        let mismatch = |what: &str| {
            let text = format!("Header mismatch: {header} {what}");
            Fault::new(StatusCode::BAD_REQUEST, text).code(HEADER_MISMATCH).to(letter.id())
        };
        let given = one(headers, &header).map_err(|_| mismatch("is given more than once"))?;
        match (given.map(decoded), said) {
            (None, _) if needed => return Err(mismatch("is missing")),
            (Some(Some(given)), Some(said)) if given != said => return Err(mismatch("differs from the body")),
            (Some(None), _) => return Err(mismatch("cannot be decoded")),
            _ => {}
        }
    }
    Ok(())
}

/// Checks that a request is one of the stateless era by itself. To a process over stdio nothing else says so: one that gets another first may
/// speak the older era from then on, to everybody.
pub(super) fn complete(letter: &Letter) -> Result<(), Fault> {
    let fault = |status, code, what: &str| Err(Fault::new(status, what).code(code).to(letter.id()));
    match &letter.sort {
        Sort::Request { method, .. } if method == "initialize" => {
            fault(StatusCode::NOT_FOUND, METHOD_NOT_FOUND, "Method not found: this revision has no handshake")
        }
        Sort::Request { .. } if letter.revision.is_none() || !letter.capabilities => {
            let what = "params._meta must hold io.modelcontextprotocol/protocolVersion and clientCapabilities";
            fault(StatusCode::BAD_REQUEST, INVALID_PARAMS, what)
        }
        _ => Ok(()),
    }
}

/// A value as it is meant: what headers cannot hold is written as `=?base64?…?=`.
pub(super) fn decoded(value: &str) -> Option<String> {
    let value = value.trim();
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}
