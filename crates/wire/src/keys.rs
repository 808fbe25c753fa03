//! Duplicate keys of one object, found in time linear to the object.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::tape::Tape;
use crate::value::Value;

/// Objects up to this many members are compared pairwise; it costs less than hashing, and no memory.
const PAIRWISE: u32 = 16;

/// The first key of the complete object `object` that stands there a second time, compared as decoded.
pub(crate) fn duplicate(tape: &Tape, source: &str, object: u32) -> Option<u32> {
    let object = Value::new(tape, source, object);
    let mut seen = 0_u64;
    let mut count = 0_u32;
    for (key, _) in object.members() {
        count = count.saturating_add(1);
        if count > PAIRWISE {
            return duplicate_by_hash(object);
        }
        let text = key.string().unwrap_or_default();
        let mark = signature(&text);
        if seen & mark != 0 {
            let earlier = object.members().map(|(key, _)| key).take_while(|earlier| earlier.node() < key.node());
            if earlier.into_iter().any(|earlier| earlier.is_string(&text)) {
                return Some(key.node());
            }
        }
        seen |= mark;
    }
    None
}

/// One bit of 64 by length and ends of the key: equal keys have equal bits, so most objects need no comparison at all.
fn signature(key: &str) -> u64 {
    let bytes = key.as_bytes();
    let first = bytes.first().copied().map_or(0, usize::from);
    let last = bytes.last().copied().map_or(0, usize::from);
    let mixed = bytes.len().wrapping_mul(31) ^ first.wrapping_mul(7) ^ last;
    1 << (mixed & 63)
}

fn duplicate_by_hash(object: Value<'_, '_>) -> Option<u32> {
    let mut seen: HashSet<Cow<'_, str>> = HashSet::new();
    object.members().find(|(key, _)| !seen.insert(key.string().unwrap_or_default())).map(|(key, _)| key.node())
}
