//! Signatures, checked by the library that TLS has here as well. Nothing is ever signed.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature as by;

/// Makes it the one that tokens are checked by.
pub(super) fn install() {
    // Only the first call does anything, and all would do the same.
    let _ = PROVIDER.install_default();
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
    verifier_factory: |algorithm, key| {
        let check = check(*algorithm).ok_or(ErrorKind::UnsupportedAlgorithm)?;
        if key.family() != algorithm.family() {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        Ok(Box::new(Public { algorithm: *algorithm, check, key: key.clone() }))
    },
    // Of keys that somebody would make or name: here they come as they are.
    key_utils: KeyUtils::new_unimplemented(),
};

/// How an algorithm is checked. Those with a shared secret are not: who can check them can sign.
fn check(algorithm: Algorithm) -> Option<Check> {
    Some(match algorithm {
        Algorithm::RS256 => Check::Rsa(&by::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Check::Rsa(&by::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Check::Rsa(&by::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Check::Rsa(&by::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Check::Rsa(&by::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Check::Rsa(&by::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Check::Curve(&by::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Check::Curve(&by::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Check::Curve(&by::ED25519),
        _ => return None,
    })
}

enum Check {
    Rsa(&'static by::RsaParameters),
    Curve(&'static dyn by::VerificationAlgorithm),
}

/// A public key, for one algorithm.
struct Public {
    algorithm: Algorithm,
    check: Check,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        let checked = match (&self.check, self.key.kind()) {
            (Check::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                by::RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Check::Curve(curve), DecodingKeyKind::SecretOrDer(key)) => {
                by::UnparsedPublicKey::new(*curve, key).verify(message, signature)
            }
            _ => Err(ring::error::Unspecified),
        };
        checked.map_err(|_| Error::new())
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
