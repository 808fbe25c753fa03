//! The Elastic Common Schema.

use serde::Serialize;

use super::{Outcome, PRODUCT, VENDOR, VERSION, message, severity, uid};
use crate::record::Record;

/// The version of the schema.
const ECS: &str = "8.17.0";

/// A record as a document of ECS.
#[derive(Debug, Serialize)]
pub struct Ecs<'r> {
    #[serde(rename = "@timestamp")]
    timestamp: &'r str,
    #[serde(rename = "ecs")]
    schema: Version,
    event: Event<'r>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Rule<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User<'r>>,
    observer: Observer,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Id<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<Id<'r>>,
    /// What the schema has no place for.
    mcp: Mcp<'r>,
}

#[derive(Debug, Serialize)]
struct Version {
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Event<'r> {
    kind: &'static str,
    category: [&'static str; 1],
    #[serde(rename = "type")]
    types: [&'static str; 1],
    action: &'r str,
    outcome: &'static str,
    severity: u8,
    id: String,
    provider: &'static str,
}

#[derive(Debug, Serialize)]
struct Rule<'r> {
    id: &'r str,
    name: &'r str,
    ruleset: &'r str,
    reference: String,
}

#[derive(Debug, Serialize)]
struct User<'r> {
    name: &'r str,
}

#[derive(Debug, Serialize)]
struct Observer {
    vendor: &'static str,
    product: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Id<'r> {
    id: &'r str,
}

#[derive(Debug, Serialize)]
struct Mcp<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<&'r str>,
    verdict: &'r str,
    findings: Vec<Finding<'r>>,
}

#[derive(Debug, Serialize)]
struct Finding<'r> {
    rule: &'r str,
    severity: &'r str,
    pointer: &'r str,
    evidence: &'r str,
}

/// A record as a document of ECS; `None` for what is no record of a verdict.
pub fn ecs(record: &Record) -> Option<Ecs<'_>> {
    let outcome = Outcome::of(record)?;
    let refused = outcome == Outcome::Refused;
    let (kind, category) = if outcome == Outcome::Passed { ("event", "api") } else { ("alert", "intrusion_detection") };
    let event = Event {
        kind,
        category: [category],
        types: [if refused { "denied" } else { "allowed" }],
        action: record.method.as_deref().unwrap_or("-"),
        outcome: if refused { "failure" } else { "success" },
        severity: severity(record),
        id: uid(record),
        provider: PRODUCT,
    };
    let rule = record.findings.first().map(|found| Rule {
        id: &found.rule,
        name: &found.title,
        ruleset: &found.layer,
        reference: found.references.join(" "),
    });
    let mcp = Mcp {
        session: record.session.as_deref(),
        server: record.server.as_deref(),
        method: record.method.as_deref(),
        tool: record.tool.as_deref(),
        flow: record.flow.as_deref(),
        verdict: record.verdict.as_deref().unwrap_or_default(),
        findings: record
            .findings
            .iter()
            .map(|found| Finding {
                rule: &found.rule,
                severity: &found.severity,
                pointer: &found.pointer,
                evidence: &found.evidence,
            })
            .collect(),
    };
    Some(Ecs {
        timestamp: &record.time,
        schema: Version { version: ECS },
        event,
        message: message(record),
        rule,
        user: record.principal.as_deref().map(|name| User { name }),
        observer: Observer { vendor: VENDOR, product: PRODUCT, version: VERSION },
        trace: record.trace.as_ref().map(|trace| Id { id: &trace.id }),
        span: record.trace.as_ref().map(|trace| Id { id: &trace.span }),
        mcp,
    })
}
