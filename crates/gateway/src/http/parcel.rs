//! Bytes that may leave over HTTP.

use hyper::body::Bytes;
use vanguard_engine::verdict::{Answer, Permit};

/// One message on its way out.
///
/// INVARIANT: made of the engine's permit, of an answer of our own, or of other parcels. Bodies with messages are made of nothing else.
#[derive(Debug, Clone)]
pub(super) struct Parcel(Bytes);

impl Parcel {
    /// What the engine lets pass, once: it takes the permit away.
    #[expect(clippy::needless_pass_by_value, reason = "a permit is good for one message")]
    pub(super) fn permitted(permit: Permit<'_>) -> Self {
        Self(Bytes::copy_from_slice(permit.line()))
    }

    /// What was put together of messages that may leave, or comes from an endpoint of ours, where it was judged.
    pub(super) fn judged(line: Bytes) -> Self {
        Self(line)
    }

    pub(super) fn line(&self) -> &Bytes {
        &self.0
    }
}

impl Parcel {
    /// The same message as its client knows the request that it is for: `rename` puts back the names that the client gave, and nothing else.
    pub(super) fn under(&self, rename: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        Self(rename(&self.0).into())
    }
}

impl From<Answer> for Parcel {
    fn from(answer: Answer) -> Self {
        Self(answer.line.into())
    }
}
