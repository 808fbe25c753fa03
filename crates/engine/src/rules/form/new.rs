//! Our own form of a rule.

use std::borrow::Cow;

use crate::finding::{Action, Confidence};
use crate::policy::Profile;
use crate::role::{Role, Roles};
use crate::rules::Direction;
use crate::rules::cases::{Case, Expect, Subject};
use crate::rules::check::Check;
use crate::rules::error::At;
use crate::rules::words::{self, ACTIONS, CONFIDENCES, DIRECTIONS, PROFILE_ACTIONS, ROLES, SEVERITIES, VIEWS};
use crate::rules::yaml::{Node, Plain, Value};

use super::{Reading, RuleForm, Written, first_role};

pub(in crate::rules) const KEYS: &[&str] = &[
    "id",
    "title",
    "family",
    "severity",
    "confidence",
    "action",
    "profiles",
    "direction",
    "roles",
    "views",
    "tools",
    "pattern",
    "patterns",
    "detector",
    "unless",
    "also",
    "checks",
    "secret",
    "message",
    "references",
    "tune",
    "tests",
];

const PROFILES: words::Words<Profile> =
    &[("monitor", Profile::Monitor), ("balanced", Profile::Balanced), ("strict", Profile::Strict)];

/// Reads one rule; `None` when it has an error.
pub(super) fn read(reading: &mut Reading<'_>, node: &Node) -> Option<RuleForm> {
    let before = reading.errors.len();
    reading.members(node, KEYS)?;
    let id = line_of_text(reading, node, "id");
    let title = line_of_text(reading, node, "title");
    let family = line_of_text(reading, node, "family");
    let message = line_of_text(reading, node, "message");
    if let (Some(id), Some(at)) = (&id, node.get("id").map(|id| id.at)) {
        check_id(reading, id, at);
    }

    let severity = need(reading, node, "severity").and_then(|value| reading.word(value, "severity", SEVERITIES));
    let action = need(reading, node, "action").and_then(|value| reading.word(value, "action", ACTIONS));
    let roles = need(reading, node, "roles").map(|value| reading.word_list(value, "roles", ROLES)).unwrap_or_default();
    let confidence = match node.get("confidence") {
        Some(value) => reading.word(value, "confidence", CONFIDENCES)?,
        None => Confidence::High,
    };
    let direction = match node.get("direction") {
        Some(value) => reading.word_list(value, "direction", DIRECTIONS).into_iter().collect(),
        None => Direction::REQUEST,
    };
    let views = node.get("views").map(|value| reading.word_list(value, "views", VIEWS));
    let tools = node.get("tools").map(|value| reading.texts(value, "tools")).unwrap_or_default();
    let tune = node.get("tune").and_then(|_| written_line(reading, node, "tune"));
    let references = node.get("references").map(|value| reading.texts(value, "references")).unwrap_or_default();

    let mut patterns = node.get("pattern").map(|value| reading.patterns(value, "pattern")).unwrap_or_default();
    patterns.extend(node.get("patterns").map(|value| reading.patterns(value, "patterns")).unwrap_or_default());
    let detector = node.get("detector").and_then(|value| reading.text(value, "detector"));
    match (node.get("pattern").or(node.get("patterns")), node.get("detector")) {
        (None, None) => reading.error(
            node.at,
            "the rule has no `pattern`".to_owned(),
            "Add `pattern: '…'`, `patterns:` with a list, or `detector:` with a name.",
        ),
        (Some(_), Some(detector)) => {
            let mend = "Make them two rules; `also` and `unless` add patterns to a detector.";
            reading.error(detector.at, "the rule has both `pattern` and `detector`".to_owned(), mend);
        }
        _ => {}
    }
    let unless = node.get("unless").and_then(|value| reading.pattern(value, "unless"));
    let also = node.get("also").map(|value| reading.patterns(value, "also")).unwrap_or_default();
    let checks = node.get("checks").map(|value| read_checks(reading, value)).unwrap_or_default();
    let secret = node.get("secret").is_some_and(|value| reading.flag(value, "secret"));
    let profiles = node.get("profiles").map(|value| read_profiles(reading, value)).unwrap_or_default();
    let cases = node.get("tests").map(|value| read_cases(reading, value, direction, &roles)).unwrap_or_default();

    if reading.errors.len() > before {
        return None;
    }
    Some(RuleForm {
        at: node.at,
        id: id?,
        title: title?,
        family: family?,
        message: message?,
        severity: severity?,
        confidence,
        references,
        tune,
        action: action?,
        profiles,
        direction,
        roles: roles.into_iter().collect::<Roles>(),
        views,
        tools,
        patterns,
        detector,
        unless,
        also,
        // What is kept from the model is kept from the records.
        secret: secret || action == Some(Action::Redact),
        checks,
        pointers: None,
        cases,
    })
}

fn need<'n>(reading: &mut Reading<'_>, node: &'n Node, key: &str) -> Option<&'n Node> {
    let value = node.get(key);
    if value.is_none() {
        let mend = match key {
            "severity" => "Add `severity:` with low, medium, high or critical.",
            "action" => "Add `action:` with warn, redact, review or block.",
            "roles" => "Add `roles:`, the kinds of field it reads, e.g. `roles: [path]`.",
            "id" => "Add `id:`, unique over all packs, e.g. `id: ACME-001`.",
            "title" => "Add `title:`, one line that says what it stops.",
            "family" => "Add `family:`, the word that groups it in reports, e.g. `family: path`.",
            _ => "Add `message:`, what the person whose call was refused should read and do instead.",
        };
        reading.error(node.at, format!("the rule has no `{key}`"), mend);
    }
    value
}

