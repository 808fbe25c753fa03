//! The JSON-RPC envelope.

use std::borrow::Cow;

use crate::fault::{Fault, FaultKind};
use crate::id::{Id, MAX_ID_BYTES};
use crate::json::{self, Flaw};
use crate::limits::Limits;
use crate::protocol::{Place, is_variant, variant_key};
use crate::salvage::salvage_id;
use crate::tape::{Kind, Tape};
use crate::value::{Value, pointer};

/// Bytes of the pointer in a [`Fault`]; keys are the peer's and may be huge.
const FAULT_POINTER_BYTES: usize = 512;

/// What one line or body holds.
#[derive(Clone, Debug)]
pub enum Packet<'t, 'a> {
    /// One message.
    Single(Message<'t, 'a>),
    /// An array of messages (revision 2025-03-26).
    Batch(Vec<Message<'t, 'a>>),
}

/// One JSON-RPC message.
#[derive(Clone, Debug)]
pub struct Message<'t, 'a> {
    /// Its meaning.
    pub body: Body<'t, 'a>,
    /// The whole object.
    pub value: Value<'t, 'a>,
}

impl<'a> Message<'_, 'a> {
    /// The id it carries, of whichever sort it is.
    pub fn id(&self) -> Option<Id<'a>> {
        match &self.body {
            Body::Request { id, .. } | Body::Response { id, .. } => Some(*id),
            Body::Error { id, .. } => *id,
            Body::Notification { .. } => None,
        }
    }
}

/// The four sorts of messages.
#[derive(Clone, Debug)]
pub enum Body<'t, 'a> {
    /// Wants an answer.
    Request {
        /// What the answer will name.
        id: Id<'a>,
        /// What to do.
        method: Cow<'a, str>,
        /// With what; `null` is kept apart from absence.
        params: Option<Value<'t, 'a>>,
    },
    /// Wants no answer.
    Notification {
        /// What happened.
        method: Cow<'a, str>,
        /// With what; `null` is kept apart from absence.
        params: Option<Value<'t, 'a>>,
    },
    /// The answer to a request that succeeded.
    Response {
        /// Of which request.
        id: Id<'a>,
        /// Anything.
        result: Value<'t, 'a>,
    },
    /// The answer to a request that failed.
    Error {
        /// Of which request; `None` when it could not be told.
        id: Option<Id<'a>>,
        /// An object.
        error: Value<'t, 'a>,
    },
}

/// Reads one line or body. What is accepted has one reading only, by whichever parser behind us.
pub fn read<'t, 'a>(bytes: &'a [u8], limits: &Limits, tape: &'t mut Tape) -> Result<Packet<'t, 'a>, Fault> {
    tape.reset();
    let source = text(bytes, limits)?;
    let fault = |tape: &Tape, flaw: Flaw| Fault {
        kind: flaw.kind,
        offset: flaw.offset,
        pointer: shorten(pointer(tape, source, flaw.node)),
        id: salvage_id(bytes),
    };
    if let Err(flaw) = json::tokenize(source, limits, tape) {
        return Err(fault(tape, flaw));
    }
    let tape = &*tape;
    packet(Value::new(tape, source, 0), limits).map_err(|flaw| fault(tape, flaw))
}

/// The bytes as text, if they may be a message at all.
fn text<'a>(bytes: &'a [u8], limits: &Limits) -> Result<&'a str, Fault> {
    let fault = |kind, offset| Fault { kind, offset, pointer: String::new(), id: salvage_id(bytes) };
    // Offsets on the tape have 32 bits, whatever the limit says.
    let most = limits.message_bytes.min(u32::MAX as usize / 2);
    if bytes.len() > most {
        return Err(fault(FaultKind::MessageTooLarge, most));
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err(fault(FaultKind::ByteOrderMark, 0));
    }
    std::str::from_utf8(bytes).map_err(|error| fault(FaultKind::InvalidUtf8, error.valid_up_to()))
}

fn shorten(mut pointer: String) -> String {
    if pointer.len() > FAULT_POINTER_BYTES {
        pointer.truncate(pointer.floor_char_boundary(FAULT_POINTER_BYTES));
        pointer.push('…');
    }
    pointer
}

fn flaw(kind: FaultKind, at: Value<'_, '_>) -> Flaw {
    Flaw { kind, offset: at.span().start, node: at.node() }
}

