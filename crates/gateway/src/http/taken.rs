//! A message that was posted, as far as every upstream asks the same of it.

use hyper::StatusCode;
use hyper::body::Incoming;
use vanguard_wire::{Gather, Limits, Line};

use super::body::posted;
use super::caller::Caller;
use super::config::HttpLimits;
use super::envelope;
use super::letter::{Letter, Sort};
use super::reply::Fault;
use super::revision::{Era, has_batches};

/// The message, and how its headers agree with it.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) gathered: Gather,
    pub(super) letter: Letter,
    pub(super) era: Era,
    /// The status of what cannot be read: the judge says what is wrong with it.
    pub(super) unread: Option<StatusCode>,
}

impl Taken {
    /// Reads the body, and holds the headers against it.
    pub(super) async fn read(
        caller: &Caller,
        body: Incoming,
        limits: &HttpLimits,
        readable: &Limits,
    ) -> Result<Self, Fault> {
        let mut gathered = posted(&caller.headers, body, limits.message, limits.body).await?;
        let (letter, unread) = match gathered.line() {
            Line::Message(bytes) => {
                let letter = Letter::read(bytes, readable);
                let unread = (letter.sort == Sort::Unreadable).then_some(StatusCode::BAD_REQUEST);
                (letter, unread)
            }
            Line::Oversize { .. } => (Letter::unreadable(), Some(StatusCode::PAYLOAD_TOO_LARGE)),
        };
        let revision = caller.revision()?;
        let era = Era::of(revision);
        if matches!(letter.sort, Sort::Batch { .. }) && !has_batches(revision) {
            return Err(Fault::new(StatusCode::BAD_REQUEST, "this revision of the protocol has no batches"));
        }
        if era == Era::Stateless || letter.revision.is_some() {
            envelope::verify(&letter, &caller.headers)?;
        }
        Ok(Self { gathered, letter, era, unread })
    }
}
