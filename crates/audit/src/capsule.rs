//! Capsules of VEX: what was intended, who allowed it, who asked, and who witnessed it, under one hash.
//!
//! Public material has at least five constructions of that hash which do not agree. Ours is the one that `vex-server` 1.7.0 uses, bit for bit: a
//! Merkle tree of four leaves, each its segment as RFC 8785 writes it, of which the witness's has node and time only. A capsule that
//! another construction was used for is refused by the name of that.

mod json;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;
use crate::tlog::Hash;

pub use json::Json;

/// The names of the segments, in the order of the leaves.
const SEGMENTS: [&str; 4] = ["intent", "authority", "identity", "witness"];
/// Members that the server leaves out where they are null.
const OPTIONAL: [&[&str]; 4] = [
    &["magpie_source", "continuation_token", "circuit_id"],
    &["escalation_id", "binding_status", "continuation_token", "authority_class", "gate_sensors"],
    &["pcrs"],
    &[],
];

/// The four segments.
#[derive(Debug, Clone, PartialEq)]
pub struct Segments([BTreeMap<String, Json>; 4]);

/// A capsule as it came, of which nothing is believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Capsule {
    segments: Segments,
    /// The hashes of the segments and the root, as it says itself.
    said: [String; 5],
    signature: Signature,
}

/// Why a capsule is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CapsuleError {
    /// It is not of the form.
    #[error("the capsule is not of the form")]
    Malformed,
    /// It says that something else is signed, or in another way.
    #[error("the capsule's signature is not said to be of its root, by Ed25519")]
    Scope,
    /// Its root is made in a way that is not the server's.
    #[error("the capsule's root is that of {0}")]
    Construction(&'static str),
    /// Its root is made in no way that is known.
    #[error("the capsule's root is not that of its segments")]
    Root,
    /// A hash that it gives for a segment is another.
    #[error("the hash that the capsule gives for its {0} is another")]
    Segment(&'static str),
}

impl Segments {
    /// Of four objects, read as the server reads them: what is null there is not there.
    pub fn new(segments: [Json; 4]) -> Option<Self> {
        let [intent, authority, identity, witness] = segments;
        let mut read = Self([intent.members()?, authority.members()?, identity.members()?, witness.members()?]);
        for (members, optional) in read.0.iter_mut().zip(OPTIONAL) {
            members.retain(|name, value| *value != Json::Null || !optional.contains(&name.as_str()));
        }
        let [intent, _, _, witness] = &mut read.0;
        if !intent.contains_key("commitment_hash") {
            intent.entry("capabilities".to_owned()).or_insert(Json::List(Vec::new()));
        }
        let has = |name: &str| witness.contains_key(name);
        ["chora_node_id", "receipt_hash", "timestamp"].into_iter().all(has).then_some(read)
    }

    /// Whether they are of an intent, as RFC 8785 writes it.
    pub fn is_of(&self, intent: &[u8]) -> bool {
        self.whole()[0] == intent
    }

    /// The root: what a gate signs.
    pub fn root(&self) -> Hash {
        tree(self.committed().map(|bytes| Hash::leaf(&bytes)))
    }

    /// The hashes of the segments as the server prints them: those in the middle are without the byte that leaves begin with.
    fn hashes(&self) -> [String; 4] {
        let [intent, authority, identity, witness] = self.committed();
        [
            Hash::leaf(&intent).hex(),
            Digest::of(&authority).hex(),
            Digest::of(&identity).hex(),
            Hash::leaf(&witness).hex(),
        ]
    }

    /// The bytes that the leaves are made of.
    fn committed(&self) -> [Vec<u8>; 4] {
        let mut committed = self.whole();
        let minimal = ["chora_node_id", "timestamp"].map(|name| (name.to_owned(), self.0[3].get(name).cloned()));
        let minimal = minimal.into_iter().map(|(name, value)| (name, value.unwrap_or(Json::Null))).collect();
        committed[3] = Json::Members(minimal).canonical();
        committed
    }

    /// All of each segment, canonical.
    fn whole(&self) -> [Vec<u8>; 4] {
        self.0.each_ref().map(|members| Json::Members(members.clone()).canonical())
    }

    /// The construction that gives this root, of those that are not the server's.
    fn other(&self, root: &str) -> Option<&'static str> {
        let plain = |bytes: &Vec<u8>| Hash(Sha256::digest(bytes).into());
        let (committed, whole) = (self.committed(), self.whole());
        let flat = |segments: &[Vec<u8>; 4]| {
            let named = SEGMENTS
                .iter()
                .zip(segments)
                .map(|(name, bytes)| (format!("{name}_hash"), Json::Text(plain(bytes).hex())));
            plain(&Json::Members(named.collect()).canonical())
        };
        let joined = |hashes: [Hash; 4]| plain(&hashes.map(|hash| hash.0).concat());
        let mut bare_witness = committed.each_ref().map(|bytes| Hash::leaf(bytes));
        bare_witness[3] = plain(&committed[3]);
        [
            ("the specification 0.2 (one object of four hashes)", flat(&whole)),
            ("the specification 0.2 with the witness of 0.3", flat(&committed)),
            ("vex-sdk 1.6 (leaves of hashes)", tree(committed.each_ref().map(|bytes| Hash::leaf(&plain(bytes).0)))),
            ("vex-explorer (a witness without its first byte)", tree(bare_witness)),
            (
                "the note on compliance with CHORA 0.3 (four hashes one after another)",
                joined(whole.each_ref().map(plain)),
            ),
        ]
        .into_iter()
        .find_map(|(name, hash)| (hash.hex() == root).then_some(name))
    }

    /// A capsule of them, as JSON, signed by a gate.
    pub fn seal(&self, id: &str, gate: &SigningKey) -> String {
        let text = |text: &str| Json::Text(text.to_owned());
        let root = self.root();
        let mut capsule: BTreeMap<_, _> =
            SEGMENTS.map(str::to_owned).into_iter().zip(self.0.clone().map(Json::Members)).collect();
        for (name, hash) in SEGMENTS.iter().zip(self.hashes()) {
            capsule.insert(format!("{name}_hash"), Json::Text(hash));
        }
        let crypto = [
            ("algo", text("ed25519")),
            ("public_key_endpoint", text("/public_key")),
            ("signature_scope", text("capsule_root")),
            ("signature_b64", Json::Text(STANDARD.encode(gate.sign(&root.0).to_bytes()))),
        ];
        let crypto = crypto.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        capsule.extend([
            ("capsule_id".to_owned(), text(id)),
            ("capsule_root".to_owned(), Json::Text(root.hex())),
            ("crypto".to_owned(), Json::Members(crypto)),
        ]);
        String::from_utf8(Json::Members(capsule).canonical()).unwrap_or_default()
    }
}

