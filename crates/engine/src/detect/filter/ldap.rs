//! A value that closes an LDAP filter (RFC 4515) and goes on with another.

use std::ops::Range;

/// Where a filter is closed that the value has not opened, and another begins.
pub(super) fn breakout(value: &str) -> Option<Range<usize>> {
    let mut depth = 0_usize;
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b'(' => depth = depth.saturating_add(1),
            b')' if depth > 0 => depth = depth.saturating_sub(1),
            b')' => {
                let rest = value.get(at.saturating_add(1)..)?;
                let before = value.get(..at)?;
                // A face in prose.
                if before.ends_with([':', ';', '-']) {
                    continue;
                }
                if begins(rest.trim_start_matches([')', ' ']))
                    || (before.ends_with('*') && rest.trim_start_matches(')').starts_with('\0'))
                {
                    return Some(at..value.len());
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether a filter begins there: `(&`, `(|(`, `(!(`, `(name=`.
fn begins(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('(') else { return false };
    let inner = inner.trim_start_matches(['(', ' ']);
    if let Some(rest) = inner.strip_prefix(['&', '|', '!']) {
        let rest = rest.trim_start();
        return rest.is_empty() || rest.starts_with(['(', ')']) || is_comparison(rest);
    }
    is_comparison(inner)
}

/// `name=`, `name>=`, `name~=`, with no blank in it.
fn is_comparison(text: &str) -> bool {
    let name = text.bytes().take(48).take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.;:".contains(byte)).count();
    let rest = text.get(name..).unwrap_or("").trim_start_matches(['<', '>', '~']);
    name > 0 && rest.starts_with('=') && !rest.starts_with("==")
}
