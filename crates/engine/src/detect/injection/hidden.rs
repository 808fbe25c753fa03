//! Where a page shows nothing, though its text is read.

/// The longest tag that is looked through for a style.
const TAG: usize = 240;

/// Whether the tag that `rest` begins with has a style under which its text is not seen.
pub(super) fn is_hiding(rest: &[u8]) -> bool {
    if !rest.get(1).is_some_and(u8::is_ascii_alphabetic) {
        return false;
    }
    let tag = rest.get(..TAG).unwrap_or(rest);
    let tag = tag.get(..memchr::memchr(b'>', tag).unwrap_or(tag.len())).unwrap_or_default();
    let Some(style) = memchr::memmem::find(tag, b"style=") else { return false };
    let plain: Vec<u8> = tag
        .get(style..)
        .unwrap_or_default()
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(u8::to_ascii_lowercase)
        .collect();
    HIDING.iter().any(|hiding| memchr::memmem::find(&plain, hiding.as_bytes()).is_some())
}

/// Styles under which nothing is seen.
const HIDING: &[&str] = &[
    "display:none",
    "visibility:hidden",
    "opacity:0;",
    "opacity:0\"",
    "font-size:0",
    "font-size:1px",
    "left:-9",
    "top:-9",
    "text-indent:-9",
    "clip:rect(0",
    "color:#fff",
    "color:white",
    "color:transparent",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_that_hide_are_told_from_others() {
        for hiding in
            ["<p style=\"display: none\">", "<span style='FONT-SIZE:0px'>", "<div style=\"opacity:0;left:0\">"]
        {
            assert!(is_hiding(hiding.as_bytes()), "{hiding}");
        }
        for shown in ["<p style=\"color: red\">", "<p>display:none", "< style=display:none", "<", ""] {
            assert!(!is_hiding(shown.as_bytes()), "{shown}");
        }
    }
}
