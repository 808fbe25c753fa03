//! The id of a message that was refused, so that whoever waits for an answer gets one.

use crate::id::{Id, MAX_ID_BYTES};
use crate::protocol::folds_to_id;
use crate::scan::next_special;
use crate::text::decode;

/// The source text of the one id at the top level of a broken or cut message; `None` when there is none, or a second
/// one in any spelling. In a batch, the members' ids count together.
///
/// Lenient about everything but the id: the message may be cut, hold invalid UTF-8, or be no JSON in other places.
pub fn salvage_id(bytes: &[u8]) -> Option<String> {
    let mut ids = Ids::default();
    forward(bytes, &mut ids);
    ids.only()
}

/// The id of a message of which only the start and the end are at hand. Official SDKs write the id last.
pub fn salvage_cut_id(head: &[u8], tail: &[u8]) -> Option<String> {
    let mut ids = Ids::default();
    if forward(head, &mut ids) {
        backward(tail, &mut ids);
    }
    ids.only()
}

/// The ids seen so far: the first, and whether it is alone.
#[derive(Default)]
struct Ids {
    first: Option<String>,
    count: u32,
}

impl Ids {
    /// Takes the value of a member if its key is an id's.
    fn member(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Ok(key) = std::str::from_utf8(key) else { return };
        let key = decode(key);
        if !folds_to_id(&key) {
            return;
        }
        self.count = self.count.saturating_add(1);
        if self.count == 1 && key == "id" {
            self.first = value.and_then(lexeme);
        }
    }

    fn only(self) -> Option<String> {
        self.first.filter(|_| self.count == 1)
    }
}

/// The scalar as an id that an answer may carry: it goes into a line of ours as it is.
fn lexeme(scalar: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(scalar).ok().filter(|text| text.len() <= MAX_ID_BYTES)?;
    Id::read(text).map(|id| id.lexeme().to_owned())
}

/// The scan of [`salvage_id`]: brackets, strings, and the members of message objects.
struct Scan<'b> {
    bytes: &'b [u8],
    at: usize,
    /// Open braces and brackets.
    depth: usize,
    /// The depth inside a message object: 1, or 2 in a batch.
    level: usize,
    /// Whether what is open at that level is an object.
    object: bool,
    key: Option<&'b [u8]>,
    /// The colon after the key has been seen.
    colon: bool,
}

/// Collects the ids of a message from its start. Tells whether a single message is still open at the end.
fn forward(bytes: &[u8], ids: &mut Ids) -> bool {
    let mut scan = Scan { bytes, at: 0, depth: 0, level: 1, object: false, key: None, colon: false };
    while let Some(byte) = bytes.get(scan.at) {
        scan.token(*byte, ids);
    }
    scan.value(None, ids);
    scan.level == 1 && scan.depth > 0 && scan.object
}

impl Scan<'_> {
    fn token(&mut self, byte: u8, ids: &mut Ids) {
        let start = self.at;
        self.at = start.saturating_add(1);
        match byte {
            b'"' => self.string(start, ids),
            b'{' | b'[' => self.open(byte, ids),
            b'}' | b']' => {
                self.value(None, ids);
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => self.value(None, ids),
            b':' if self.in_message() => self.colon = self.key.is_some(),
            _ if self.colon && is_scalar(byte) => self.scalar(start, ids),
            _ => {}
        }
    }

    fn in_message(&self) -> bool {
        self.object && self.depth == self.level
    }

    fn open(&mut self, byte: u8, ids: &mut Ids) {
        self.value(None, ids);
        if self.depth == 0 {
            self.level = if byte == b'[' { 2 } else { 1 };
        }
        self.depth = self.depth.saturating_add(1);
        if self.depth == self.level {
            self.object = byte == b'{';
        }
    }

    /// Ends a member whose value is a scalar of this source text, or `None` if it is nothing that an id can be.
    fn value(&mut self, value: Option<&[u8]>, ids: &mut Ids) {
        if self.in_message() {
            if let Some(key) = self.key.take().filter(|_| self.colon) {
                ids.member(key, value);
            }
            self.colon = false;
        }
    }

    fn string(&mut self, start: usize, ids: &mut Ids) {
        let Some(quote) = closing_quote(self.bytes, self.at) else {
            self.at = self.bytes.len();
            return;
        };
        let inner = self.at..quote;
        self.at = quote.saturating_add(1);
        if self.colon {
            self.value(self.bytes.get(start..self.at), ids);
        } else if self.in_message() {
            self.key = self.bytes.get(inner);
        }
    }

    fn scalar(&mut self, start: usize, ids: &mut Ids) {
        let rest = self.bytes.get(start..).unwrap_or_default();
        // Without an end, more digits may have been cut off.
        if let Some(length) = rest.iter().position(|byte| !is_scalar(*byte)) {
            self.at = start.saturating_add(length);
            self.value(rest.get(..length), ids);
        } else {
            self.at = self.bytes.len();
        }
    }
}

fn is_scalar(byte: u8) -> bool {
    !matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b',' | b':' | 0..=b' ')
}

/// The quote that ends the string whose inner text starts at `from`.
fn closing_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at = next_special(bytes, at);
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\\' => at = at.saturating_add(2),
            _ => at = at.saturating_add(1),
        }
    }
}

/// Collects the ids among the members before the brace that ends a message, as far back as the bytes go.
///
/// Sound because that brace is one: what stands before it is a token, not part of a string, and so on backwards.
fn backward(tail: &[u8], ids: &mut Ids) {
    let Some(mut rest) = tail.trim_ascii_end().strip_suffix(b"}") else { return };
    while let Some((before, value)) = last_value(rest.trim_ascii_end())
        && let Some(before) = before.trim_ascii_end().strip_suffix(b":")
        && let Some((before, key)) = last_string(before.trim_ascii_end())
    {
        ids.member(key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\"")).unwrap_or(key), value);
        let Some(before) = before.trim_ascii_end().strip_suffix(b",") else { return };
        rest = before;
    }
}

/// The value that `bytes` end with, if it is a scalar, and what stands before it.
fn last_value(bytes: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    match bytes.last()? {
        b'"' => last_string(bytes).map(|(before, literal)| (before, Some(literal))),
        b'}' | b']' => before_brackets(bytes).map(|before| (before, None)),
        _ => {
            let start = bytes.iter().rposition(|byte| !is_scalar(*byte))?.saturating_add(1);
            let (before, scalar) = bytes.split_at_checked(start)?;
            (!scalar.is_empty()).then_some((before, Some(scalar)))
        }
    }
}

/// What stands before the array or object that `bytes` end with.
fn before_brackets(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let mut depth = 0_usize;
    loop {
        let (byte, before) = rest.split_last()?;
        rest = before;
        match byte {
            b'"' => rest = last_string(bytes.get(..rest.len().saturating_add(1))?)?.0,
            b'}' | b']' => depth = depth.saturating_add(1),
            b'{' | b'[' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(rest);
        }
    }
}

/// The string literal that `bytes` end with, and what stands before it.
fn last_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut inner = bytes.strip_suffix(b"\"")?;
    loop {
        let quote = memchr::memrchr(b'"', inner)?;
        let before = inner.get(..quote)?;
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 0 {
            return bytes.split_at_checked(quote);
        }
        inner = before;
    }
}
