//! Elements that bring something in: `xi:include`, imports of stylesheets and schemas, references of SVG.

use std::ops::Range;

use super::place;

/// The longest tag that is read.
const LONGEST: usize = 2048;

/// What an element's reference may name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The web as well: images have addresses.
    Web,
    /// The web as well, machines without a name aside: schemas are looked up by their names.
    Schema,
    /// Standards only.
    Standard,
    /// The document's own folder only.
    Folder,
}

/// Reads the tags of a text; tells where one includes, or (true) runs a program.
pub(super) fn read(text: &str, found: &mut dyn FnMut(bool, Range<usize>)) {
    let mut from = 0_usize;
    while let Some(at) = memchr::memchr(b'<', text.as_bytes().get(from..).unwrap_or_default()) {
        let start = from.saturating_add(at);
        from = start.saturating_add(1);
        let Some(rest) = text.get(from..) else { return };
        // Most tags are none of these.
        let head = rest.as_bytes();
        let has_prefix = || {
            head.iter()
                .take(16)
                .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b':')
                .any(|byte| *byte == b':')
        };
        if !matches!(head.first(), Some(b'i' | b'u' | b's' | b'f' | b'?')) && !has_prefix() {
            continue;
        }
        let length =
            rest.bytes().take(48).take_while(|byte| byte.is_ascii_alphanumeric() || b":-_.?".contains(byte)).count();
        let name = rest.get(..length).unwrap_or("");
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let styles = !prefix.is_empty() && !prefix.starts_with('?');
        let reach = match local {
            "include" if styles && prefix.starts_with("xi") => Reach::Folder,
            "include" | "import" | "redefine" | "override" if prefix.starts_with("xs") && prefix != "xsl" => {
                Reach::Schema
            }
            "include" | "import" if styles => Reach::Standard,
            "image" | "use" | "feImage" | "feimage" | "script" => Reach::Web,
            "?xml-stylesheet" => Reach::Standard,
            _ if !styles => continue,
            _ => Reach::Web,
        };
        let tag = rest.get(length..).unwrap_or("");
        let tag = tag.get(..tag.floor_char_boundary(LONGEST)).unwrap_or("");
        let tag = tag.get(..end(tag)).unwrap_or("");
        for (key, value) in attributes(tag) {
            let key_local = key.rsplit(':').next().unwrap_or(key);
            let range = start..from.saturating_add(length).saturating_add(tag.len());
            if runs(key, value, styles) {
                return found(true, range);
            }
            if matches!(key_local, "href" | "schemaLocation") && includes(value, reach) || reads(value) && styles {
                return found(false, range);
            }
        }
        from = from.saturating_add(length).saturating_add(tag.len());
    }
}

/// Where a tag ends, outside its quotes.
fn end(tag: &str) -> usize {
    let mut quote = None;
    for (at, byte) in tag.bytes().enumerate() {
        match byte {
            b'"' | b'\'' if quote.is_none() => quote = Some(byte),
            _ if quote == Some(byte) => quote = None,
            b'>' if quote.is_none() => return at,
            _ => {}
        }
    }
    tag.len()
}

fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        loop {
            let (key, behind) = rest.split_once('=')?;
            let key = key.split_ascii_whitespace().next_back().unwrap_or("");
            let behind = behind.trim_start();
            let Some(quote) = behind.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
                rest = behind;
                continue;
            };
            let inner = behind.get(1..)?;
            let (value, after) = inner.split_once(quote).unwrap_or((inner, ""));
            rest = after;
            return Some((key, value));
        }
    })
}

fn includes(value: &str, reach: Reach) -> bool {
    let value = value.trim();
    match place::host(value) {
        Some(_) if reach == Reach::Web => false,
        Some(host) if reach == Reach::Schema => {
            host == "localhost"
                || host.starts_with('[')
                || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        }
        Some(_) if reach == Reach::Folder => true,
        Some(_) => place::is_foreign("", value, true),
        None => {
            let data = value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
            !(reach == Reach::Web && (data || value.starts_with(['/', '.', '%', '&']))) && place::points_out(value)
        }
    }
}

/// Whether an expression reads a document by name.
fn reads(value: &str) -> bool {
    ["document(", "doc(", "unparsed-text(", "unparsed-text-lines(", "collection("].iter().any(|call| {
        value.match_indices(call).any(|(at, _)| {
            let argument = value.get(at.saturating_add(call.len())..).unwrap_or("").trim_start();
            argument.strip_prefix(['"', '\'']).is_some_and(place::points_out)
        })
    })
}

/// Whether an attribute binds or calls a program: namespaces of processors whose functions are methods of classes.
fn runs(key: &str, value: &str, styles: bool) -> bool {
    let binds = key.starts_with("xmlns:")
        && [
            "http://xml.apache.org/xalan/java",
            "http://xml.apache.org/xslt/java",
            "http://php.net/xsl",
            "urn:schemas-microsoft-com:xslt",
            "http://saxon.sf.net/java-type",
            "java:",
            "http://exslt.org/common/java",
        ]
        .iter()
        .any(|space| value.starts_with(space));
    binds
        || styles
            && ["php:function", "getRuntime", "ProcessBuilder", "java.lang."].iter().any(|call| value.contains(call))
}
