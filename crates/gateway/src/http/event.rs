//! Events as they leave: each message one event, its line in one field.

use hyper::body::Bytes;
use vanguard_wire::Event;

use super::parcel::Parcel;

/// A sign of life that no client reads.
pub(super) const HEARTBEAT: Bytes = Bytes::from_static(b":\n\n");

/// A message under an id of ours.
pub(super) fn numbered(id: &str, parcel: &Parcel) -> Bytes {
    let mut out = Vec::with_capacity(parcel.line().len() + id.len() + 40);
    field(&mut out, "id", id.as_bytes());
    field(&mut out, "event", b"message");
    field(&mut out, "data", parcel.line());
    out.push(b'\n');
    out.into()
}

/// Where messages are to be posted.
pub(super) fn endpoint(path: &str) -> Bytes {
    format!("event: endpoint\ndata: {path}\n\n").into()
}

/// A message that nobody can ask for again.
pub(super) fn bare(parcel: &Parcel) -> Bytes {
    let mut out = Vec::with_capacity(parcel.line().len() + 40);
    field(&mut out, "event", b"message");
    field(&mut out, "data", parcel.line());
    out.push(b'\n');
    out.into()
}

/// An id without a message: what a client resumes from that has seen none yet.
pub(super) fn priming(id: &str) -> Bytes {
    format!("id: {id}\ndata: \n\n").into()
}

/// An event that came from the upstream, with what may leave of its data. Name, id and retry are as they came; `None` where nothing is
/// left that a client would tell.
pub(super) fn passed_on(event: &Event<'_>, data: Data<'_>) -> Option<Bytes> {
    let mut out = Vec::new();
    if let Some(id) = event.id {
        field(&mut out, "id", id.as_bytes());
    }
    if let Some(retry) = event.retry {
        field(&mut out, "retry", retry.as_bytes());
    }
    match data {
        Data::Message(parcel) => {
            if let Some(name) = event.name {
                field(&mut out, "event", name.as_bytes());
            }
            field(&mut out, "data", parcel.line());
        }
        Data::Empty => field(&mut out, "data", b""),
        Data::Withheld => {}
    }
    if out.is_empty() {
        return None;
    }
    out.push(b'\n');
    Some(out.into())
}

/// What becomes of an event's data.
#[derive(Debug, Clone, Copy)]
pub(super) enum Data<'p> {
    /// It is this message.
    Message(&'p Parcel),
    /// There was a line of it, with nothing on it.
    Empty,
    /// There was none, or it does not leave.
    Withheld,
}

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.push(b'\n');
}
