//! The envelope that a statement is signed in (DSSE).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::key;

/// What the payload is.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A signed payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// What it is.
    #[serde(rename = "payloadType")]
    pub payload_type: String,
    /// In base64.
    pub payload: String,
    /// Whose signatures it has.
    pub signatures: Vec<Signed>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The public key, as `vanguard audit key` prints it.
    pub keyid: String,
    /// In base64.
    pub sig: String,
}

/// Why an envelope is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is not of the form.
    #[error("it is not an in-toto statement in an envelope")]
    Malformed,
    /// Nobody with this key has signed it.
    #[error("it is not signed by this key")]
    OtherKey,
    /// The signature is not of this payload.
    #[error("its signature is not of this payload")]
    Forged,
}

impl Envelope {
    /// Signs a statement's bytes.
    pub fn sign(payload: &[u8], key: &SigningKey) -> Self {
        let sig = STANDARD.encode(key.sign(&pre_authentication(payload)).to_bytes());
        let signed = Signed { keyid: key::public_text(&key.verifying_key()), sig };
        Self { payload_type: PAYLOAD_TYPE.to_owned(), payload: STANDARD.encode(payload), signatures: vec![signed] }
    }

    /// The payload, where the key has signed it.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Vec<u8>, EnvelopeError> {
        if self.payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::Malformed);
        }
        let payload = STANDARD.decode(&self.payload).map_err(|_| EnvelopeError::Malformed)?;
        let id = key::public_text(key);
        let ours = self.signatures.iter().find(|signed| signed.keyid == id).ok_or(EnvelopeError::OtherKey)?;
        let bytes = STANDARD.decode(&ours.sig).map_err(|_| EnvelopeError::Malformed)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| EnvelopeError::Malformed)?;
        match key.verify_strict(&pre_authentication(&payload), &signature) {
            Ok(()) => Ok(payload),
            Err(_) => Err(EnvelopeError::Forged),
        }
    }
}

/// What is signed: type and payload with their lengths, so that neither can be taken for a part of the other.
fn pre_authentication(payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_what_the_specification_says() {
        // The specification's own example has another type: `DSSEv1 29 http://example.com/HelloWorld 11 hello world`.
        assert_eq!(pre_authentication(b"hello world"), b"DSSEv1 28 application/vnd.in-toto+json 11 hello world");
    }

    #[test]
    fn an_envelope_is_of_its_key_and_its_payload() {
        let (key, other) = (key::generate().unwrap(), key::generate().unwrap());
        let envelope = Envelope::sign(b"{}", &key);
        assert_eq!(envelope.verify(&key.verifying_key()).unwrap(), b"{}");
        assert_eq!(envelope.verify(&other.verifying_key()), Err(EnvelopeError::OtherKey));
        let forged = Envelope { payload: STANDARD.encode("{ }"), ..envelope.clone() };
        assert_eq!(forged.verify(&key.verifying_key()), Err(EnvelopeError::Forged));
        let of_other_type = Envelope { payload_type: "text/plain".to_owned(), ..envelope };
        assert_eq!(of_other_type.verify(&key.verifying_key()), Err(EnvelopeError::Malformed));
    }
}
