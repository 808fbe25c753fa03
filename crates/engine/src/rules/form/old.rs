//! The form of mcp-vanguard 1.5.0, which loads unchanged.

use crate::finding::{Action, Confidence, Severity};
use crate::role::Roles;
use crate::rules::Direction;
use crate::rules::words::{OLD_ACTIONS, SEVERITIES};
use crate::rules::yaml::Node;
use crate::views::ViewKind;

use super::{Reading, RuleForm, Value};

const KEYS: &[&str] = &["id", "description", "severity", "action", "match_fields", "pattern", "message"];

/// Whether the rule is written in the old form.
pub(super) fn is_old(node: &Node) -> bool {
    node.get("match_fields").is_some() || (node.get("description").is_some() && node.get("title").is_none())
}

/// Reads one rule; `None` when it has an error.
pub(super) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<RuleForm> {
    let before = reading.errors.len();
    let Value::Map(members) = &node.value else { return None };
    for (key, _) in members {
        if !KEYS.contains(&&*key.name) {
            // 1.5.0 passed over such keys in silence.
            reading.warn(key.at, format!("`{}` means nothing in a rule of the old form and is ignored", key.name));
        }
    }
    let id = node.get("id").and_then(|value| reading.text(value, "id")).map(|written| written.text);
    if node.get("id").is_none() {
        reading.error(node.at, "the rule has no `id`".to_owned(), "Add `id:`, unique over all packs.");
    }
    let severity =
        node.get("severity").map_or(Some(Severity::Medium), |value| reading.word(value, "severity", SEVERITIES));
    let action = node.get("action").map_or(Some(Action::Block), |value| reading.word(value, "action", OLD_ACTIONS));
    let title =
        node.get("description").and_then(|value| reading.text(value, "description")).map(|written| written.text);
    let message = node.get("message").and_then(|value| reading.text(value, "message")).map(|written| written.text);
    let fields = match node.get("match_fields") {
        Some(value) => reading.texts(value, "match_fields").into_iter().map(|written| written.text).collect::<Vec<_>>(),
        None => vec!["params".into()],
    };
    let pattern = node.get("pattern").and_then(|value| reading.pattern(value, "pattern"));
    if node.get("pattern").is_none() {
        reading.error(node.at, "the rule has no `pattern`".to_owned(), "Add `pattern: '…'`.");
    }
    if reading.errors.len() > before {
        return None;
    }
    let id = id?;
    Some(RuleForm {
        at: node.at,
        title: title.filter(|title| !title.is_empty()).unwrap_or_else(|| id.clone()),
        family: "custom".into(),
        message: message.unwrap_or_else(|| format!("Rule {id} triggered").into()),
        id,
        severity: severity?,
        confidence: Confidence::High,
        references: Vec::new(),
        tune: None,
        action: action?,
        profiles: Vec::new(),
        direction: Direction::all(),
        roles: Roles::all(),
        // 1.5.0 saw the field as it came and nothing else.
        views: Some(vec![ViewKind::Raw]),
        tools: Vec::new(),
        patterns: vec![pattern?],
        detector: None,
        unless: None,
        also: Vec::new(),
        secret: false,
        checks: Vec::new(),
        pointers: Some(fields.iter().map(|field| pointer(field)).collect()),
        cases: Vec::new(),
    })
}

/// `params.arguments.path` as a JSON pointer.
fn pointer(field: &str) -> String {
    field.split('.').flat_map(|part| ["/".to_owned(), part.replace('~', "~0").replace('/', "~1")]).collect()
}
