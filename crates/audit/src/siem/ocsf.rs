//! The Open Cybersecurity Schema Framework, 1.8: a *Detection Finding* where something was found, else an *API Activity*.

use serde::Serialize;

use super::{Outcome, PRODUCT, VENDOR, VERSION, message, millis, severity, uid};
use crate::record::{Found, Record};

/// The version of the schema.
const OCSF: &str = "1.8.0";

/// A record as an event of OCSF.
#[derive(Debug, Serialize)]
pub struct Ocsf<'r> {
    class_uid: u32,
    class_name: &'static str,
    category_uid: u32,
    category_name: &'static str,
    activity_id: u32,
    activity_name: &'static str,
    type_uid: u32,
    type_name: &'static str,
    severity_id: u8,
    severity: &'static str,
    time: i64,
    message: String,
    status_id: u8,
    status: &'static str,
    metadata: Metadata,
    action_id: u8,
    action: &'static str,
    disposition_id: u8,
    disposition: &'static str,
    #[serde(flatten)]
    of_class: OfClass<'r>,
    unmapped: Unmapped<'r>,
}

#[derive(Debug, Serialize)]
struct Metadata {
    version: &'static str,
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_uid: Option<String>,
    profiles: [&'static str; 1],
    product: Product,
}

#[derive(Debug, Serialize)]
struct Product {
    name: &'static str,
    vendor_name: &'static str,
    version: &'static str,
}

/// What the two classes do not share.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum OfClass<'r> {
    Finding {
        is_alert: bool,
        finding_info: FindingInfo<'r>,
        resources: [Resource<'r>; 1],
        #[serde(skip_serializing_if = "Vec::is_empty")]
        attacks: Vec<Attack<'r>>,
        evidences: Vec<Evidence<'r>>,
    },
    Activity {
        actor: Actor<'r>,
        api: Api<'r>,
        src_endpoint: Endpoint<'r>,
        resources: [Resource<'r>; 1],
    },
}

#[derive(Debug, Serialize)]
struct FindingInfo<'r> {
    uid: String,
    title: &'r str,
    types: Vec<&'r str>,
    analytic: Analytic<'r>,
}

#[derive(Debug, Serialize)]
struct Analytic<'r> {
    type_id: u8,
    #[serde(rename = "type")]
    kind: &'static str,
    uid: &'r str,
    name: &'r str,
}

#[derive(Debug, Serialize)]
struct Resource<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'r str>,
}

#[derive(Debug, Serialize)]
struct Attack<'r> {
    technique: Technique<'r>,
}

#[derive(Debug, Serialize)]
struct Technique<'r> {
    uid: &'r str,
}

#[derive(Debug, Serialize)]
struct Evidence<'r> {
    data: Data<'r>,
}

#[derive(Debug, Serialize)]
struct Data<'r> {
    rule: &'r str,
    title: &'r str,
    pointer: &'r str,
    evidence: &'r str,
    references: &'r [String],
}

#[derive(Debug, Serialize)]
struct Actor<'r> {
    user: User<'r>,
}

#[derive(Debug, Serialize)]
struct User<'r> {
    name: &'r str,
}

#[derive(Debug, Serialize)]
struct Api<'r> {
    operation: &'r str,
    service: Service<'r>,
}

#[derive(Debug, Serialize)]
struct Service<'r> {
    name: &'r str,
}

#[derive(Debug, Serialize)]
struct Endpoint<'r> {
    uid: &'r str,
}

/// What the schema has no place for.
#[derive(Debug, Serialize)]
struct Unmapped<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<&'r str>,
    verdict: &'r str,
}