/// A text of one line that must be there.
fn line_of_text(reading: &mut Reading<'_>, node: &Node, key: &str) -> Option<Cow<'static, str>> {
    written_line(reading, node, key).map(|written| written.text)
}

fn written_line(reading: &mut Reading<'_>, node: &Node, key: &str) -> Option<Written> {
    let value = need(reading, node, key)?;
    let written = reading.text(value, key)?;
    let text = match written.text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    if text.is_empty() || text.chars().any(char::is_control) {
        reading.error(value.at, format!("`{key}` must be one line that is not empty"), "Write it on one line.");
        return None;
    }
    Some(Written { at: written.at, text })
}

fn check_id(reading: &mut Reading<'_>, id: &str, at: At) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.len() > 64 || !id.chars().all(plain) {
        reading.error(at, format!("`{id}` is no rule id"), "Use at most 64 letters, digits, `-`, `_` and `.`.");
    }
}

fn read_checks(reading: &mut Reading<'_>, node: &Node) -> Vec<Check> {
    let mut checks = Vec::new();
    for written in reading.texts(node, "checks") {
        match Check::read(&written.text) {
            Ok(check) => checks.push(check),
            Err((what, mend)) => reading.error(written.at, what, &mend),
        }
    }
    checks
}

fn read_profiles(reading: &mut Reading<'_>, node: &Node) -> Vec<(Profile, Action)> {
    let Value::Map(members) = &node.value else {
        reading.error(node.at, "`profiles` takes a map".to_owned(), "Write e.g. `profiles: {strict: block}`.");
        return Vec::new();
    };
    let mut profiles = Vec::new();
    for (key, value) in members {
        let profile = words::value(PROFILES, &key.name);
        if profile.is_none() {
            let mend = words::suggestion(&key.name, PROFILES.iter().map(|(name, _)| *name));
            reading.error(key.at, format!("`{}` is no profile", key.name), &mend);
        }
        profiles.extend(profile.zip(reading.word(value, "profiles", PROFILE_ACTIONS)));
    }
    profiles
}

fn read_cases(reading: &mut Reading<'_>, node: &Node, direction: Direction, roles: &[Role]) -> Vec<Case> {
    let Value::Map(members) = &node.value else {
        reading.error(node.at, "`tests` takes a map".to_owned(), "Write `tests: {stop: […], pass: […]}`.");
        return Vec::new();
    };
    let mut cases = Vec::new();
    for (key, value) in members {
        let expect = match &*key.name {
            "stop" => Expect::Stop,
            "pass" => Expect::Pass,
            other => {
                let mend = words::suggestion(other, ["stop", "pass"]);
                reading.error(key.at, format!("`{other}` is no key of `tests`"), &mend);
                continue;
            }
        };
        let Value::List(nodes) = &value.value else {
            reading.error(value.at, format!("`{}` takes a list of cases", key.name), "Write one case a line: `- '…'`.");
            continue;
        };
        for node in nodes {
            let subject = read_subject(reading, node, direction, roles);
            cases.extend(subject.map(|subject| Case { expect, subject, line: node.at.line }));
        }
    }
    cases
}

fn read_subject(reading: &mut Reading<'_>, node: &Node, direction: Direction, roles: &[Role]) -> Option<Subject> {
    const MEND: &str =
        "A case is 'a text', {role: 'text'}, {tool: name, args: {…}}, {result: 'text'} or {description: 'text'}.";
    if let Value::Text(text) = &node.value {
        let text = text.clone().into_owned();
        return Some(if direction.contains(Direction::REQUEST) {
            Subject::Value { role: first_role(roles), text }
        } else if direction.contains(Direction::RESPONSE) {
            Subject::Result { text }
        } else {
            Subject::Description { text }
        });
    }
    if let (Some(tool), Some(args)) = (node.get("tool"), node.get("args")) {
        let tool = reading.text(tool, "tool")?.text.into_owned();
        if !matches!(args.value, Value::Map(_)) {
            reading.error(args.at, "`args` takes a map".to_owned(), MEND);
            return None;
        }
        let args = serde_json::to_string(&Plain(args)).ok()?;
        return Some(Subject::Call { tool, args });
    }
    let Value::Map(members) = &node.value else {
        reading.error(node.at, format!("a case cannot be {}", node.value.kind()), "Put texts in 'single quotes'.");
        return None;
    };
    let [(key, value)] = members.as_slice() else {
        reading.error(node.at, "this is no case".to_owned(), MEND);
        return None;
    };
    let text = reading.text(value, &key.name)?.text.into_owned();
    match &*key.name {
        "result" => Some(Subject::Result { text }),
        "description" => Some(Subject::Description { text }),
        role => {
            let role = words::value(ROLES, role);
            if role.is_none() {
                reading.error(key.at, format!("`{}` is no role", key.name), MEND);
            }
            Some(Subject::Value { role: role?, text })
        }
    }
}
