//! A line with some of its values written anew, and nothing else touched.

use std::ops::Range;

/// One value's place, and what stands there instead.
pub(super) type Edit = (Range<usize>, String);

/// `line` with `edits`, which do not overlap.
pub(super) fn edited(line: &[u8], mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = Vec::with_capacity(line.len() + 16);
    let mut from = 0;
    for (range, text) in edits {
        out.extend_from_slice(&line[from..range.start]);
        out.extend_from_slice(text.as_bytes());
        from = range.end;
    }
    out.extend_from_slice(&line[from..]);
    out
}
