//! How bad, how sure, and what to do.

use serde::{Deserialize, Serialize};

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
    /// Keep it from whoever would read it: replaced in what goes to the model; a request that would send it away is refused.
    Redact,
    /// A person should look before it proceeds; refused where nobody can be asked.
    Review,
    /// Refuse the message.
    Block,
}
