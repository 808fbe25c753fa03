//! The hashes of the tree.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// A SHA-256 in the tree. Shown in base64, as checkpoints and proofs have it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// Bytes of one.
    pub const LEN: usize = 32;

    /// Of an entry: RFC 6962 sets leaves and nodes apart by their first byte.
    pub fn leaf(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
    }

    /// Of two subtrees.
    pub fn node(left: Self, right: Self) -> Self {
        let mut bytes = [1; 1 + 2 * Self::LEN];
        bytes[1..=Self::LEN].copy_from_slice(&left.0);
        bytes[1 + Self::LEN..].copy_from_slice(&right.0);
        Self(Sha256::digest(bytes).into())
    }

    /// Of a tree without entries.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// Reads base64.
    pub fn parse(text: &str) -> Option<Self> {
        // 32 bytes are 44 characters; more is not even decoded.
        let bytes = (text.len() == 44).then(|| STANDARD.decode(text).ok()).flatten()?;
        bytes.try_into().ok().map(Self)
    }

    /// In hexadecimal digits, as other programs name files and digests.
    pub fn hex(&self) -> String {
        crate::digest::Digest::hex_of(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
