//! What `serde_json` reads, to compare with.
#![expect(clippy::disallowed_types, reason = "an oracle for tests: what is compared here has no duplicate keys left")]

use serde_json::Value as Json;
use vanguard_wire::{Kind, Value};

/// The tree as `serde_json` has it.
pub(crate) fn parse(text: &[u8]) -> Option<Json> {
    serde_json::from_slice(text).ok()
}

/// The tree as we have it. Checks on the way that spans, lexemes and look-ups agree.
pub(crate) fn tree(value: Value<'_, '_>) -> Json {
    match value.kind() {
        Kind::Object => Json::Object(
            value
                .members()
                .map(|(key, member)| {
                    let name = key.string().unwrap();
                    assert_eq!(value.get(&name).unwrap().node(), member.node());
                    (name.into_owned(), tree(member))
                })
                .collect(),
        ),
        Kind::Array => value.elements().map(tree).collect(),
        Kind::String => {
            assert_eq!(value.span().len(), value.lexeme().len());
            Json::String(value.string().unwrap().into_owned())
        }
        Kind::Number | Kind::Bool | Kind::Null => {
            assert_eq!(value.string(), None);
            serde_json::from_str(value.lexeme()).unwrap()
        }
    }
}

/// Checks that each value's pointer leads to it, by somebody else's reading of pointers.
pub(crate) fn check_pointers(value: Value<'_, '_>, root: &Json) {
    assert_eq!(root.pointer(&value.pointer()), Some(&tree(value)));
    for (key, member) in value.members() {
        assert_eq!(key.pointer(), member.pointer());
        check_pointers(member, root);
    }
    for element in value.elements() {
        check_pointers(element, root);
    }
}
