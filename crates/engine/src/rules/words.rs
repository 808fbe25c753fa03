//! The words of the rule language that stand for a value.

use crate::finding::{Action, Confidence, Severity};
use crate::role::Role;
use crate::views::ViewKind;

use super::Direction;

pub(super) type Words<T> = &'static [(&'static str, T)];

pub(super) const SEVERITIES: Words<Severity> =
    &[("low", Severity::Low), ("medium", Severity::Medium), ("high", Severity::High), ("critical", Severity::Critical)];

pub(super) const CONFIDENCES: Words<Confidence> =
    &[("low", Confidence::Low), ("medium", Confidence::Medium), ("high", Confidence::High)];

pub(super) const ACTIONS: Words<Action> =
    &[("warn", Action::Warn), ("redact", Action::Redact), ("review", Action::Review), ("block", Action::Block)];

/// What a profile may make of a rule.
pub(super) const PROFILE_ACTIONS: Words<Action> = &[
    ("off", Action::Off),
    ("warn", Action::Warn),
    ("redact", Action::Redact),
    ("review", Action::Review),
    ("block", Action::Block),
];

/// Actions of mcp-vanguard 1.5.0, whose `LOG` is our warning.
pub(super) const OLD_ACTIONS: Words<Action> =
    &[("log", Action::Warn), ("warn", Action::Warn), ("block", Action::Block)];

pub(super) const DIRECTIONS: Words<Direction> =
    &[("request", Direction::REQUEST), ("response", Direction::RESPONSE), ("description", Direction::DESCRIPTION)];

pub(super) const ROLES: Words<Role> = &[
    ("path", Role::Path),
    ("command", Role::Command),
    ("url", Role::Url),
    ("host", Role::Host),
    ("sql", Role::Sql),
    ("code", Role::Code),
    ("text", Role::Text),
    ("secret", Role::Secret),
    ("id", Role::Id),
];

pub(super) const VIEWS: Words<ViewKind> = &[
    ("raw", ViewKind::Raw),
    ("plain", ViewKind::Plain),
    ("percent", ViewKind::Percent),
    ("html", ViewKind::Html),
    ("escape", ViewKind::Escape),
    ("base64", ViewKind::Base64),
    ("hex", ViewKind::Hex),
    ("base32", ViewKind::Base32),
    ("gzip", ViewKind::Gzip),
    ("json", ViewKind::Json),
    ("spaced", ViewKind::Spaced),
    ("leet", ViewKind::Leet),
    ("rot13", ViewKind::Rot13),
    ("reversed", ViewKind::Reversed),
    ("shell", ViewKind::Shell),
    ("url", ViewKind::Url),
    ("path", ViewKind::Path),
];

/// The value that `word` stands for, in any case.
pub(super) fn value<T: Copy>(words: Words<T>, word: &str) -> Option<T> {
    words.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, value)| *value)
}

/// `a, b or c`.
pub(super) fn list<'w>(names: impl IntoIterator<Item = &'w str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// `Did you mean x?` when one of `names` is close to `word`, else what there is to choose from.
pub(super) fn suggestion<'w>(word: &str, names: impl IntoIterator<Item = &'w str> + Clone) -> String {
    let lower = word.to_ascii_lowercase();
    names
        .clone()
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&lower, name), name))
        .filter(|(closeness, _)| *closeness >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(|| format!("Use {}.", list(names)), |(_, name)| format!("Did you mean `{name}`?"))
}
