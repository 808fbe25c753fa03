//! Ids that several clients may share, made one process's own, and back.
//!
//! In the stateless era requests of many clients may reach one process, each with ids of its own choosing. On its way there a request's id
//! and progress token become a number that no other has; what answers it gets them back as they were written. Nothing else is touched.

use std::ops::Range;

use vanguard_wire::{Body, Id, Kind, Limits, Message, Packet, Tape, Value, canonical, read};

use crate::http::edits::edited;

/// Where a message names the request that it is part of.
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

/// What a client called its request, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Original {
    pub(super) id: String,
    token: Option<String>,
}

/// A request under the number that it is to have, and how its client calls it. `None` for what is no request.
pub(super) fn outward(line: &[u8], limits: &Limits, number: u64) -> Option<(Vec<u8>, Original)> {
    let mut tape = Tape::default();
    let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return None };
    let Body::Request { params, .. } = &message.body else { return None };
    let id = message.value.get("id")?;
    let token = params.and_then(|params| params.get("_meta")?.get("progressToken"));
    // They come back into lines of ours.
    let written = |value: Value<'_, '_>| String::from_utf8_lossy(&canonical(value.lexeme().as_bytes())).into_owned();
    let original = Original { id: written(id), token: token.map(written) };
    let number = number.to_string();
    let edits = [Some(id), token].into_iter().flatten().map(|value| (value.span(), number.clone())).collect();
    Some((edited(line, edits), original))
}

/// A message of the process, as far as it says whose it is.
#[derive(Debug)]
pub(super) struct Addressed {
    pub(super) number: u64,
    /// Nothing comes after it.
    pub(super) last: bool,
    edits: Vec<(Range<usize>, Named)>,
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Id,
    /// The id as a text, whatever it is.
    IdText,
    Token,
}

impl Addressed {
    /// Reads whose `line` is. `None` where it does not say.
    pub(super) fn read(line: &[u8], limits: &Limits) -> Option<Self> {
        let mut tape = Tape::default();
        let Ok(Packet::Single(message)) = read(line, limits, &mut tape) else { return None };
        Self::of(&message)
    }

    fn of(message: &Message<'_, '_>) -> Option<Self> {
        let mut edits = Vec::new();
        let mut numbers = Vec::new();
        let mut named = |value: Option<Value<'_, '_>>, named: Named| {
            let Some(value) = value else { return };
            let text = value.kind() == Kind::String && matches!(named, Named::Id);
            numbers.extend(value.string().as_deref().unwrap_or(value.lexeme()).parse::<u64>());
            edits.push((value.span(), if text { Named::IdText } else { named }));
        };
        let last = match &message.body {
            Body::Response { result, .. } => {
                named(message.value.get("id"), Named::Id);
                named(subscription(*result), Named::Id);
                true
            }
            Body::Error { id: Some(_), .. } => {
                named(message.value.get("id"), Named::Id);
                true
            }
            Body::Notification { method, params: Some(params) } => {
                if method == "notifications/progress" {
                    named(params.get("progressToken"), Named::Token);
                }
                named(subscription(*params), Named::Id);
                false
            }
            _ => return None,
        };
        let number = *numbers.first()?;
        // One message of two requests is nobody's.
        let agreed = numbers.len() == edits.len() && numbers.iter().all(|other| *other == number);
        agreed.then_some(Self { number, last, edits })
    }

    /// The message as the client knows its request.
    pub(super) fn homeward(self, line: &[u8], original: &Original) -> Vec<u8> {
        let name = |named| match named {
            Named::Id => original.id.clone(),
            Named::IdText if Id::read(&original.id).is_some() && original.id.starts_with('"') => original.id.clone(),
            Named::IdText => format!("\"{}\"", original.id),
            Named::Token => original.token.clone().unwrap_or_else(|| original.id.clone()),
        };
        edited(line, self.edits.into_iter().map(|(range, named)| (range, name(named))).collect())
    }
}

/// Where it names the request that it is part of.
fn subscription<'t, 'a>(value: Value<'t, 'a>) -> Option<Value<'t, 'a>> {
    value.get("_meta")?.get(SUBSCRIPTION)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(line: &str) -> (String, Original) {
        let (line, original) = outward(line.as_bytes(), &Limits::default(), 71).unwrap();
        (String::from_utf8(line).unwrap(), original)
    }

    fn back(line: &str, original: &Original) -> String {
        let addressed = Addressed::read(line.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(addressed.number, 71);
        String::from_utf8(addressed.homeward(line.as_bytes(), original)).unwrap()
    }

    #[test]
    fn a_request_goes_under_a_number_and_its_answers_come_back_under_its_own_names() {
        let (line, original) = there(
            r#"{"params":{"_meta":{"a":1.50,"progressToken":"t\u0061"},"id":5},"id" : "x\u0079","method":"m","jsonrpc":"2.0"}"#,
        );
        assert_eq!(
            line,
            r#"{"params":{"_meta":{"a":1.50,"progressToken":71},"id":5},"id" : 71,"method":"m","jsonrpc":"2.0"}"#
        );
        for (said, heard) in [
            (
                r#"{"jsonrpc":"2.0","id":71,"result":{"id":71}}"#,
                r#"{"jsonrpc":"2.0","id":"x\u0079","result":{"id":71}}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","id":71,"error":{"code":1,"message":""}}"#,
                r#"{"jsonrpc":"2.0","id":"x\u0079","error":{"code":1,"message":""}}"#,
            ),
            (
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":71,"progress":71}}"#,
                r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t\u0061","progress":71}}"#,
            ),
        ] {
            assert_eq!(back(said, &original), heard);
        }
    }

    #[test]
    fn a_subscription_is_called_by_the_id_of_its_request_in_the_form_that_was_used() {
        let (_, original) = there(r#"{"jsonrpc":"2.0","id":3,"method":"subscriptions/listen"}"#);
        for (said, heard) in [("71", "3"), ("\"71\"", "\"3\"")] {
            let line = |id: &str| {
                format!(
                    r#"{{"jsonrpc":"2.0","method":"notifications/x","params":{{"_meta":{{"{SUBSCRIPTION}":{id}}}}}}}"#
                )
            };
            assert_eq!(back(&line(said), &original), line(heard));
        }
    }

    #[test]
    fn what_does_not_say_whose_it_is_is_nobody_s() {
        for line in [
            r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#,
            r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"x"}}"#,
            r#"{"jsonrpc":"2.0","id":"abc","result":{}}"#,
            r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
            r#"{"jsonrpc":"2.0","id":71,"result":{"_meta":{"io.modelcontextprotocol/subscriptionId":72}}}"#,
            "{",
        ] {
            assert!(Addressed::read(line.as_bytes(), &Limits::default()).is_none(), "{line}");
        }
    }
}
