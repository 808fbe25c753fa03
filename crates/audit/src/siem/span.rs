//! Spans of OpenTelemetry, as OTLP has them in JSON: the judgment of a message, in the trace that the message belongs to.

use serde::Serialize;

use super::otlp::{Attribute, Resource, Scope, attributes, nanos, sender};
use super::{Outcome, uid};
use crate::digest::Digest;
use crate::record::Record;

/// The judgment of a message as a span, below the one in which the message was sent.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    trace_id: String,
    #[serde(rename = "spanId")]
    id: String,
    parent_span_id: String,
    name: String,
    kind: u8,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    attributes: Vec<Attribute>,
    status: Status,
}

#[derive(Debug, Serialize)]
struct Status {
    code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// Of work within a program, as OTLP counts kinds.
const INTERNAL: u8 = 1;
/// Of spans that ended as they should not, and of those of which nothing is said.
const ERROR: u8 = 2;
const UNSET: u8 = 0;

/// A record as a span; `None` for what is no record of a verdict, and for messages that belong to no trace.
pub fn span(record: &Record) -> Option<Span> {
    let outcome = Outcome::of(record)?;
    let trace = record.trace.as_ref()?;
    let name: Vec<&str> = [&record.method, &record.tool].into_iter().flatten().map(String::as_str).collect();
    let name = if name.is_empty() { "message".to_owned() } else { name.join(" ") };
    let took = record.timing.as_ref().map_or(0.0, |timing| timing.parse_us + timing.judge_us);
    let end = nanos(record);
    #[expect(clippy::cast_possible_truncation, reason = "it saturates, and no judgment takes years")]
    let start = end - (took * 1_000.0) as i128;
    let status = match (outcome, record.findings.first()) {
        (Outcome::Refused, found) => Status { code: ERROR, message: found.map(|found| found.rule.clone()) },
        _ => Status { code: UNSET, message: None },
    };
    Some(Span {
        trace_id: trace.id.clone(),
        // The same each time that the record is sent.
        id: Digest::of(uid(record).as_bytes()).hex().chars().take(16).collect(),
        parent_span_id: trace.span.clone(),
        name,
        kind: INTERNAL,
        start_time_unix_nano: start.to_string(),
        end_time_unix_nano: end.to_string(),
        attributes: attributes(record),
        status,
    })
}

/// What `POST /v1/traces` takes: the spans of one program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OtlpSpans<T> {
    resource_spans: [ResourceSpans<T>; 1],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans<T> {
    resource: Resource,
    scope_spans: [ScopeSpans<T>; 1],
}

#[derive(Debug, Serialize)]
struct ScopeSpans<T> {
    scope: Scope,
    spans: T,
}

/// Spans as they are sent.
pub fn otlp_spans<T: Serialize>(spans: T) -> OtlpSpans<T> {
    let (resource, scope) = sender();
    OtlpSpans { resource_spans: [ResourceSpans { resource, scope_spans: [ScopeSpans { scope, spans }] }] }
}