impl Capsule {
    /// The most bytes of one that is read.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, CapsuleError> {
        if bytes.len() > Self::MAX_BYTES {
            return Err(CapsuleError::Malformed);
        }
        Self::of(serde_json::from_slice(bytes).map_err(|_| CapsuleError::Malformed)?)
    }

    /// Takes JSON for one.
    pub fn of(json: Json) -> Result<Self, CapsuleError> {
        let mut members = json.members().ok_or(CapsuleError::Malformed)?;
        let mut crypto = members.remove("crypto").and_then(Json::members).ok_or(CapsuleError::Malformed)?;
        let mut is = |name: &str, wanted: &str| crypto.remove(name).is_some_and(|said| said.text() == Some(wanted));
        if !is("algo", "ed25519") || !is("signature_scope", "capsule_root") {
            return Err(CapsuleError::Scope);
        }
        let read = || {
            let segments = SEGMENTS.map(|name| members.get(name).cloned().unwrap_or(Json::Null));
            let signature = STANDARD.decode(crypto.get("signature_b64")?.text()?).ok()?;
            let said = |name: &str| members.get(name)?.text().map(str::to_owned);
            Some(Self {
                segments: Segments::new(segments)?,
                said: [
                    said("intent_hash")?,
                    said("authority_hash")?,
                    said("identity_hash")?,
                    said("witness_hash")?,
                    said("capsule_root")?,
                ],
                signature: Signature::from_slice(&signature).ok()?,
            })
        };
        read().ok_or(CapsuleError::Malformed)
    }

    /// Makes the root again from the segments, and holds it and all hashes against what the capsule says. The segments, where all is one.
    pub fn check(&self) -> Result<&Segments, CapsuleError> {
        let [.., root] = &self.said;
        if self.segments.root().hex() != *root {
            return Err(self.segments.other(root).map_or(CapsuleError::Root, CapsuleError::Construction));
        }
        for ((name, hash), said) in SEGMENTS.into_iter().zip(self.segments.hashes()).zip(&self.said) {
            if hash != *said {
                return Err(CapsuleError::Segment(name));
            }
        }
        Ok(&self.segments)
    }

    /// Whether a key has signed its root, which is for [`check`](Self::check) to hold.
    pub fn signed_by(&self, key: &VerifyingKey) -> bool {
        key.verify_strict(&self.segments.root().0, &self.signature).is_ok()
    }
}

/// A tree of four leaves.
fn tree([a, b, c, d]: [Hash; 4]) -> Hash {
    Hash::node(Hash::node(a, b), Hash::node(c, d))
}
