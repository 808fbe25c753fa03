//! Log records of OpenTelemetry, as OTLP has them in JSON.

use serde::Serialize;

use super::{Outcome, PRODUCT, VERSION, message, millis, severity, uid};
use crate::record::Record;

/// A record as a log record of OTLP.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Otlp {
    /// A number of 64 bits is text in OTLP's JSON.
    time_unix_nano: String,
    severity_number: u8,
    severity_text: &'static str,
    #[serde(flatten)]
    trace: Option<Context>,
    body: Text,
    attributes: Vec<Attribute>,
    event_name: &'static str,
}

/// The trace that it belongs to, and the span in which the message was sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    trace_id: String,
    span_id: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Attribute {
    key: &'static str,
    value: Text,
}

/// A value. All of ours are text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    string_value: String,
}

impl Text {
    fn of(text: impl Into<String>) -> Self {
        Self { string_value: text.into() }
    }
}

/// A record as a log record of OTLP; `None` for what is no record of a verdict.
pub fn otlp(record: &Record) -> Option<Otlp> {
    let outcome = Outcome::of(record)?;
    // What passed is information; from there to errors by how bad it is.
    let (severity_number, severity_text) = match (outcome, severity(record)) {
        (Outcome::Passed, _) => (9, "INFO"),
        (_, 0..=2) => (13, "WARN"),
        (_, 3) => (14, "WARN2"),
        _ => (17, "ERROR"),
    };
    let event_name = match outcome {
        Outcome::Passed => "mcp_vanguard.passed",
        Outcome::Flagged => "mcp_vanguard.flagged",
        Outcome::Refused => "mcp_vanguard.refused",
    };
    let trace = record.trace.as_ref().map(|of| Context { trace_id: of.id.clone(), span_id: of.span.clone() });
    let (time_unix_nano, body) = (nanos(record).to_string(), Text::of(message(record)));
    let attributes = attributes(record);
    Some(Otlp { time_unix_nano, severity_number, severity_text, trace, body, attributes, event_name })
}

/// When it was made, in nanoseconds since 1970.
pub(super) fn nanos(record: &Record) -> i128 {
    i128::from(millis(record)) * 1_000_000
}

/// What is said of a record beside its text.
pub(super) fn attributes(record: &Record) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    let mut add = |key, value: Option<&str>| {
        attributes.extend(value.map(|value| Attribute { key, value: Text::of(value) }));
    };
    add("mcp.method.name", record.method.as_deref());
    add("gen_ai.tool.name", record.tool.as_deref());
    add("mcp.session.id", record.session.as_deref());
    add("jsonrpc.request.id", record.id.as_deref());
    add("user.name", record.principal.as_deref());
    add("mcp_vanguard.server", record.server.as_deref());
    add("mcp_vanguard.flow", record.flow.as_deref());
    add("mcp_vanguard.verdict", record.verdict.as_deref());
    add("mcp_vanguard.record", Some(&uid(record)));
    let found = record.findings.first();
    add("security_rule.name", found.map(|found| found.rule.as_str()));
    add("security_rule.description", found.map(|found| found.title.as_str()));
    add("security_rule.category", found.map(|found| found.layer.as_str()));
    add("mcp_vanguard.pointer", found.map(|found| found.pointer.as_str()));
    add("mcp_vanguard.evidence", found.map(|found| found.evidence.as_str()));
    attributes
}

/// What `POST /v1/logs` takes: the log records of one program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtlpLogs<T> {
    resource_logs: [ResourceLogs<T>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceLogs<T> {
    resource: Resource,
    scope_logs: [ScopeLogs<T>; 1],
}

#[derive(Debug, Serialize)]
pub(super) struct Resource {
    attributes: [Attribute; 2],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeLogs<T> {
    scope: Scope,
    log_records: T,
}

/// The program that says it.
#[derive(Debug, Serialize)]
pub(super) struct Scope {
    name: &'static str,
    version: &'static str,
}

/// Who says it.
pub(super) fn sender() -> (Resource, Scope) {
    let attribute = |key, value: &str| Attribute { key, value: Text::of(value) };
    let attributes = [attribute("service.name", PRODUCT), attribute("service.version", VERSION)];
    (Resource { attributes }, Scope { name: PRODUCT, version: VERSION })
}

/// Log records as they are sent.
pub fn otlp_logs<T: Serialize>(log_records: T) -> OtlpLogs<T> {
    let (resource, scope) = sender();
    OtlpLogs { resource_logs: [ResourceLogs { resource, scope_logs: [ScopeLogs { scope, log_records }] }] }
}
