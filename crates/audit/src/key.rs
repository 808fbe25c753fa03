//! Ed25519 keys as one line of text: those that sign rule sets, and those that sign what was recorded.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use ed25519_dalek::{SigningKey, VerifyingKey};

/// In front of a public key.
const PUBLIC: &str = "ed25519:";
/// In front of a private key, so that a secret scanner can know one.
const PRIVATE: &str = "vanguard-secret-ed25519:";

/// A new key from the operating system's randomness.
pub fn generate() -> Result<SigningKey, String> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| format!("the operating system gives no randomness: {error}"))?;
    Ok(SigningKey::from_bytes(&seed))
}

/// A public key as text.
#[must_use]
pub fn public_text(key: &VerifyingKey) -> String {
    format!("{PUBLIC}{}", STANDARD.encode(key.to_bytes()))
}

/// Reads a public key, refusing the weak points of small order.
pub fn parse_public(text: &str) -> Result<VerifyingKey, String> {
    let expected = || format!("a public key is `{PUBLIC}` and 44 characters of base64");
    let bytes =
        text.trim().strip_prefix(PUBLIC).and_then(|encoded| STANDARD.decode(encoded).ok()).ok_or_else(expected)?;
    let key = VerifyingKey::from_bytes(&bytes.try_into().map_err(|_| expected())?).map_err(|_| expected())?;
    if key.is_weak() { Err("this public key is weak: anyone could sign for it".to_owned()) } else { Ok(key) }
}

/// Writes a private key into a new file that only its owner can read; never over an existing one.
pub fn write_private(key: &SigningKey, path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{PRIVATE}{}", STANDARD.encode(key.to_bytes()))?;
    file.sync_all()
}

/// Reads a private key; its content never appears in the error.
pub fn read_private(path: &Path) -> Result<SigningKey, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", path.display()))?;
    let bytes = text.trim().strip_prefix(PRIVATE).and_then(|encoded| STANDARD.decode(encoded).ok());
    let seed: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    seed.map(|seed| SigningKey::from_bytes(&seed))
        .ok_or_else(|| format!("{}: is not a private key made by `vanguard`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_pair_survives_its_files_and_an_existing_file_is_never_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("key");
        let key = generate().expect("random");
        write_private(&key, &path).expect("written");
        assert_eq!(read_private(&path).expect("read").to_bytes(), key.to_bytes());
        assert_eq!(parse_public(&public_text(&key.verifying_key())).expect("read"), key.verifying_key());
        assert_eq!(write_private(&key, &path).expect_err("exists").kind(), io::ErrorKind::AlreadyExists);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_weak_or_broken_key_is_refused() {
        let weak = format!("{PUBLIC}{}", STANDARD.encode([0_u8; 32]));
        assert!(parse_public(&weak).expect_err("weak").contains("weak"));
        assert!(parse_public("ed25519:abc").is_err());
        assert!(parse_public("").is_err());
    }
}
