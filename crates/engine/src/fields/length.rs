//! How much a catalogue has the model read: a text that fills its context pushes out what the user said.

use vanguard_wire::{Kind, Value};

use super::catalogue::MOST;

/// What is long for one string, one tool and all of them, in bytes of text. Of 2,500 tools of real servers the longest string
/// has 3,000, the longest tool 6,000 and the longest catalogue 21,000.
const STRING: usize = 16 << 10;
const TOOL: usize = 64 << 10;
const CATALOGUE: usize = 512 << 10;

/// Calls `found` with what of `catalogue` is too long, and with how long it is.
pub(super) fn find<'t, 'a>(catalogue: Value<'t, 'a>, found: &mut dyn FnMut(Value<'t, 'a>, String)) {
    // Nothing in it is longer than it is itself: nearly every catalogue ends here.
    if catalogue.lexeme().len() <= STRING {
        return;
    }
    let mut tell = |place: Value<'t, 'a>, what: &str, length: usize, most: usize| {
        if length > most {
            found(place, format!("long {what}: {length} bytes"));
        }
    };
    let mut all = 0_usize;
    for tool in catalogue.elements().take(MOST) {
        let mut own = 0_usize;
        let mut work = vec![tool];
        while let Some(value) = work.pop() {
            match value.kind() {
                // An image in the catalogue itself is not read by the model.
                Kind::String if value.lexeme().starts_with("\"data:") => {}
                Kind::String => {
                    tell(value, "string", value.lexeme().len(), STRING);
                    own = own.saturating_add(value.lexeme().len());
                }
                Kind::Array => work.extend(value.elements()),
                Kind::Object => work.extend(value.members().map(|(_, member)| member)),
                Kind::Null | Kind::Bool | Kind::Number => {}
            }
        }
        tell(tool, "tool", own, TOOL);
        all = all.saturating_add(own);
    }
    tell(catalogue, "catalogue", all, CATALOGUE);
}