fn packet<'t, 'a>(value: Value<'t, 'a>, limits: &Limits) -> Result<Packet<'t, 'a>, Flaw> {
    match value.kind() {
        Kind::Object => message(value).map(Packet::Single),
        Kind::Array if value.is_empty() => Err(flaw(FaultKind::EmptyBatch, value)),
        Kind::Array => {
            if let Some(excess) = value.elements().nth(limits.batch) {
                return Err(flaw(FaultKind::BatchTooLarge, excess));
            }
            value.elements().map(member).collect::<Result<_, _>>().map(Packet::Batch)
        }
        _ => Err(flaw(FaultKind::NotAnObject, value)),
    }
}

fn member<'t, 'a>(value: Value<'t, 'a>) -> Result<Message<'t, 'a>, Flaw> {
    if value.kind() == Kind::Object { message(value) } else { Err(flaw(FaultKind::BatchMember, value)) }
}

/// The members of the envelope, as they were found.
#[derive(Default)]
struct Envelope<'t, 'a> {
    jsonrpc: Option<Value<'t, 'a>>,
    id: Option<Value<'t, 'a>>,
    method: Option<Value<'t, 'a>>,
    params: Option<Value<'t, 'a>>,
    result: Option<Value<'t, 'a>>,
    error: Option<Value<'t, 'a>>,
}

impl<'t, 'a> Envelope<'t, 'a> {
    fn open(object: Value<'t, 'a>) -> Result<Self, Flaw> {
        let mut envelope = Self::default();
        for (key, value) in object.members() {
            let name = key.string().unwrap_or_default();
            let slot = match &*name {
                "jsonrpc" => &mut envelope.jsonrpc,
                "id" => &mut envelope.id,
                "method" => &mut envelope.method,
                "params" => &mut envelope.params,
                "result" => &mut envelope.result,
                "error" => &mut envelope.error,
                other if is_variant(other, Place::Top) => return Err(flaw(FaultKind::KeyVariant, key)),
                _ => continue,
            };
            *slot = Some(value);
        }
        Ok(envelope)
    }
}

fn message<'t, 'a>(value: Value<'t, 'a>) -> Result<Message<'t, 'a>, Flaw> {
    let envelope = Envelope::open(value)?;
    match envelope.jsonrpc {
        Some(version) if version.is_string("2.0") => {}
        Some(other) => return Err(flaw(FaultKind::BadVersion, other)),
        None => return Err(flaw(FaultKind::BadVersion, value)),
    }
    for payload in [envelope.params, envelope.result, envelope.error].into_iter().flatten() {
        if let Some(key) = variant_key(payload, Place::Payload) {
            return Err(flaw(FaultKind::KeyVariant, key));
        }
    }
    let body = match (envelope.method, envelope.result, envelope.error) {
        (Some(_), Some(other), _) | (Some(_), None, Some(other)) => {
            return Err(flaw(FaultKind::MethodWithResult, other));
        }
        (None, Some(_), Some(error)) => return Err(flaw(FaultKind::ResultWithError, error)),
        (None, None, None) => return Err(flaw(FaultKind::NoPayload, value)),
        (Some(method), None, None) => call(method, &envelope)?,
        (None, Some(result), None) => {
            let id = id(envelope.id.ok_or_else(|| flaw(FaultKind::MissingId, value))?)?;
            Body::Response { id, result }
        }
        (None, None, Some(error)) => failure(error, &envelope)?,
    };
    Ok(Message { body, value })
}

fn call<'t, 'a>(method: Value<'t, 'a>, envelope: &Envelope<'t, 'a>) -> Result<Body<'t, 'a>, Flaw> {
    let method = method.string().ok_or_else(|| flaw(FaultKind::BadMethod, method))?;
    let params = envelope.params;
    if let Some(params) = params
        && !matches!(params.kind(), Kind::Object | Kind::Array | Kind::Null)
    {
        return Err(flaw(FaultKind::BadParams, params));
    }
    Ok(match envelope.id {
        Some(value) => Body::Request { id: id(value)?, method, params },
        None => Body::Notification { method, params },
    })
}

fn failure<'t, 'a>(error: Value<'t, 'a>, envelope: &Envelope<'t, 'a>) -> Result<Body<'t, 'a>, Flaw> {
    if error.kind() != Kind::Object {
        return Err(flaw(FaultKind::BadError, error));
    }
    let id = envelope.id.filter(|value| value.kind() != Kind::Null).map(id).transpose()?;
    Ok(Body::Error { id, error })
}

fn id<'a>(value: Value<'_, 'a>) -> Result<Id<'a>, Flaw> {
    if value.kind() == Kind::Null {
        return Err(flaw(FaultKind::NullId, value));
    }
    let id = Id::from_lexeme(value.kind(), value.lexeme()).ok_or_else(|| flaw(FaultKind::BadId, value))?;
    if id.lexeme().len() > MAX_ID_BYTES { Err(flaw(FaultKind::IdTooLong, value)) } else { Ok(id) }
}
