//! A proof in a file of its own (`.ots`), beside what it is about.

use sha2::{Digest as _, Sha256};

use super::reader::{Reader, write_number};
use super::{Attestation, MAX_BYTES, OtsError, Timestamp};

/// How such a file begins.
const MAGIC: &[u8; 31] = b"\0OpenTimestamps\0\0Proof\0\xbf\x89\xe2\xe8\x84\xe8\x92\x94";
/// That the digest is SHA-256.
const SHA256: u8 = 0x08;

/// The proof of one digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detached {
    /// SHA-256 of what it is about.
    pub digest: [u8; 32],
    /// What that leads to.
    pub timestamp: Timestamp,
}

impl Detached {
    /// Of some bytes, which lead nowhere yet.
    pub fn new(about: &[u8]) -> Self {
        Self { digest: Sha256::digest(about).into(), timestamp: Timestamp::default() }
    }

    /// Reads a file.
    pub fn parse(bytes: &[u8]) -> Result<Self, OtsError> {
        if bytes.len() > MAX_BYTES {
            return Err(OtsError::Limit("the proof's length"));
        }
        let mut from = Reader::new(bytes.strip_prefix(MAGIC).ok_or(OtsError::Magic)?);
        match from.number()? {
            1 => {}
            other => return Err(OtsError::Version(other)),
        }
        if from.byte()? != SHA256 {
            return Err(OtsError::Digest);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(from.bytes(32)?);
        let timestamp = Timestamp::read(&mut from, &digest)?;
        from.end()?;
        Ok(Self { digest, timestamp })
    }

    /// The file's bytes. Fails where it attests nothing, and for what would be refused when it is read.
    pub fn bytes(&self) -> Result<Vec<u8>, OtsError> {
        let mut out = MAGIC.to_vec();
        write_number(&mut out, 1);
        out.push(SHA256);
        out.extend_from_slice(&self.digest);
        self.timestamp.write(&mut out);
        if self.timestamp == Timestamp::default() {
            return Err(OtsError::Empty);
        }
        Self::parse(&out).map(|_| out)
    }

    /// Each attestation, with the message that it is about.
    pub fn each(&self, mut with: impl FnMut(&[u8], &Attestation)) {
        self.timestamp.each(&self.digest, &mut with);
    }

    /// The calendars that know more later: what to ask each for, and the address that it gave.
    pub fn pending(&self) -> Vec<(Vec<u8>, String)> {
        let mut pending = Vec::new();
        self.each(|message, attestation| {
            if let Attestation::Pending(address) = attestation {
                pending.push((message.to_vec(), address.clone()));
            }
        });
        pending
    }

    /// The blocks that it says it is in: their heights, and the Merkle roots that they must have.
    pub fn blocks(&self) -> Vec<(u64, Vec<u8>)> {
        let mut blocks = Vec::new();
        self.each(|message, attestation| {
            if let Attestation::Bitcoin(height) = attestation {
                blocks.push((*height, message.to_vec()));
            }
        });
        blocks
    }
}
