//! The fingerprint that ties a record to its message without keeping the message.

use sha2::Digest as _;

/// SHA-256 of a message's bytes as they came, without the line's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `message`.
    pub fn of(message: &[u8]) -> Self {
        Self(sha2::Sha256::digest(message).into())
    }

    /// In hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        Self::hex_of(&self.0)
    }

    /// Any bytes in hexadecimal digits.
    pub(crate) fn hex_of(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Appends it as a JSON string of hexadecimal digits.
    pub(crate) fn write_json(self, out: &mut Vec<u8>) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [b'"'; 66];
        for (pair, byte) in hex[1..65].chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        out.extend_from_slice(&hex);
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn known_answer() {
        let mut json = Vec::new();
        Digest::of(b"abc").write_json(&mut json);
        assert_eq!(json, b"\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
    }
}
