//! What internal entities grow to.

use std::collections::BTreeMap;

/// An entity of this size is no abbreviation.
const LARGE: u64 = 64 * 1024;
/// So often is no entity written by hand.
const OFTEN: usize = 4;

/// The entities that a document declares: what each grows to, and how many levels of entities are in it.
#[derive(Default)]
pub(super) struct Entities<'t> {
    sizes: BTreeMap<&'t str, (u64, u32)>,
}

impl<'t> Entities<'t> {
    /// Remembers an entity; true when it grows beyond all use.
    pub(super) fn add(&mut self, name: &'t str, value: &'t str) -> bool {
        let mut size = value.len() as u64;
        let mut levels = 0_u32;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut recursive = false;
        for reference in references(value) {
            recursive |= reference == name;
            if let Some((inner, inner_levels)) = self.sizes.get(reference) {
                size = size.saturating_add(*inner);
                levels = levels.max(inner_levels.saturating_add(1));
            }
            let count = counts.entry(reference).or_default();
            *count = count.saturating_add(1);
        }
        let multiplies = counts.values().any(|count| *count >= OFTEN);
        self.sizes.insert(name, (size, levels));
        recursive || size > LARGE && levels > 0 || levels >= 2 && multiplies
    }

    /// Whether the document's own references grow it beyond all use.
    pub(super) fn explode_in(&self, text: &str) -> bool {
        if self.sizes.is_empty() {
            return false;
        }
        let grown = references(text)
            .filter_map(|name| self.sizes.get(name))
            .fold(0_u64, |all, (size, _)| all.saturating_add(*size));
        grown > LARGE.saturating_mul(16) && grown > (text.len() as u64).saturating_mul(50)
    }
}

/// The names that a text refers to, as `&name;` or `%name;`.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split(['&', '%']).skip(1).filter_map(|piece| {
        let end = piece.bytes().take(64).position(|byte| byte == b';')?;
        piece.get(..end).filter(|name| !name.is_empty() && !name.starts_with('#'))
    })
}

/// Whether a value is itself a declaration once its characters are resolved: the way round the ban on parameter entities in
/// an internal subset.
pub(super) fn declares(value: &str) -> bool {
    let bytes = value.as_bytes();
    let written = memchr::memmem::find(bytes, b"<!").is_some() || memchr::memmem::find(bytes, b"&#").is_some();
    written && {
        let mut text = value.to_owned();
        for (reference, sign) in
            [("&#x3c;", "<"), ("&#60;", "<"), ("&#x21;", "!"), ("&#33;", "!"), ("&#x26;", "&"), ("&#38;", "&")]
        {
            text = text.to_ascii_lowercase().replace(reference, sign);
        }
        text.contains("<!entity") || text.contains("<!doctype")
    }
}
