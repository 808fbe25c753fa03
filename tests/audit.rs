//! The audit log as somebody reads it afterwards: each record found by the digest of its message.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// All records of a log.
#[derive(Debug)]
pub struct Log {
    records: Vec<Record>,
    text: String,
}

/// One record.
#[derive(Debug)]
pub struct Record(Value);

impl Log {
    /// Reads a log that nobody writes to any more.
    pub fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let records = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
        let records = records.filter(|record: &Value| record.get("event").is_none()).map(Record).collect();
        Self { records, text }
    }

    /// The records of verdicts, in the order of the file.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The records of one line, by its digest: one, or one a member of a batch.
    pub fn of(&self, line: &[u8]) -> Vec<&Record> {
        let mut digest = String::new();
        for byte in Sha256::digest(line) {
            let _ = write!(digest, "{byte:02x}");
        }
        self.records.iter().filter(|record| record.text("message_sha256") == digest).collect()
    }

    /// Whether some text stands anywhere in the file.
    pub fn mentions(&self, text: &str) -> bool {
        self.text.contains(text)
    }
}

impl Record {
    /// The verdict.
    pub fn verdict(&self) -> &str {
        self.text("verdict")
    }

    /// What the verdict would have been, in monitor mode, where it differs.
    pub fn would_be(&self) -> &str {
        self.text("would_be")
    }

    /// The rules that fired.
    pub fn rules(&self) -> Vec<&str> {
        let findings = self.0["findings"].as_array().map_or(&[][..], Vec::as_slice);
        findings.iter().filter_map(|finding| finding["rule"].as_str()).collect()
    }

    /// A field as text; empty where it is missing.
    pub fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// A field as it is.
    pub fn field(&self, name: &str) -> &Value {
        &self.0[name]
    }
}
