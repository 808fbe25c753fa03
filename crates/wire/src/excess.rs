//! What is kept of a message that is too long to be kept.

use crate::line::Line;

/// What it leaves of its start and of its end.
const SAMPLE_BYTES: usize = 16 << 10;

/// Its samples, and its length so far.
#[derive(Debug, Default)]
pub(crate) struct Excess {
    head: Vec<u8>,
    tail: Vec<u8>,
    length: u64,
}

impl Excess {
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.length = self.length.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let missing = SAMPLE_BYTES.saturating_sub(self.head.len()).min(bytes.len());
        let (head, rest) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
        self.head.extend_from_slice(head);
        let surplus = rest.len().saturating_sub(SAMPLE_BYTES + 1);
        self.tail.extend_from_slice(rest.get(surplus..).unwrap_or_default());
        // Cut only at twice the sample, so that small pieces do not move it each time; one byte more may be a CR.
        if self.tail.len() > 2 * SAMPLE_BYTES {
            self.cut_tail(SAMPLE_BYTES + 1);
        }
    }

    fn cut_tail(&mut self, size: usize) {
        let surplus = self.tail.len().saturating_sub(size);
        self.tail.drain(..surplus);
    }

    /// Ends a line: a CR before its end is not part of it.
    pub(crate) fn end_line(&mut self) {
        if self.tail.last().or(self.head.last()) == Some(&b'\r') {
            self.length = self.length.saturating_sub(1);
            if self.tail.pop().is_none() {
                self.head.pop();
            }
        }
        self.end();
    }

    /// Ends what is not a line.
    pub(crate) fn end(&mut self) {
        self.cut_tail(SAMPLE_BYTES);
    }

    pub(crate) fn line(&self) -> Line<'_> {
        Line::Oversize { head: &self.head, tail: &self.tail, length: self.length }
    }
}
