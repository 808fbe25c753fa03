//! What a layer found, and how it says so.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::views::Chain;

/// How bad it would be if the finding were true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth a line in the record.
    Low,
    /// Worth a look.
    Medium,
    /// Data or a machine at risk.
    High,
    /// Data or a machine lost.
    Critical,
}

/// How sure the layer is that the finding is what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A hint that needs company.
    Low,
    /// Usually right.
    Medium,
    /// Right unless someone quotes it.
    High,
}

/// What a rule asks for. The policy decides what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The rule does not run.
    Off,
    /// Record it.
    Warn,
    /// A person should look before it proceeds; refused where nobody can be asked.
    Review,
    /// Refuse the message.
    Block,
}

/// The layer that added a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// The strict reading of the message itself.
    #[serde(rename = "wire")]
    Wire,
    /// Deterministic rules and detectors.
    #[serde(rename = "l1")]
    L1,
    /// The proxy itself, where it fails closed: a crash of the engine, an audit that can't be written.
    #[serde(rename = "gateway")]
    Gateway,
}

/// What is true of every finding of one rule: shared, never copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleInfo {
    /// Stable id, e.g. `FS-003`.
    pub id: Cow<'static, str>,
    /// One line: what it stops.
    pub title: Cow<'static, str>,
    /// Family, which groups rules in reports, e.g. `path`.
    pub family: Cow<'static, str>,
    /// What the person whose call was refused reads: what is wrong and what to do instead.
    pub message: Cow<'static, str>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// CWE, CVE, OWASP, MITRE ATT&CK or RFC references, e.g. `CWE-22`.
    pub references: Vec<Cow<'static, str>>,
}

/// One thing a layer found in one message.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that fired.
    pub rule: Arc<RuleInfo>,
    /// The layer it belongs to.
    pub layer: Layer,
    /// What the rule asks for under the active profile, before overrides and exceptions.
    pub action: Action,
    /// RFC 6901 pointer of the field in the message; empty for the whole message.
    pub pointer: String,
    /// Byte range in the view that matched (in the message itself for [`Layer::Wire`]).
    pub span: Range<usize>,
    /// The decodings that led to the view, outermost first; empty for the field as it came.
    pub chain: Chain,
    /// The matched text, secrets masked, at most [`Evidence::MAX`] bytes.
    pub evidence: Evidence,
}

/// Matched text that is safe to show: bounded, without control characters, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Evidence(String);

impl Evidence {
    /// The most bytes of matched text that are kept.
    pub const MAX: usize = 160;

    /// Bounds and cleans `matched`; with `secret` everything but a short prefix and the length is masked.
    pub fn new(matched: &str, secret: bool) -> Self {
        if secret {
            let head: String = matched.chars().take(4).filter(char::is_ascii_alphanumeric).collect();
            return Self(format!("{head}… ({} characters, masked)", matched.chars().count()));
        }
        let mut clean = String::with_capacity(matched.len().min(Self::MAX));
        for c in matched.chars() {
            if clean.len() >= Self::MAX {
                clean.push('…');
                break;
            }
            match c {
                ' ' => clean.push(' '),
                c if c.is_control() || crate::views::is_invisible(c) => {
                    clean.extend(c.escape_unicode());
                }
                c => clean.push(c),
            }
        }
        Self(clean)
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
