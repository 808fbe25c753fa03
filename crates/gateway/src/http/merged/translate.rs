//! Messages between the client, who knows one server, and those behind: whose they are, and under which names.

use vanguard_wire::{Body, Id, IdKey, Limits, Packet, Tape, Value, read};

use super::names::{joined, marked, parted, text, unmarked};
use crate::http::edits::{Edit, edited};

/// Where a message of the client goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Goes {
    /// To this server, so.
    To(String, Vec<u8>),
    /// To whoever has this resource, or template of resources.
    ToOwner(String),
    /// To no server.
    Nowhere,
}

/// A request for something by its name, as the server that has it knows that; an answer to a server's request, or its progress.
pub(super) fn onward(line: &[u8], limits: &Limits) -> Goes {
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return Goes::Nowhere };
    let id = message.value.get("id");
    match &message.body {
        Body::Request { method, params: Some(params), .. } => match &**method {
            "tools/call" | "prompts/get" => named(line, params.get("name")),
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => owned(params.get("uri")),
            "completion/complete" => match params.get("ref") {
                Some(about) if about.get("name").is_some() => named(line, about.get("name")),
                Some(about) => owned(about.get("uri")),
                None => Goes::Nowhere,
            },
            _ => Goes::Nowhere,
        },
        Body::Notification { method, params: Some(params) } if method == "notifications/progress" => {
            mine(line, params.get("progressToken"))
        }
        Body::Response { .. } | Body::Error { .. } => mine(line, id),
        _ => Goes::Nowhere,
    }
}

fn named(line: &[u8], name: Option<Value<'_, '_>>) -> Goes {
    let found = name.and_then(|name| {
        let said = name.string()?;
        let (server, inner) = parted(&said)?;
        Some(Goes::To(server.to_owned(), edited(line, vec![(name.span(), text(inner))])))
    });
    found.unwrap_or(Goes::Nowhere)
}

fn owned(uri: Option<Value<'_, '_>>) -> Goes {
    uri.and_then(|uri| uri.string()).map_or(Goes::Nowhere, |uri| Goes::ToOwner(uri.into_owned()))
}

/// What the client calls by an id that we made of a server's.
fn mine(line: &[u8], id: Option<Value<'_, '_>>) -> Goes {
    let found = id.and_then(|id| {
        let said = id.string()?;
        let (server, lexeme) = unmarked(&said)?;
        Some(Goes::To(server.to_owned(), edited(line, vec![(id.span(), lexeme.to_owned())])))
    });
    found.unwrap_or(Goes::Nowhere)
}

/// A message of `server` as the client gets it: its own requests under ids that no other server's have.
pub(super) fn homeward(line: &[u8], server: &str, limits: &Limits) -> Vec<u8> {
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return line.to_vec() };
    let ours = |value: Value<'_, '_>| -> Edit { (value.span(), marked(server, value.lexeme())) };
    let edits = match &message.body {
        Body::Request { params, .. } => {
            let token = params.and_then(|params| params.get("_meta")?.get("progressToken"));
            message.value.get("id").into_iter().chain(token).map(ours).collect()
        }
        Body::Notification { method, params: Some(params) } if method == "notifications/cancelled" => {
            params.get("requestId").into_iter().map(ours).collect()
        }
        _ => return line.to_vec(),
    };
    edited(line, edits)
}

/// A request of the client under an id of ours, for the page at `cursor`.
pub(super) fn ours(line: &[u8], limits: &Limits, id: &str, cursor: Option<&str>) -> Option<Vec<u8>> {
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return None };
    let Body::Request { params, .. } = &message.body else { return None };
    let mut edits = vec![(message.value.get("id")?.span(), text(id))];
    let cursor = cursor.map(|cursor| format!("\"cursor\":{cursor}"));
    match (params, cursor) {
        (_, None) => {}
        (Some(params), Some(cursor)) => {
            let at = params.span().start + 1;
            let more = if params.members().next().is_some() { "," } else { "" };
            edits.push((at..at, format!("{cursor}{more}")));
        }
        (None, Some(cursor)) => {
            let at = message.value.span().start + 1;
            edits.push((at..at, format!("\"params\":{{{cursor}}},")));
        }
    }
    Some(edited(line, edits))
}

/// Whether a request goes on where a page ended. None of ours does.
pub(super) fn goes_on(line: &[u8], limits: &Limits) -> bool {
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return false };
    message.value.get("params").and_then(|params| params.get("cursor")).is_some()
}

