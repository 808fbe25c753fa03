//! What VEX answered to a report of a checkpoint: a third party's word that it was told of it, for what that is worth.
//!
//! A report's prompt holds the checkpoint's digest and nothing else. The gate behind VEX signs an *intent*, which holds a digest of the
//! prompt; its signature is the receipt. Who has the checkpoint makes prompt and intent again, bit for bit, and so needs nobody's word for
//! what was signed. The gate that `vex-server` has by default is a mock, whose key everybody knows: its receipts prove nothing, and are
//! called by that name. None of this anchors anything in Bitcoin.

use std::io;
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::capsule::{Capsule, CapsuleError, Json};
use crate::digest::Digest;
use crate::evidence::files::{remove, replace};
use crate::tlog::read_bounded;

/// What a receipt's file is.
const KIND: &str = "urn:mcp-vanguard:vex-receipt:1";
/// The directory in that of the log.
pub(crate) const DIRECTORY: &str = "receipts";
/// The most that are kept of a log. Beyond, the oldest go.
pub const MAX_RECEIPTS: usize = 16_384;
/// The most bytes of an answer.
pub(crate) const MAX_ANSWER: u64 = 64 * 1024;
/// The most bytes of a receipt's file.
const MAX_FILE: u64 = 512 * 1024;

/// A report as it was sent, and the answer as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// What it is, and of which version.
    #[serde(rename = "type")]
    pub kind: String,
    /// The checkpoint, as it was signed.
    pub checkpoint: String,
    /// The body that was sent, byte for byte.
    pub request: String,
    /// The body that was answered, byte for byte.
    pub answer: String,
    /// What became of the job, as far as it was heard.
    pub job: String,
    /// When it was answered, in seconds since 1970.
    pub received: u64,
}

/// What a receipt is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Worth {
    /// There is none.
    None,
    /// It is signed by the mock gate, whose key everybody has.
    Mock,
    /// Nobody knows who signed it: no key was given, or another did.
    Unverified,
    /// The gate's key that was given has signed it.
    Verified,
}

/// Why a receipt is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The report is not of the checkpoint.
    #[error("the report is of another checkpoint")]
    OtherCheckpoint,
    /// The answer is no answer.
    #[error("the answer is not understood")]
    Malformed,
    /// The answer is to another report.
    #[error("the answer is to another report")]
    OtherReport,
    /// The capsule that it carries does not hold.
    #[error(transparent)]
    Capsule(#[from] CapsuleError),
}

/// What is read of an answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    /// Names the job, in words.
    pub(crate) response: String,
    #[serde(default)]
    witness_receipt: Option<String>,
    #[serde(default)]
    pub(crate) context_hash: Option<String>,
    #[serde(default)]
    continuation_token: Option<Token>,
    /// All of the evidence, where a server gives it.
    #[serde(default)]
    evidence_capsule: Option<Json>,
}

#[derive(Debug, Deserialize)]
struct Token {
    payload: Payload,
    #[serde(default)]
    signature: String,
}

#[derive(Debug, Deserialize)]
struct Payload {
    #[serde(default)]
    issuer: String,
    #[serde(default)]
    execution_target: Option<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    #[serde(default)]
    intent_hash: Option<String>,
}

/// The body of a report.
#[derive(Debug, Serialize, Deserialize)]
struct Report {
    prompt: String,
    context_id: String,
    enable_adversarial: bool,
    enable_self_correction: bool,
    max_debate_rounds: u32,
}

impl Receipt {
    /// The body that reports a checkpoint. The same for the same checkpoint, so that one that came twice is known for one.
    pub fn report(checkpoint: &str) -> String {
        let digest = Digest::of(checkpoint.as_bytes()).hex();
        let report = Report {
            prompt: prompt(checkpoint),
            context_id: format!("sha256:{digest}"),
            // There is nothing to debate about a digest, and each round is paid for.
            enable_adversarial: false,
            enable_self_correction: false,
            max_debate_rounds: 1,
        };
        serde_json::to_string(&report).unwrap_or_default()
    }

    /// Of a report that was answered.
    pub(crate) fn new(checkpoint: &str, request: String, answer: String, job: &str) -> Self {
        let (kind, checkpoint, job) = (KIND.to_owned(), checkpoint.to_owned(), job.to_owned());
        Self { kind, checkpoint, request, answer, job, received: crate::send::now() }
    }

    /// What it is worth, by the key of a gate if there is one that is known. An error for what is no receipt of its checkpoint.
    pub fn worth(&self, gate: Option<&VerifyingKey>) -> Result<Worth, ReceiptError> {
        worth(&self.checkpoint, &self.request, &self.answer, gate)
    }

