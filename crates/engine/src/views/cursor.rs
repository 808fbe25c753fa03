//! A position in bytes that cannot overrun.

/// Reads forward through bytes; past the end there is simply nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next byte, unread.
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The byte `ahead` places after the next one.
    pub(super) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.rest.get(ahead).copied()
    }

    /// Reads one byte.
    pub(super) fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Skips `count` bytes, or all that is left; gives what was skipped.
    pub(super) fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        head
    }

    /// Reads `prefix` if it comes next.
    pub(super) fn eat(&mut self, prefix: &[u8]) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Reads while `wanted` holds.
    pub(super) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let count = self.rest.iter().position(|&byte| !wanted(byte)).unwrap_or(self.rest.len());
        self.take(count)
    }

    /// Reads up to the first of `needle`, which stays unread; all that is left where there is none.
    pub(super) fn take_until(&mut self, needle: u8) -> &'a [u8] {
        let count = memchr::memchr(needle, self.rest).unwrap_or(self.rest.len());
        self.take(count)
    }

    /// Reads between `least` and `most` digits of `radix` as one number.
    pub(super) fn number(&mut self, radix: u32, least: usize, most: usize) -> Option<u32> {
        let mut value = 0_u32;
        let mut count = 0_usize;
        while count < most {
            let Some(digit) = self.peek_at(count).and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            value = value.checked_mul(radix)?.checked_add(digit)?;
            count = count.saturating_add(1);
        }
        if count < least {
            return None;
        }
        self.take(count);
        Some(value)
    }
}
