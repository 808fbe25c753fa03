//! Bytes of a proof, one after another, and the numbers in them.

use super::OtsError;

/// What is left of the bytes.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], OtsError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(OtsError::Cut)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, OtsError> {
        Ok(self.bytes(1)?[0])
    }

    /// A number in groups of seven bits, the lowest first.
    pub(super) fn number(&mut self) -> Result<u64, OtsError> {
        let mut number = 0_u64;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(OtsError::Limit("a number"))
    }

    /// Bytes behind their number, at most `most` of them.
    pub(super) fn counted(&mut self, most: usize, what: &'static str) -> Result<&'a [u8], OtsError> {
        let count = self.number()?;
        match usize::try_from(count) {
            Ok(count) if count <= most => self.bytes(count),
            _ => Err(OtsError::Limit(what)),
        }
    }

    pub(super) fn end(&self) -> Result<(), OtsError> {
        if self.0.is_empty() { Ok(()) } else { Err(OtsError::Trailing) }
    }
}

/// Writes a number as [`Reader::number`] reads it.
pub(super) fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(0x80 | (number & 0x7f) as u8);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

/// Writes bytes behind their number.
pub(super) fn write_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    write_number(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
