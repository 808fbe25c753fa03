//! The Secure Tool Manifest: a record as policy engines and auditors take it.
//!
//! It is a pure function of the record, and so is its canonical form (RFC 8785) and its signature (Ed25519): whenever it is made, it is the
//! same, and nothing beside the record can disagree with it. In the shape of `AuthZEN`: who (`subject`) wanted to do what (`action`) to what
//! (`resource`), and all that is known about it (`context`).

mod derive;
mod dsse;

use serde::{Deserialize, Serialize};

use crate::record::{Found, Material, Record};
use crate::tlog::Hash;

pub use derive::{CerbosRequest, OpaInput, cerbos, opa};
pub use dsse::{Envelope, EnvelopeError};

/// The type of the statement.
const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// The type of what it states.
const PREDICATE: &str = "urn:mcp-vanguard:secure-tool-manifest:2";

/// An in-toto statement about one record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Statement {
    /// What it is.
    #[serde(rename = "_type")]
    pub kind: &'static str,
    /// The record that it is about.
    pub subject: [Subject; 1],
    /// What it states.
    #[serde(rename = "predicateType")]
    pub predicate_type: &'static str,
    /// The manifest.
    pub predicate: Manifest,
}

/// What a statement is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The session, and the record's number in it.
    pub name: String,
    /// SHA-256 of the record's bytes, and the hash under which it stands in the log.
    pub digest: Digests,
}

/// Digests of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Digests {
    /// Of the bytes alone.
    pub sha256: String,
    /// As a leaf of the tree (RFC 6962).
    #[serde(rename = "rfc6962Leaf")]
    pub leaf: String,
}

/// What was decided about one message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Who.
    pub subject: Party,
    /// What they wanted to do.
    pub action: Action,
    /// To what.
    pub resource: Party,
    /// What is known about it.
    pub context: Context,
}

/// Somebody, or something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// What it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// Which.
    pub id: String,
    /// More about it.
    pub properties: Properties,
}

/// More about a party.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Properties {
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// How somebody proved who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<String>,
    /// The server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// The tool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Which way the message went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The roles of who calls, where a policy decision point is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// The scopes, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

/// What somebody wanted to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// The JSON-RPC method.
    pub name: String,
}

/// What is known about a message and its judgment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Context {
    /// When the record was made.
    pub time: String,
    /// What became of the message.
    pub verdict: String,
    /// In monitor mode: what would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_be: Option<String>,
    /// What was found, hardest first.
    pub findings: Vec<FindingOf>,
    /// Findings that the record had no room for.
    pub findings_left_out: u64,
    /// Entropy of encoded content in bits a byte, where any was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entropy: Option<f64>,
    /// Salted digests of the arguments.
    pub arguments: Vec<ArgumentOf>,
    /// What judged, and where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// How much of the message was looked at.
    pub coverage: Coverage,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingOf {
    /// The rule.
    pub rule: String,
    /// What it stops.
    pub title: String,
    /// The layer.
    pub layer: String,
    /// How bad.
    pub severity: String,
    /// How sure.
    pub confidence: String,
    /// Where in the message.
    pub pointer: String,
    /// What matched, masked.
    pub evidence: String,
    /// Catalogues that know it.
    pub references: Vec<String>,
}

/// One argument, by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArgumentOf {
    /// Its JSON pointer below the arguments.
    pub pointer: String,
    /// SHA-256 of its salt and its JSON text.
    pub sha256: String,
}

/// What judged, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Environment {
    /// The version of `McpVanguard`.
    pub version: String,
    /// SHA-256 of the program.
    pub binary_sha256: String,
    /// SHA-256 of the policy and of the rules that were added to the built-in ones.
    pub policy_sha256: String,
    /// The system.
    pub os: String,
    /// The processor.
    pub arch: String,
}

/// How much of a message was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Fields.
    pub fields: u64,
    /// Views of them.
    pub views: u64,
    /// Fields that hold no text.
    pub opaque: u64,
    /// Fields or views cut short.
    pub truncated: u64,
}

impl Statement {
    /// The statement about a record; `None` where the bytes are no record of a verdict.
    pub fn of(entry: &[u8]) -> Option<Self> {
        let record = Record::read(entry)?;
        let (session, seq) = (record.session.clone()?, record.seq?);
        let predicate = Manifest::of(record)?;
        let digest = Digests { sha256: crate::Digest::of(entry).hex(), leaf: Hash::leaf(entry).hex() };
        let subject = [Subject { name: format!("{session}/{seq}"), digest }];
        Some(Self { kind: STATEMENT, subject, predicate_type: PREDICATE, predicate })
    }

    /// Its canonical bytes.
    pub fn canonical(&self) -> Vec<u8> {
        // Strings and numbers alone: nothing that has no canonical form.
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }
}

impl Manifest {
    /// The manifest of a record of a verdict.
    pub(crate) fn of(record: Record) -> Option<Self> {
        let verdict = record.verdict?;
        let server = record.server.unwrap_or_default();
        let session = record.session;
        let id = record.principal.or_else(|| session.clone()).unwrap_or_default();
        let of_subject = Properties { session, entered_by: record.entered_by, ..Properties::default() };
        let subject = Party { kind: "agent".to_owned(), id, properties: of_subject };
        let method = record.method.unwrap_or_default();
        let (kind, id) = match &record.tool {
            Some(tool) => ("mcp:tool", format!("{server}/{tool}")),
            None => ("mcp:server", server.clone()),
        };
        let of_resource =
            Properties { server: Some(server), tool: record.tool, flow: record.flow, ..Properties::default() };
        let resource = Party { kind: kind.to_owned(), id, properties: of_resource };
        let covered = record.coverage.unwrap_or_default();
        let (arguments, environment) = match record.manifest {
            Some(Material { policy, binary, version, os, arch, arguments, .. }) => {
                let environment = Environment { version, binary_sha256: binary, policy_sha256: policy, os, arch };
                (arguments, Some(environment))
            }
            None => (Vec::new(), None),
        };
        let context = Context {
            time: record.time,
            verdict,
            would_be: record.would_be,
            findings: record.findings.into_iter().map(FindingOf::from).collect(),
            findings_left_out: record.findings_left_out.unwrap_or_default(),
            entropy: record.past.and_then(|past| past.entropy),
            arguments,
            environment,
            coverage: Coverage {
                fields: covered.fields,
                views: covered.views,
                opaque: covered.opaque,
                truncated: covered.truncated,
            },
        };
        Some(Self { subject, action: Action { name: method }, resource, context })
    }
}

impl From<Found> for FindingOf {
    fn from(found: Found) -> Self {
        let Found { rule, title, layer, severity, confidence, pointer, evidence, references, .. } = found;
        Self { rule, title, layer, severity, confidence, pointer, evidence, references }
    }
}

#[cfg(test)]
mod tests;