/// A record as an event of OCSF; `None` for what is no record of a verdict.
pub fn ocsf(record: &Record) -> Option<Ocsf<'_>> {
    let outcome = Outcome::of(record)?;
    let refused = outcome == Outcome::Refused;
    let found = record.findings.first();
    let server = record.server.as_deref().unwrap_or_default();
    let resources = [match record.tool.as_deref() {
        Some(tool) => Resource { kind: "mcp:tool", uid: format!("{server}/{tool}"), name: Some(tool) },
        None => Resource { kind: "mcp:server", uid: server.to_owned(), name: record.server.as_deref() },
    }];
    let principal = record.principal.as_deref().or(record.session.as_deref()).unwrap_or_default();
    let (class, of_class) = if let Some(found) = found {
        (&FINDING, finding(record, found, outcome, resources))
    } else {
        let actor = Actor { user: User { name: principal } };
        let api = Api { operation: record.method.as_deref().unwrap_or("-"), service: Service { name: server } };
        let src_endpoint = Endpoint { uid: record.session.as_deref().unwrap_or_default() };
        (&ACTIVITY, OfClass::Activity { actor, api, src_endpoint, resources })
    };
    let (severity_id, severity) = [(1, "Informational"), (2, "Low"), (3, "Medium"), (4, "High"), (5, "Critical")]
        [usize::from(severity(record)).min(4)];
    let (action_id, action) = if refused { (2, "Denied") } else { (1, "Allowed") };
    let (disposition_id, disposition) = if refused { (2, "Blocked") } else { (1, "Allowed") };
    // Of a finding it says that nobody has seen to it; of an activity, how it ended.
    let (status_id, status) = match (found, refused) {
        (Some(_), _) => (1, "New"),
        (None, false) => (1, "Success"),
        (None, true) => (2, "Failure"),
    };
    Some(Ocsf {
        class_uid: class.uid,
        class_name: class.name,
        category_uid: class.uid / 1000,
        category_name: class.category,
        activity_id: class.activity,
        activity_name: class.activity_name,
        type_uid: class.uid * 100 + class.activity,
        type_name: class.type_name,
        severity_id,
        severity,
        time: millis(record),
        message: message(record),
        status_id,
        status,
        metadata: Metadata {
            version: OCSF,
            uid: uid(record),
            correlation_uid: record.trace.as_ref().map(|trace| trace.id.clone()),
            profiles: ["security_control"],
            product: Product { name: PRODUCT, vendor_name: VENDOR, version: VERSION },
        },
        action_id,
        action,
        disposition_id,
        disposition,
        of_class,
        unmapped: Unmapped {
            session: record.session.as_deref(),
            server: record.server.as_deref(),
            principal: record.principal.as_deref(),
            method: record.method.as_deref(),
            flow: record.flow.as_deref(),
            verdict: record.verdict.as_deref().unwrap_or_default(),
        },
    })
}

fn finding<'r>(record: &'r Record, found: &'r Found, outcome: Outcome, resources: [Resource<'r>; 1]) -> OfClass<'r> {
    let references = || record.findings.iter().flat_map(|found| &found.references).map(String::as_str);
    let technique =
        |uid: &&str| uid.strip_prefix('T').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    OfClass::Finding {
        is_alert: outcome == Outcome::Refused,
        finding_info: FindingInfo {
            uid: uid(record),
            title: &found.title,
            types: vec![&found.layer],
            analytic: Analytic { type_id: 1, kind: "Rule", uid: &found.rule, name: &found.title },
        },
        resources,
        attacks: references().filter(technique).map(|uid| Attack { technique: Technique { uid } }).collect(),
        evidences: record
            .findings
            .iter()
            .map(|Found { rule, title, pointer, evidence, references, .. }| Evidence {
                data: Data { rule, title, pointer, evidence, references },
            })
            .collect(),
    }
}

/// What is the same in every event of a class.
struct Class {
    uid: u32,
    name: &'static str,
    category: &'static str,
    activity: u32,
    activity_name: &'static str,
    type_name: &'static str,
}

const FINDING: Class = Class {
    uid: 2004,
    name: "Detection Finding",
    category: "Findings",
    activity: 1,
    activity_name: "Create",
    type_name: "Detection Finding: Create",
};

const ACTIVITY: Class = Class {
    uid: 6003,
    name: "API Activity",
    category: "Application Activity",
    activity: 99,
    activity_name: "Call",
    type_name: "API Activity: Other",
};
