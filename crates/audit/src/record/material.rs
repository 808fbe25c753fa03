//! What the record of a refusal has beyond others, so that its manifest stands by itself.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::OnceLock;

use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::manifest::ArgumentOf;

/// The most arguments of one record.
const MAX_ARGUMENTS: usize = 32;
/// The most bytes kept of an argument's pointer: its keys are the peer's.
const MAX_POINTER_BYTES: usize = 128;

/// What judged a message, where, and what it was called with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Material {
    /// SHA-256 of the policy.
    pub policy: String,
    /// SHA-256 of the program.
    pub binary: String,
    /// Its version.
    pub version: String,
    /// The system.
    pub os: String,
    /// The processor.
    pub arch: String,
    /// Drawn anew for each record: with it and the key's owner the salts can be told.
    pub nonce: String,
    /// Salted digests of the arguments.
    pub arguments: Vec<ArgumentOf>,
    /// Arguments beyond the first 32.
    #[serde(skip_serializing_if = "is_none")]
    pub arguments_left_out: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none(count: &usize) -> bool {
    *count == 0
}

impl Material {
    /// Of a message that was judged by a policy of digest `policy`. `arguments` are pointers and JSON texts; without `salts` they are left out.
    pub(crate) fn new<'a>(
        policy: &str,
        salts: Option<&Salts>,
        arguments: impl Iterator<Item = (String, &'a str)>,
    ) -> Self {
        let mut nonce = [0; 16];
        // Without randomness nothing may be told of the arguments.
        let salts = salts.filter(|_| getrandom::fill(&mut nonce).is_ok());
        let nonce = Digest::hex_of(&nonce);
        let mut digests = Vec::new();
        let mut left_out = 0;
        for (mut pointer, text) in arguments {
            if digests.len() == MAX_ARGUMENTS {
                left_out += 1;
                continue;
            }
            pointer.truncate(pointer.floor_char_boundary(MAX_POINTER_BYTES));
            if let Some(salts) = salts {
                let salt = salts.salt(&nonce, &pointer);
                let sha256: [u8; 32] = Sha256::new().chain_update(salt).chain_update(text).finalize().into();
                digests.push(ArgumentOf { pointer, sha256: Digest::hex_of(&sha256) });
            }
        }
        Self {
            policy: policy.to_owned(),
            binary: program().to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            nonce,
            arguments: digests,
            arguments_left_out: left_out,
        }
    }
}

/// Where salts come from: the key, so that its owner can tell the salt of one argument, and nobody can guess an argument without it.
#[derive(Clone)]
pub struct Salts([u8; 32]);

impl std::fmt::Debug for Salts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salts")
    }
}

impl Salts {
    /// Those of a key.
    pub fn of(key: &SigningKey) -> Self {
        Self(Sha256::new().chain_update("mcp-vanguard argument salts\0").chain_update(key.to_bytes()).finalize().into())
    }

    /// The salt of one argument of one record.
    pub fn salt(&self, nonce: &str, pointer: &str) -> [u8; 32] {
        // Of one length in every case, so that nobody can lengthen what was told.
        let which = Sha256::new().chain_update(nonce).chain_update([0]).chain_update(pointer).finalize();
        Sha256::new().chain_update(self.0).chain_update(which).finalize().into()
    }

    /// The same in hexadecimal digits.
    pub fn salt_text(&self, nonce: &str, pointer: &str) -> String {
        Digest::hex_of(&self.salt(nonce, pointer))
    }
}

/// SHA-256 of the program that runs, in hexadecimal digits; empty where it can't be read. It takes some ten milliseconds the first time.
pub(crate) fn program() -> &'static str {
    static PROGRAM: OnceLock<String> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        // The file that runs, also where another has taken its name since.
        let path = if cfg!(target_os = "linux") {
            "/proc/self/exe".into()
        } else {
            std::env::current_exe().unwrap_or_default()
        };
        File::open(path).and_then(digest).unwrap_or_default()
    })
}

fn digest(mut file: File) -> io::Result<String> {
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(Digest::hex_of(&<[u8; 32]>::from(hasher.finalize()))),
            read => hasher.update(&chunk[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments<'a>(all: &[(&str, &'a str)]) -> std::vec::IntoIter<(String, &'a str)> {
        all.iter().map(|(pointer, text)| ((*pointer).to_owned(), *text)).collect::<Vec<_>>().into_iter()
    }

    #[test]
    fn the_same_argument_has_another_digest_each_time_and_its_owner_can_show_which_it_was() {
        let key = crate::key::generate().unwrap();
        let salts = Salts::of(&key);
        let make = || Material::new("p", Some(&salts), arguments(&[("/path", r#""/etc/shadow""#)]));
        let (one, other) = (make(), make());
        assert_ne!(one.arguments, other.arguments);
        let salt = salts.salt(&one.nonce, "/path");
        let shown: [u8; 32] = Sha256::new().chain_update(salt).chain_update(r#""/etc/shadow""#).finalize().into();
        assert_eq!(one.arguments[0].sha256, Digest::hex_of(&shown));
        assert_ne!(Salts::of(&crate::key::generate().unwrap()).salt(&one.nonce, "/path"), salt);
    }

    #[test]
    fn arguments_are_bounded_and_left_out_without_a_key() {
        let pointer = "/\u{e9}".repeat(1000);
        let many: Vec<(&str, &str)> = (0..100).map(|_| (pointer.as_str(), "1")).collect();
        let salts = Salts::of(&crate::key::generate().unwrap());
        let material = Material::new("p", Some(&salts), arguments(&many));
        assert_eq!((material.arguments.len(), material.arguments_left_out), (32, 68));
        assert!(material.arguments[0].pointer.len() <= MAX_POINTER_BYTES);
        assert!(Material::new("p", None, arguments(&many)).arguments.is_empty());
        assert_eq!(material.binary.len(), 64);
    }
}