    /// The sizes of the checkpoints of a log that have a receipt, in their order.
    pub fn sizes(log: &Path) -> io::Result<Vec<u64>> {
        crate::anchor::sizes(&log.join(DIRECTORY), ".json", |size| path(log, size))
    }

    /// One of them.
    pub fn read(log: &Path, size: u64) -> io::Result<Self> {
        let receipt: Self = serde_json::from_slice(&read_bounded(&path(log, size), MAX_FILE)?)?;
        if receipt.kind == KIND { Ok(receipt) } else { Err(io::Error::other("it is no receipt")) }
    }

    /// Writes it; `forced`: on disk when this returns.
    pub(crate) fn write(&self, log: &Path, size: u64, forced: bool) -> io::Result<()> {
        replace(&path(log, size), &serde_json::to_vec_pretty(self)?, forced)
    }

    /// Removes the oldest beyond those that are kept.
    pub(crate) fn prune(log: &Path) -> io::Result<()> {
        let sizes = Self::sizes(log)?;
        sizes.iter().rev().skip(MAX_RECEIPTS).try_for_each(|&size| remove(&path(log, size)))
    }
}

/// What an answer to a report of a checkpoint is worth.
pub(crate) fn worth(
    checkpoint: &str,
    request: &str,
    answer: &str,
    gate: Option<&VerifyingKey>,
) -> Result<Worth, ReceiptError> {
    let report: Report = serde_json::from_str(request).map_err(|_| ReceiptError::OtherCheckpoint)?;
    // The server takes white space off a prompt before it hashes it; ours has none at its ends.
    if report.prompt != prompt(checkpoint) {
        return Err(ReceiptError::OtherCheckpoint);
    }
    let answer: Answer = serde_json::from_str(answer).map_err(|_| ReceiptError::Malformed)?;
    let intent = intent(&report.prompt);
    let token = answer.continuation_token.as_ref();
    let named = token.and_then(|token| token.payload.execution_target.as_ref()?.intent_hash.as_deref());
    if named.is_some_and(|named| !names(named, &intent)) {
        return Err(ReceiptError::OtherReport);
    }
    let capsule = answer.evidence_capsule.map(Capsule::of).transpose()?;
    if let Some(capsule) = &capsule
        && !capsule.check()?.is_of(intent.as_bytes())
    {
        return Err(ReceiptError::OtherReport);
    }
    let signature = answer.witness_receipt.as_deref().and_then(signature);
    let by = |key: &VerifyingKey| {
        signature.is_some_and(|sig| key.verify_strict(intent.as_bytes(), &sig).is_ok())
            || capsule.as_ref().is_some_and(|capsule| capsule.signed_by(key))
    };
    let mock = SigningKey::from_bytes(&[0; 32]).verifying_key();
    let says_mock =
        token.is_some_and(|token| token.payload.issuer == "chora-gate-mock" || token.signature == "mock-sig");
    Ok(match (answer.witness_receipt, &capsule) {
        (None, None) => Worth::None,
        _ if says_mock || by(&mock) => Worth::Mock,
        _ if gate.is_some_and(by) => Worth::Verified,
        _ => Worth::Unverified,
    })
}

/// What is sent of a checkpoint.
fn prompt(checkpoint: &str) -> String {
    format!("vanguard/report/v1 sha256:{}", Digest::of(checkpoint.as_bytes()).hex())
}

/// What the gate signs, as RFC 8785 writes it.
fn intent(prompt: &str) -> String {
    let request: [u8; 32] = Sha256::new().chain_update([0]).chain_update(prompt).finalize().into();
    let request = Digest::hex_of(&request);
    format!(r#"{{"capabilities":["api-execution"],"confidence":1,"request_sha256":"{request}"}}"#)
}

/// Whether a gate's token is of the intent: the mock gate names it by its plain hash, the specification by that of a leaf.
fn names(hash: &str, intent: &str) -> bool {
    let leaf: [u8; 32] = Sha256::new().chain_update([0]).chain_update(intent).finalize().into();
    hash == Digest::of(intent.as_bytes()).hex() || hash == Digest::hex_of(&leaf)
}

/// A signature in hexadecimal digits.
fn signature(hex: &str) -> Option<Signature> {
    let mut bytes = [0; 64];
    if hex.len() != 128 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().as_chunks::<2>().0) {
        let [high, low] = pair.map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(16 * high? + low?).ok()?;
    }
    Some(Signature::from_bytes(&bytes))
}

/// The file of the receipt of a checkpoint.
fn path(log: &Path, size: u64) -> PathBuf {
    log.join(DIRECTORY).join(format!("{size:012}.json"))
}

#[cfg(test)]
mod tests;
