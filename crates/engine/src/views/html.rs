//! HTML and XML character references.

mod names;

use super::cursor::Cursor;

/// Resolves references, repeatedly where one spells the `&` of the next (`&amp;lt;`); `None` when nothing changes.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut cursor = Cursor::new(text.as_bytes());
    let mut out: Option<String> = None;
    // Bytes of `text` that are copied so far: everything before the reference at hand.
    let mut copied = 0_usize;
    loop {
        cursor.take_until(b'&');
        let start = text.len().saturating_sub(cursor.rest().len());
        if cursor.next().is_none() {
            break;
        }
        let mut after = cursor;
        let Some(mut decoded) = reference(&mut after) else { continue };
        // What `&amp;` yields may begin a reference with what follows; each round reads on, so this ends.
        while decoded == '&' {
            let mut further = after;
            let Some(next) = reference(&mut further) else { break };
            // `&amp;#x6&#56;;`: another reference gives the rest of this one, in the next round.
            let end = text.len().saturating_sub(further.rest().len());
            let ended = end.checked_sub(1).and_then(|last| text.as_bytes().get(last)) == Some(&b';');
            if !ended && further.peek() == Some(b'&') {
                break;
            }
            decoded = next;
            after = further;
        }
        let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(text.get(copied..start).unwrap_or(""));
        out.push(decoded);
        cursor = after;
        copied = text.len().saturating_sub(cursor.rest().len());
    }
    let mut out = out?;
    out.push_str(text.get(copied..).unwrap_or(""));
    Some(out)
}

/// Reads the reference after an `&`.
fn reference(cursor: &mut Cursor<'_>) -> Option<char> {
    if cursor.eat(b"#") {
        let radix = if cursor.eat(b"x") || cursor.eat(b"X") { 16 } else { 10 };
        // Browsers take any number of leading zeros, a favourite way to get past a filter.
        let zeros = cursor.take_while(|byte| byte == b'0').len();
        let least = usize::from(zeros == 0);
        let code = cursor.number(radix, least, 7)?;
        cursor.eat(b";");
        return Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let name = std::str::from_utf8(cursor.take_while(|byte| byte.is_ascii_alphanumeric())).ok()?;
    let terminated = cursor.eat(b";");
    names::character(name, terminated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_references() {
        for (encoded, plain) in [
            ("&lt;script&gt;", "<script>"),
            ("&#60;&#x3c;&#X3C;&#0000060;&#60", "<<<<<"),
            ("&amp;lt; &amp;amp;amp;gt;", "< >"),
            ("&amp;#x2e;&period;&sol;", "../"),
            // What the next round reads as `h`.
            ("&amp;#x6&#56;;", "&#x68;"),
            ("a &AMP b&lt", "a & b<"),
            ("&Tab;&NewLine;&nbsp;x", "\t\n\u{a0}x"),
            ("x&#xd800;y", "x\u{fffd}y"),
            ("é&quot;é", "é\"é"),
        ] {
            assert_eq!(decode(encoded).as_deref(), Some(plain), "{encoded}");
        }
    }

    #[test]
    fn leaves_other_ampersands_alone() {
        for text in ["a && b", "x=1&copy=2&sol=3", "AT&T", "&", "&;", "&#;", "&#x;", "&unknown;", "a&b;c"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
