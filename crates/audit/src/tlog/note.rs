//! Notes that are signed: text, and lines that say who signed it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use super::witness::Witness;

/// The byte that stands for Ed25519.
const ED25519: u8 = 1;
/// The most bytes of a note that is read: a checkpoint with sixteen signatures of any kind fits.
const MAX_NOTE: usize = 128 * 1024;
/// The most signatures of a note that are looked at.
const MAX_SIGNATURES: usize = 32;

/// The name under which a key signs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// A name without spaces, control characters and `+`.
    pub fn new(name: &str) -> Option<Self> {
        let fits = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+');
        fits.then(|| Self(name.to_owned()))
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What tells the key of this name apart.
    fn id(&self, key: &VerifyingKey) -> [u8; 4] {
        let digest = Sha256::new().chain_update(&self.0).chain_update([b'\n', ED25519]).chain_update(key.as_bytes());
        let [a, b, c, d, ..]: [u8; 32] = digest.finalize().into();
        [a, b, c, d]
    }

    /// The public key under this name as other programs take it (a *vkey*).
    pub fn verifier(&self, key: &VerifyingKey) -> String {
        let id = u32::from_be_bytes(self.id(key));
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(key.as_bytes());
        format!("{}+{id:08x}+{}", self.0, STANDARD.encode(bytes))
    }

    /// `text`, which ends with an LF, signed.
    pub fn sign(&self, key: &SigningKey, text: &str) -> String {
        let mut bytes = self.id(&key.verifying_key()).to_vec();
        bytes.extend_from_slice(&key.sign(text.as_bytes()).to_bytes());
        format!("{text}\n— {} {}\n", self.0, STANDARD.encode(bytes))
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a note is none, or is not by whom it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not of the form.
    #[error("it is not a signed note")]
    Malformed,
    /// No signature is by the key.
    #[error("it is not signed by this key")]
    OtherKey,
    /// The signature is not of this text.
    #[error("its signature is not of this text")]
    Forged,
}

/// A note as it is written; nothing of it is trusted before [`Note::verify`].
#[derive(Debug, Clone)]
pub struct Note<'a> {
    text: &'a str,
    signatures: &'a str,
}

impl<'a> Note<'a> {
    /// Takes a note apart.
    pub fn parse(note: &'a [u8]) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::Malformed);
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::Malformed)?;
        if note.contains(|c: char| c < ' ' && c != '\n') || !note.ends_with('\n') {
            return Err(NoteError::Malformed);
        }
        let end = note.rfind("\n\n").ok_or(NoteError::Malformed)? + 1;
        let (text, signatures) = (&note[..end], &note[end + 1..]);
        let fits = !signatures.is_empty() && signatures.lines().all(|line| parts(line).is_some());
        if fits { Ok(Self { text, signatures }) } else { Err(NoteError::Malformed) }
    }

    /// What it says, before anybody has verified it.
    pub fn unverified(&self) -> &'a str {
        self.text
    }

    /// What it says, where the key has signed it under this name.
    pub fn verify(&self, name: &KeyName, key: &VerifyingKey) -> Result<&'a str, NoteError> {
        let id = name.id(key);
        for (signer, bytes) in self.signatures.lines().take(MAX_SIGNATURES).filter_map(parts) {
            let Some((of, signature)) = bytes.split_at_checked(4) else { continue };
            if signer != name.as_str() || of != id {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::Forged)?;
            return match key.verify_strict(self.text.as_bytes(), &signature) {
                Ok(()) => Ok(self.text),
                Err(_) => Err(NoteError::Forged),
            };
        }
        Err(NoteError::OtherKey)
    }
}

impl Note<'_> {
    /// When a witness signed it, in seconds since 1970; `None` where it has not.
    pub fn cosigned(&self, witness: &Witness) -> Result<Option<u64>, NoteError> {
        for (signer, bytes) in self.signatures.lines().take(MAX_SIGNATURES).filter_map(parts) {
            let Some((of, rest)) = bytes.split_first_chunk::<4>() else { continue };
            if signer != witness.name.as_str() || *of != witness.id {
                continue;
            }
            let (time, signature) = rest.split_first_chunk::<8>().ok_or(NoteError::Forged)?;
            let (time, signature) =
                (u64::from_be_bytes(*time), Signature::from_slice(signature).map_err(|_| NoteError::Forged)?);
            let said = format!("cosignature/v1\ntime {time}\n{}", self.text);
            let signed = witness.key.verify_strict(said.as_bytes(), &signature);
            return signed.map(|()| Some(time)).map_err(|_| NoteError::Forged);
        }
        Ok(None)
    }
}

/// Name and bytes of a signature's line.
fn parts(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    (!name.is_empty() && bytes.len() > 4).then_some((name, bytes))
}
