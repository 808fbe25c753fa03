//! Where brackets close.

use super::super::super::cursor::Cursor;

/// How far into `bytes`, which follow an opening bracket, its closing one is. Quotes hide brackets.
pub(super) fn closing(bytes: &[u8], open: u8, close: u8) -> Option<usize> {
    // Of many that are opened and never closed each would be followed to the end.
    memchr::memchr(close, bytes)?;
    let mut cursor = Cursor::new(bytes);
    let mut depth = 0_usize;
    // How deep each `case` begins whose patterns end in a bracket of their own.
    let mut cases: Vec<usize> = Vec::new();
    let mut esac = None;
    let mut in_word = false;
    while let Some(byte) = cursor.next() {
        let begins_word = !std::mem::replace(&mut in_word, byte.is_ascii_alphanumeric());
        match byte {
            b'c' if close == b')'
                && begins_word
                && cursor.rest().starts_with(b"ase ")
                && *esac.get_or_insert_with(|| memchr::memmem::find(cursor.rest(), b"esac").is_some()) =>
            {
                cases.push(depth);
            }
            b'e' if begins_word && !cases.is_empty() && cursor.rest().starts_with(b"sac") => {
                cases.pop();
            }
            byte if byte == close && cases.last() == Some(&depth) => {}
            b'\\' => {
                cursor.take(1);
            }
            // An open quote hides nothing.
            b'\'' => {
                if let Some(end) = memchr::memchr(b'\'', cursor.rest()) {
                    cursor.take(end.saturating_add(1));
                }
            }
            byte if byte == open => depth = depth.saturating_add(1),
            byte if byte == close => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return bytes.len().checked_sub(cursor.rest().len().saturating_add(1)),
            },
            _ => {}
        }
    }
    None
}

/// How far into `bytes`, which follow a backtick, the next unescaped one is.
pub(super) fn backtick(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'`', bytes).find(|&at| at.checked_sub(1).and_then(|at| bytes.get(at)) != Some(&b'\\'))
}
