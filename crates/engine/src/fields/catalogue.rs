//! What a catalogue says as a whole: its names beside one another, the tools it speaks of, how much it is.
//!
//! What is found becomes a field of its own, headed by what it is, for rules TP-011 to TP-018 to judge: `twins read_file
//! read_fi1e`. Its role is `id`, so that the rules of prose do not read a text twice.

use vanguard_wire::Value;

use super::{length, strangers, twins};
use crate::company::Company;

/// Entries of a catalogue that are looked at: no honest one is near.
pub(super) const MOST: usize = 4_096;

/// Whether a member of this name is a list whose entries a model tells apart by name.
pub(super) fn is_one(key: &str) -> bool {
    matches!(key, "tools" | "prompts" | "resources" | "resourceTemplates")
}

/// Calls `found` with each thing to say of the catalogue under `key` of `result`. Names are held as well against the tools that the client
/// has been told of before, and those of other servers that it is told of beside these.
pub(super) fn look<'t, 'a>(
    key: &str,
    catalogue: Value<'t, 'a>,
    result: Value<'t, 'a>,
    (known, company): (&[Box<str>], Option<&Company>),
    found: &mut dyn FnMut(Value<'t, 'a>, String),
) {
    let tools = key == "tools";
    let known = if tools { known } else { &[] };
    let company = company.filter(|_| tools);
    twins::find(catalogue, known, found);
    if let Some(company) = company {
        twins::among(catalogue, &company.before, found);
    }
    if tools {
        let is_whole = result.get("nextCursor").is_none();
        strangers::find(catalogue, (known, company), is_whole, found);
    }
    if tools || key == "prompts" {
        length::find(catalogue, found);
    }
}
