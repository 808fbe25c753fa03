//! XML that makes its reader fetch, include, run or explode.
//!
//! Declarations are read where they stand, a document round them or not: in a CDATA section, a string, a fragment. Names of
//! owners and files that honest document types are loaded from are ordinary; what else is loaded from a place of its
//! own is not.

mod declaration;
mod entities;
mod place;
mod tag;
mod utf7;

use std::borrow::Cow;

use super::{Family, Found, Look, Signs};
use crate::views::ViewKind;

use declaration::{Declaration, Outside};
use entities::Entities;

const EXTERNAL: usize = 0;
const EXPANSION: usize = 1;
const INCLUDE: usize = 2;
const PROGRAM: usize = 3;

/// `external`: an entity or a document type from elsewhere. `expansion`: entities of entities, without end.
/// `include`: an element that brings a file in. `program`: a stylesheet that runs things.
pub(super) const FAMILY: Family = Family { name: "xml", kinds: &["external", "expansion", "include", "program"], look };

fn look(look: &Look<'_>, found: &mut Found<'_>) {
    // A `<`, or one in UTF-7.
    if matches!(look.chain.kind(), ViewKind::Shell | ViewKind::Path | ViewKind::Url) || !look.signs.any(b"<+") {
        return;
    }
    match plain(look.view, look.signs) {
        Cow::Borrowed(text) => read(text, look.signs.has(b'!'), found),
        // What was decoded here has no places in the view.
        Cow::Owned(text) => read(&text, true, &mut |kind, _| found(kind, 0..look.view.len())),
    }
}

/// The text as an XML reader decodes it: UTF-7, and UTF-16 that was taken for bytes.
fn plain<'v>(view: &'v str, signs: &Signs) -> Cow<'v, str> {
    if signs.has(b'+')
        && memchr::memmem::find(view.as_bytes(), b"+AD").is_some()
        && let Some(text) = utf7::decode(view)
    {
        return Cow::Owned(text);
    }
    if signs.has(0)
        && (memchr::memmem::find(view.as_bytes(), b"<\0!\0").is_some()
            || memchr::memmem::find(view.as_bytes(), b"\0<\0!").is_some())
    {
        return Cow::Owned(view.replace('\0', ""));
    }
    // In a string of JSON or of a program.
    if signs.has(b'\\')
        && memchr::memmem::find(view.as_bytes(), b"\\\"").is_some()
        && (view.contains("<!") || view.contains(":include"))
    {
        let text = view.replace("\\\"", "\"").replace("\\r", " ").replace("\\n", " ").replace("\\t", " ");
        return Cow::Owned(text);
    }
    Cow::Borrowed(view)
}

fn read(text: &str, declares: bool, found: &mut Found<'_>) {
    if declares && memchr::memmem::find(text.as_bytes(), b"<!").is_some() {
        declarations(text, found);
    }
    tag::read(text, &mut |is_program, range| found(if is_program { PROGRAM } else { INCLUDE }, range));
}

fn declarations(text: &str, found: &mut Found<'_>) {
    let mut entities = Entities::default();
    let mut end = 0;
    for start in memchr::memmem::find_iter(text.as_bytes(), b"<!") {
        // What stands in a declaration is its value.
        if start < end {
            continue;
        }
        let Some(declaration) = text.get(start.saturating_add(2)..).and_then(Declaration::read) else { continue };
        let range = start..start.saturating_add(declaration.length).saturating_add(2).min(text.len());
        end = range.end;
        match declaration.outside {
            Outside::Nothing => {}
            Outside::From { public, system } => {
                if place::is_foreign(public, system, declaration.is_entity()) {
                    return found(EXTERNAL, range);
                }
            }
            Outside::Value(value) => {
                if entities::declares(value) {
                    return found(EXTERNAL, range);
                }
                if entities.add(declaration.name, value) {
                    return found(EXPANSION, range);
                }
            }
        }
    }
    if entities.explode_in(text) {
        found(EXPANSION, 0..text.len());
    }
}

#[cfg(test)]
mod tests;
