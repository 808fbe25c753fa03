//! Witnesses: others who sign a checkpoint, each once it has seen that the log only grew (`tlog-cosignature`, with Ed25519).

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

use super::note::KeyName;

/// The byte that stands for cosignatures with Ed25519.
const COSIGNATURE: u8 = 4;

/// Who may have signed a checkpoint beside the log's owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name.
    pub name: KeyName,
    pub(super) key: VerifyingKey,
    pub(super) id: [u8; 4],
}

impl FromStr for Witness {
    type Err = &'static str;

    /// Reads the key as witnesses publish it (a *vkey*): name, id and key, with `+` between.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WHAT: &str = "a witness's key is NAME+ID+KEY, for cosignatures with Ed25519";
        let (name, rest) = text.trim().split_once('+').ok_or(WHAT)?;
        let (id, encoded) = rest.split_once('+').ok_or(WHAT)?;
        let name = KeyName::new(name).ok_or(WHAT)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| WHAT)?;
        let Some((&COSIGNATURE, key)) = bytes.split_first() else { return Err(WHAT) };
        let key = VerifyingKey::from_bytes(key.try_into().map_err(|_| WHAT)?).map_err(|_| WHAT)?;
        if key.is_weak() {
            return Err("this witness's key is weak: anyone could sign for it");
        }
        let digest =
            Sha256::new().chain_update(name.as_str()).chain_update([b'\n', COSIGNATURE]).chain_update(key.as_bytes());
        let [a, b, c, d, ..]: [u8; 32] = digest.finalize().into();
        let own = [a, b, c, d];
        if format!("{:08x}", u32::from_be_bytes(own)) != id {
            return Err("the id of the witness's key is that of another name or key");
        }
        Ok(Self { name, key, id: own })
    }
}
