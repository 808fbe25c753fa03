//! What a refused peer is told.

use std::borrow::Cow;

use crate::finding::Finding;
use crate::verdict::Decision;

/// The words and the data of a refusal.
pub(crate) struct Denial {
    pub(crate) message: String,
    pub(crate) data: String,
}

impl Denial {
    pub(crate) fn of(decision: &Decision, expose: bool) -> Self {
        let Some(finding) = decision.findings.first() else {
            return Self { message: GENERIC.to_owned(), data: Self::data("", None) };
        };
        let what: Cow<'_, str> =
            if expose { format!("{}. {}", finding.rule.title, finding.rule.message).into() } else { GENERIC.into() };
        let message = format!("[McpVanguard] BLOCKED — {what}");
        Self { message, data: Self::data(&finding.rule.id, expose.then_some(finding)) }
    }

    pub(crate) fn data(rule: &str, exposed: Option<&Finding>) -> String {
        #[derive(serde::Serialize)]
        struct Data<'a> {
            blocked_by: &'static str,
            rule: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            pointer: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'a str>,
        }
        let data = Data {
            blocked_by: "McpVanguard",
            rule,
            pointer: exposed.map(|f| f.pointer.as_str()),
            reason: exposed.map(|f| &*f.rule.message),
        };
        serde_json::to_string(&data).unwrap_or_else(|_| "null".to_owned())
    }
}

const GENERIC: &str = "refused by the security policy";
