//! Whose something is, written into its name: `files__read_file`, `"files:7"`. What was written comes out again as it was.

use vanguard_wire::{Id, reply};

/// Between a server's name, which never holds it, and that of its tool: it may stand in a name of every client and model.
const SEPARATOR: &str = "__";

/// The name that the client knows a tool or prompt by.
pub(super) fn joined(server: &str, name: &str) -> String {
    format!("{server}{SEPARATOR}{name}")
}

/// The server that such a name names, and the name there.
pub(super) fn parted(name: &str) -> Option<(&str, &str)> {
    name.split_once(SEPARATOR)
}

/// What the client knows a server's request, or the token of its progress, by: JSON, as `lexeme` is.
pub(super) fn marked(server: &str, lexeme: &str) -> String {
    text(&format!("{server}:{lexeme}"))
}

/// The server that such an id names, and the id there as it was written. `text` is the id as a string.
pub(super) fn unmarked(text: &str) -> Option<(&str, &str)> {
    let (server, lexeme) = text.split_once(':')?;
    Id::read(lexeme).is_some().then_some((server, lexeme))
}

/// A text as JSON.
pub(super) fn text(text: &str) -> String {
    String::from_utf8_lossy(&reply::string(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vanguard_wire::{Body, Limits, Packet, Tape, read};

    use super::*;

    /// What the command line takes for a server's name.
    fn server() -> impl Strategy<Value = String> {
        "[A-Za-z0-9_-]{1,32}".prop_filter("no name", |name| !name.contains("__") && !name.ends_with('_'))
    }

    proptest! {
        #[test]
        fn a_name_parts_into_what_it_was_joined_of(server in server(), name in any::<String>()) {
            let joined = joined(&server, &name);
            prop_assert_eq!(parted(&joined), Some((&*server, &*name)));
        }

        #[test]
        fn two_servers_never_share_a_name(one in server(), two in server(), a in any::<String>(), b in any::<String>()) {
            prop_assume!(one != two || a != b);
            prop_assert_ne!(joined(&one, &a), joined(&two, &b));
        }

        #[test]
        fn an_id_comes_back_token_for_token(server in server(), id in prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            any::<String>().prop_map(|id| text(&id)),
            Just(r#""\u0061""#.to_owned()),
        ]) {
            prop_assume!(id.len() < 500);
            let line = format!(r#"{{"jsonrpc":"2.0","id":{},"method":"m"}}"#, marked(&server, &id));
            let mut tape = Tape::default();
            let Ok(Packet::Single(message)) = read(line.as_bytes(), &Limits::default(), &mut tape) else { panic!("{line}") };
            let is_request = matches!(message.body, Body::Request { .. });
            prop_assert!(is_request);
            let text = message.value.get("id").unwrap().string().unwrap();
            prop_assert_eq!(unmarked(&text), Some((&*server, &*id)));
        }

        #[test]
        fn no_other_id_is_taken_for_one(text in any::<String>()) {
            if let Some((server, lexeme)) = unmarked(&text) {
                prop_assert_eq!(format!("{server}:{lexeme}"), text.clone());
                prop_assert!(Id::read(lexeme).is_some());
            }
        }
    }
}
