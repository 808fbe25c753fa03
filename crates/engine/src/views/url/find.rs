//! Where URLs are in a text.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The scheme of a value that is a URL as a whole: `scheme://`, or one of those that browsers complete (`http:host`).
pub(super) fn scheme_of(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(':')?;
    let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    if scheme.is_empty() || !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !letters {
        return None;
    }
    let web = ["http", "https", "ftp", "ws", "wss", "file"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (web || rest.starts_with("//")).then_some(scheme)
}

/// All URLs of `text`, those inside the query of another included.
pub(super) fn urls(text: &str) -> impl Iterator<Item = &str> {
    static SIGN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("://"));
    SIGN.find_iter(text.as_bytes()).filter_map(move |at| {
        let scheme =
            text.get(..at)?.bytes().rev().take(16).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'+');
        // A letter comes first: in `2http://` something else ends before it.
        let before = scheme.enumerate().filter(|(_, byte)| byte.is_ascii_alphabetic()).last()?.0;
        let url = text.get(at.saturating_sub(before).checked_sub(1)?..)?;
        let end = url.bytes().take(super::LONGEST).position(ends_url).unwrap_or(url.len().min(super::LONGEST));
        let whole = (0..=end).rev().find(|&at| url.is_char_boundary(at))?;
        url.get(..whole)
    })
}

fn ends_url(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'|' | b';' | b')' | b'(' | b'{' | b'}' | b'^')
}

/// Whether a word could be an IP address in some spelling: it begins with a digit or bracket, and up to its port or
/// path it is made of what addresses are made of, enough of it to be no port or count.
pub(super) fn may_be_address(word: &str) -> bool {
    if !word.starts_with(|c: char| c.is_ascii_digit()) {
        return word.strip_prefix('[').is_some_and(|inner| inner.contains(']'));
    }
    let host = word.split(['/', ':', '?', '#']).next().unwrap_or(word);
    let digits = host.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b'x' | b'X'));
    let number = !host.contains('.') && (host.len() >= 8);
    digits && (number || is_dotted(host))
}

/// Four numbers, or fewer of which one is in another base than ten: `1.2.3` is a version.
fn is_dotted(host: &str) -> bool {
    let parts = host.split('.').count();
    parts == 4 || ((2..4).contains(&parts) && (host.starts_with("0x") || host.starts_with("127.")))
}
