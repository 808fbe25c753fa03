//! A calendar of OpenTimestamps: takes digests, and knows later in which block they are.

use super::{Endpoint, Http};
use crate::digest::Digest;
use crate::ots::{OtsError, Timestamp};

/// The most bytes of an answer, as the reference client has it.
const MAX_ANSWER: u64 = 10_000;
/// How a calendar knows that it is asked in this protocol.
const ACCEPT: (&str, &str) = ("accept", "application/vnd.opentimestamps.v1");

/// One calendar.
#[derive(Debug)]
pub struct Calendar<'a> {
    /// What asks.
    pub http: &'a Http,
    /// Where it is.
    pub url: &'a Endpoint,
}

/// A calendar does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum CalendarError {
    /// It can't be reached.
    #[error("{0}")]
    Unreachable(String),
    /// It says no.
    #[error("answers {0}")]
    Status(u16),
    /// It promises more than one thing.
    #[error("promises {0} things for one digest")]
    Promises(usize),
    /// Its answer is no proof.
    #[error("its answer: {0}")]
    Answer(#[from] OtsError),
}

impl Calendar<'_> {
    /// Gives it a digest. What it answers leads from there on.
    pub fn submit(&self, digest: &[u8]) -> Result<Timestamp, CalendarError> {
        let headers = [ACCEPT, ("content-type", "application/x-www-form-urlencoded")];
        let answer = self.http.post(&self.url.below("digest"), &headers, digest, MAX_ANSWER);
        let answer = answer.map_err(CalendarError::Unreachable)?;
        if answer.status != 200 {
            return Err(CalendarError::Status(answer.status));
        }
        let promise = Timestamp::parse(&answer.body, digest)?;
        // One promise each: a calendar does not count for several.
        let mut promises = 0;
        promise.each(digest, &mut |_, _| promises += 1);
        if promises == 1 { Ok(promise) } else { Err(CalendarError::Promises(promises)) }
    }

    /// What it knows by now about what it promised; `None` for nothing yet.
    pub fn upgrade(&self, commitment: &[u8]) -> Result<Option<Timestamp>, CalendarError> {
        let path = format!("timestamp/{}", Digest::hex_of(commitment));
        let answer = self.http.get(&self.url.below(&path), &[ACCEPT], MAX_ANSWER);
        let answer = answer.map_err(CalendarError::Unreachable)?;
        match answer.status {
            200 => Ok(Some(Timestamp::parse(&answer.body, commitment)?)),
            404 => Ok(None),
            other => Err(CalendarError::Status(other)),
        }
    }
}