/// A request for a list, with what the request at hand says of its client.
pub(super) fn listing(line: &[u8], limits: &Limits, method: &str) -> Vec<u8> {
    let mut tape = Tape::default();
    let meta = match read(line, limits, &mut tape) {
        Ok(Packet::Single(message)) => message.value.get("params").and_then(|params| params.get("_meta")),
        _ => None,
    };
    let params = meta.map(|meta| format!(r#","params":{{"_meta":{}}}"#, meta.lexeme())).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","id":0,"method":"{method}"{params}}}"#).into_bytes()
}

/// The request that a client wants no more.
pub(super) fn cancelled(line: &[u8], limits: &Limits) -> Option<IdKey> {
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return None };
    Id::read(message.value.get("params")?.get("requestId")?.lexeme()).map(Id::key)
}

/// An entry of a list, under the name that the client knows it by.
pub(super) fn entry(line: &[u8], entry: Value<'_, '_>, server: &str) -> Option<Vec<u8>> {
    let name = entry.get("name")?;
    let from = entry.span().start;
    let place = name.span().start - from..name.span().end - from;
    Some(edited(line.get(entry.span())?, vec![(place, text(&joined(server, &name.string()?)))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(line: &str) -> Goes {
        onward(line.as_bytes(), &Limits::default())
    }

    fn to(server: &str, line: &str) -> Goes {
        Goes::To(server.to_owned(), line.as_bytes().to_vec())
    }

    #[test]
    fn a_call_goes_to_the_server_that_its_name_names() {
        assert_eq!(
            there(
                r#"{"id":7,"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{"name":"a__b"},"name":"f__r\u0065ad__x"}}"#
            ),
            to(
                "f",
                r#"{"id":7,"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{"name":"a__b"},"name":"read__x"}}"#
            )
        );
        assert_eq!(
            there(
                r#"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"g__p"}}}"#
            ),
            to(
                "g",
                r#"{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"}}}"#
            )
        );
        for nowhere in [
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":5}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"f__x"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":"f:x","result":{}}"#,
        ] {
            assert_eq!(there(nowhere), Goes::Nowhere, "{nowhere}");
        }
        let read = r#"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:\/\/x"}}"#;
        assert_eq!(there(read), Goes::ToOwner("file://x".into()));
    }

    #[test]
    fn a_server_s_request_comes_back_to_it_under_its_own_id() {
        let limits = Limits::default();
        let asked = r#"{"jsonrpc":"2.0","id":0,"method":"sampling/createMessage","params":{"_meta":{"progressToken":"t"},"messages":[]}}"#;
        let home = String::from_utf8(homeward(asked.as_bytes(), "f", &limits)).unwrap();
        assert_eq!(
            home,
            r#"{"jsonrpc":"2.0","id":"f:0","method":"sampling/createMessage","params":{"_meta":{"progressToken":"f:\"t\""},"messages":[]}}"#
        );
        assert_eq!(
            there(r#"{"jsonrpc":"2.0","id":"f:0","result":{"n":1.50}}"#),
            to("f", r#"{"jsonrpc":"2.0","id":0,"result":{"n":1.50}}"#)
        );
        assert_eq!(
            there(
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"f:\"t\"","progress":1}}"#
            ),
            to(
                "f",
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}"#
            )
        );
        let result = r#"{"jsonrpc":"2.0","id":0,"result":{}}"#;
        assert_eq!(homeward(result.as_bytes(), "f", &limits), result.as_bytes());
        let cancelled = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":0}}"#;
        assert!(homeward(cancelled.as_bytes(), "f", &limits).ends_with(br#"{"requestId":"f:0"}}"#));
    }

    #[test]
    fn a_further_page_is_asked_for_whatever_the_first_was_asked_with() {
        let limits = Limits::default();
        let ours =
            |line: &str, cursor| String::from_utf8(ours(line.as_bytes(), &limits, "v", cursor).unwrap()).unwrap();
        let bare = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        assert_eq!(ours(bare, None), r#"{"jsonrpc":"2.0","id":"v","method":"tools/list"}"#);
        assert_eq!(
            ours(bare, Some("\"c\"")),
            r#"{"params":{"cursor":"c"},"jsonrpc":"2.0","id":"v","method":"tools/list"}"#
        );
        let with = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{}}}"#;
        assert!(ours(with, Some("\"c\"")).ends_with(r#""params":{"cursor":"c","_meta":{}}}"#));
    }
}
