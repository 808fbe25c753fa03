//! Keys that the protocol gives a meaning, and keys that a lenient reader takes for them.
//!
//! Go's `encoding/json` matches keys without regard to case, by Unicode's simple folding; others end a key at a NUL, or
//! leave it out. A server built on either would see a `name` where we see a `Name` and judge nothing.

use crate::value::Value;

/// Keys of a message, in their order.
const TOP: &[&str] = &["error", "id", "jsonrpc", "method", "params", "result"];

/// Direct keys of `params`, `result` and `error` in any revision up to 2026-07-28, in their order.
const PAYLOAD: &[&str] = &[
    "_meta",
    "action",
    "argument",
    "arguments",
    "cacheScope",
    "capabilities",
    "clientInfo",
    "code",
    "completion",
    "content",
    "contents",
    "context",
    "cursor",
    "data",
    "description",
    "elicitationId",
    "includeContext",
    "inputRequests",
    "inputResponses",
    "instructions",
    "isError",
    "level",
    "logger",
    "maxTokens",
    "message",
    "messages",
    "metadata",
    "mode",
    "model",
    "modelPreferences",
    "name",
    "nextCursor",
    "progress",
    "progressToken",
    "prompts",
    "protocolVersion",
    "reason",
    "ref",
    "requestId",
    "requestState",
    "requestedSchema",
    "resourceSubscriptions",
    "resourceTemplates",
    "resources",
    "resultType",
    "role",
    "roots",
    "serverInfo",
    "status",
    "statusMessage",
    "stopReason",
    "stopSequences",
    "structuredContent",
    "subscriptionId",
    "supportedVersions",
    "systemPrompt",
    "task",
    "taskId",
    "tasks",
    "temperature",
    "toolChoice",
    "tools",
    "total",
    "ttl",
    "ttlMs",
    "uri",
    "url",
];

/// No key of the protocol is longer.
const LONGEST: usize = 24;

/// Which keys count at a place of the message.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// The message itself.
    Top,
    /// Directly in `params`, `result` or `error`.
    Payload,
}

/// The key of `object` that is no key of the protocol, but that some reader takes for one.
pub(crate) fn variant_key<'t, 'a>(object: Value<'t, 'a>, place: Place) -> Option<Value<'t, 'a>> {
    object.members().map(|(key, _)| key).find(|key| key.string().is_some_and(|text| is_variant(&text, place)))
}

/// Whether `key` differs from a key of the protocol only by case or NULs.
pub(crate) fn is_variant(key: &str, place: Place) -> bool {
    let known = match place {
        Place::Top => TOP,
        Place::Payload => PAYLOAD,
    };
    // Nearly every key is one as it is spelt, and no two of them differ by case alone.
    if known.binary_search(&key).is_ok() {
        return false;
    }
    reads_as(key, |folded| known.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(folded) && *name != key))
}

/// Whether `key` is `id` in any spelling that some reader takes for it.
pub(crate) fn folds_to_id(key: &str) -> bool {
    reads_as(key, |folded| folded == b"id")
}

/// Whether `matches` holds for the key as a reader of another case, or of another mind about NULs, takes it.
fn reads_as(key: &str, matches: impl Fn(&[u8]) -> bool) -> bool {
    let folded = |key: &str| {
        let mut buffer = [0_u8; LONGEST];
        fold(key, &mut buffer).and_then(|length| buffer.get(..length)).is_some_and(&matches)
    };
    folded(key) || key.split_once('\0').is_some_and(|(before, _)| folded(before))
}

/// The key in lower-case ASCII, without NULs; `None` when it is no spelling of any ASCII name that short.
fn fold(key: &str, folded: &mut [u8; LONGEST]) -> Option<usize> {
    let mut slots = folded.iter_mut();
    let mut length = 0_usize;
    for character in key.chars().filter(|character| *character != '\0') {
        let plain = match character {
            // All whose upper or lower case is in ASCII: long s, the Kelvin sign, and the two Turkish i.
            '\u{17f}' => b's',
            '\u{212a}' => b'k',
            '\u{130}' | '\u{131}' => b'i',
            _ => u8::try_from(character).ok().filter(u8::is_ascii)?.to_ascii_lowercase(),
        };
        *slots.next()? = plain;
        length = length.saturating_add(1);
    }
    Some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_their_order_and_none_is_a_variant_of_another() {
        for (keys, place) in [(TOP, Place::Top), (PAYLOAD, Place::Payload)] {
            assert!(keys.is_sorted());
            for key in keys {
                assert!(!is_variant(key, place));
                assert_eq!(keys.iter().filter(|other| other.eq_ignore_ascii_case(key)).count(), 1, "{key}");
                assert!(is_variant(&format!("{key}\0"), place) && is_variant(&key.to_ascii_uppercase(), place));
            }
        }
    }
}
