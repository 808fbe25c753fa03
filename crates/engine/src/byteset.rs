//! Sets and kinds of bytes, asked about with one look.

/// A set of bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByteSet([bool; 256]);

#[allow(clippy::indexing_slicing, reason = "a u8 cannot exceed a table of 256")]
impl ByteSet {
    /// No byte, or every one.
    pub(crate) const fn filled(with: bool) -> Self {
        Self([with; 256])
    }

    /// These.
    pub(crate) const fn of(bytes: &[u8]) -> Self {
        Self::filled(false).and(bytes)
    }

    /// These, too.
    pub(crate) const fn and(mut self, mut bytes: &[u8]) -> Self {
        while let Some((first, rest)) = bytes.split_first() {
            self.0[*first as usize] = true;
            bytes = rest;
        }
        self
    }

    /// Letters and digits of ASCII, too.
    pub(crate) const fn and_alphanumeric(self) -> Self {
        self.and(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    }

    pub(crate) fn add(&mut self, byte: u8) {
        self.0[usize::from(byte)] = true;
    }

    pub(crate) const fn has(&self, byte: u8) -> bool {
        self.0[byte as usize]
    }
}

/// For each byte the kinds that it is of, a bit for each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByteKinds([u8; 256]);

#[allow(clippy::indexing_slicing, reason = "a u8 cannot exceed a table of 256")]
impl ByteKinds {
    /// The bytes of each kind; all others are of none.
    pub(crate) const fn of(mut kinds: &[(u8, &[u8])]) -> Self {
        let mut table = [0; 256];
        while let Some(((kind, bytes), rest)) = kinds.split_first() {
            let mut bytes = *bytes;
            while let Some((first, rest)) = bytes.split_first() {
                table[*first as usize] |= *kind;
                bytes = rest;
            }
            kinds = rest;
        }
        Self(table)
    }

    pub(crate) const fn get(&self, byte: u8) -> u8 {
        self.0[byte as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_of_the_kinds_that_it_was_given_to() {
        let kinds = ByteKinds::of(&[(1, b"ab"), (2, b"b\xff")]);
        assert_eq!([b'a', b'b', 0xff, b'c'].map(|byte| kinds.get(byte)), [1, 3, 2, 0]);
    }

    #[test]
    fn a_set_has_what_it_was_given() {
        let set = ByteSet::of(b"_\xff").and_alphanumeric();
        for byte in 0..=u8::MAX {
            assert_eq!(set.has(byte), byte.is_ascii_alphanumeric() || matches!(byte, b'_' | 0xff));
        }
        assert!(ByteSet::filled(true).has(0) && !ByteSet::filled(false).has(0));
    }
}
