//! A manifest as OPA takes its input, and as Cerbos takes a request to check resources. Pure: nothing is sent.

use serde::Serialize;

use super::{Action, Context, Manifest, Party, Properties};

/// The role that everybody has who sends messages: policies of Cerbos need one.
const ROLE: &str = "agent";
/// The version of a policy that Cerbos takes unless another is named.
const VERSION: &str = "default";

/// The document for `POST /v1/data/…`.
#[derive(Debug, Serialize)]
pub struct OpaInput<'m> {
    input: Input<'m>,
}

/// The input itself.
#[derive(Debug, Serialize)]
pub(crate) struct Input<'m> {
    principal: OpaParty<'m>,
    action: &'m Action,
    resource: OpaParty<'m>,
    context: &'m Context,
}

impl<'m> OpaInput<'m> {
    /// What a policy sees as `input`.
    pub(crate) fn input(&self) -> &Input<'m> {
        &self.input
    }
}

#[derive(Debug, Serialize)]
struct OpaParty<'m> {
    #[serde(rename = "type")]
    kind: &'m str,
    id: &'m str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'m str>,
    #[serde(flatten)]
    properties: Properties,
}

/// The role that everybody has, and those that somebody has of their own.
fn roles(party: &Party) -> Vec<&str> {
    std::iter::once(ROLE).chain(party.properties.roles.iter().flatten().map(String::as_str)).collect()
}

/// What else is known, beside the roles, which have a place of their own.
fn rest(party: &Party) -> Properties {
    Properties { roles: None, ..party.properties.clone() }
}

/// The input of a policy in Rego: the manifest with the names that are usual there.
pub fn opa<'m>(manifest: &'m Manifest) -> OpaInput<'m> {
    let Manifest { subject, action, resource, context } = manifest;
    let of = |party: &'m Party, roles| OpaParty { kind: &party.kind, id: &party.id, roles, properties: rest(party) };
    let (principal, resource) = (of(subject, roles(subject)), of(resource, Vec::new()));
    OpaInput { input: Input { principal, action, resource, context } }
}

/// The document for `POST /api/check/resources`.
#[derive(Debug, Serialize)]
pub struct CerbosRequest<'m> {
    #[serde(rename = "requestId")]
    request_id: &'m str,
    principal: Principal<'m>,
    resources: [Checked<'m>; 1],
}

#[derive(Debug, Serialize)]
struct Principal<'m> {
    id: &'m str,
    #[serde(rename = "policyVersion")]
    policy_version: &'static str,
    roles: Vec<&'m str>,
    attr: Properties,
}

#[derive(Debug, Serialize)]
struct Checked<'m> {
    actions: [&'m str; 1],
    resource: Resource<'m>,
}

#[derive(Debug, Serialize)]
struct Resource<'m> {
    kind: &'m str,
    #[serde(rename = "policyVersion")]
    policy_version: &'static str,
    id: &'m str,
    attr: Attributes<'m>,
}

#[derive(Debug, Serialize)]
struct Attributes<'m> {
    #[serde(flatten)]
    properties: &'m Properties,
    context: &'m Context,
}

/// The request for a decision of Cerbos; `id` tells it apart in its log.
pub fn cerbos<'m>(manifest: &'m Manifest, id: &'m str) -> CerbosRequest<'m> {
    let Manifest { subject, action, resource, context } = manifest;
    let attr = Attributes { properties: &resource.properties, context };
    let principal = Principal { id: &subject.id, policy_version: VERSION, roles: roles(subject), attr: rest(subject) };
    let resource = Resource { kind: &resource.kind, policy_version: VERSION, id: &resource.id, attr };
    CerbosRequest { request_id: id, principal, resources: [Checked { actions: [&action.name], resource }] }
}
