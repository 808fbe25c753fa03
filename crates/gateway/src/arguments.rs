//! What a refused call was made with, for the digests that its record keeps of it.

use vanguard_engine::verdict::{Decision, Flow};
use vanguard_wire::{Body, Limits, Line, Message, Packet, Tape, read};

/// Gives `with` the arguments of the call that `decision` is about, each by its JSON pointer below them and by its JSON text; none for what
/// is no call.
pub(crate) fn of<T>(line: &Line<'_>, decision: &Decision, with: impl FnOnce(&[(String, &str)]) -> T) -> T {
    let call = decision.flow == Flow::ToServer && decision.method.as_deref() == Some("tools/call");
    let Line::Message(bytes) = *line else { return with(&[]) };
    if !call {
        return with(&[]);
    }
    let mut tape = Tape::default();
    // What the reader refuses is no call with arguments, whatever it looks like.
    let limits = Limits { message_bytes: bytes.len(), string_bytes: bytes.len(), ..Limits::default() };
    let found = match read(bytes, &limits, &mut tape) {
        Ok(Packet::Single(message)) => members(&message),
        Ok(Packet::Batch(messages)) => {
            let is_it =
                |message: &&Message<'_, '_>| message.id().map(vanguard_wire::Id::lexeme) == decision.id.as_deref();
            messages.iter().find(is_it).map(members).unwrap_or_default()
        }
        Err(_) => Vec::new(),
    };
    with(&found)
}

/// The members of a call's arguments.
fn members<'a>(message: &Message<'_, 'a>) -> Vec<(String, &'a str)> {
    let (Body::Request { params, .. } | Body::Notification { params, .. }) = &message.body else { return Vec::new() };
    let Some(arguments) = params.as_ref().and_then(|params| params.get("arguments")) else { return Vec::new() };
    let above = arguments.pointer().len();
    arguments.members().map(|(_, value)| (value.pointer().split_off(above), value.lexeme())).collect()
}
