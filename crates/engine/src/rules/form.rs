//! From a pack's tree to rules as they were written, both forms of the language.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::finding::{Action, Confidence, Severity};
use crate::policy::Profile;
use crate::role::{Role, Roles};
use crate::views::ViewKind;

use super::cases::Case;
use super::check::Check;
use super::error::{At, PackError, PackWarning};
use super::yaml::{Key, Node, Value};
use super::{Direction, words};

mod new;
mod old;

#[cfg(test)]
pub(super) use new::KEYS;

/// The most rules of one pack.
pub const MAX_RULES: usize = 5_000;
/// The most bytes of one pattern.
pub const MAX_PATTERN_BYTES: usize = 16 << 10;

/// A rule as it was written.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RuleForm {
    pub(super) at: At,
    #[serde(borrow)]
    pub(super) id: Cow<'static, str>,
    #[serde(borrow)]
    pub(super) title: Cow<'static, str>,
    #[serde(borrow)]
    pub(super) family: Cow<'static, str>,
    #[serde(borrow)]
    pub(super) message: Cow<'static, str>,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) references: Vec<Written>,
    pub(super) tune: Option<Written>,
    pub(super) action: Action,
    pub(super) profiles: Vec<(Profile, Action)>,
    pub(super) direction: Direction,
    pub(super) roles: Roles,
    pub(super) views: Option<Vec<ViewKind>>,
    pub(super) tools: Vec<Written>,
    pub(super) patterns: Vec<Written>,
    /// The detector that stands in place of patterns.
    pub(super) detector: Option<Written>,
    pub(super) unless: Option<Written>,
    pub(super) also: Vec<Written>,
    pub(super) secret: bool,
    pub(super) checks: Vec<Check>,
    /// JSON pointers of the only fields that an old-form rule reads; `None` for the new form.
    pub(super) pointers: Option<Vec<String>>,
    /// Left out of a prepared pack, since only tests ask.
    #[serde(skip)]
    pub(super) cases: Vec<Case>,
}

/// A text of a rule and where it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) at: At,
    #[serde(borrow)]
    pub(super) text: Cow<'static, str>,
}

impl RuleForm {
    /// Whether it reads texts written for people or models, where common words say nothing.
    pub(super) fn reads_prose(&self) -> bool {
        self.roles.intersects(Roles::TEXT) || self.direction.intersects(Direction::RESPONSE | Direction::DESCRIPTION)
    }
}

/// What reading a pack gave.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) rules: Vec<RuleForm>,
    pub(super) errors: Vec<PackError>,
    pub(super) warnings: Vec<PackWarning>,
}

/// Reads all rules of one pack, and all that is wrong with them.
pub(super) fn read(file: &str, pack: &Node) -> Read {
    let mut read = Read::default();
    let rules = match &pack.value {
        Value::List(rules) => rules.as_slice(),
        Value::Null => {
            let what = "the pack is empty".to_owned();
            read.warnings.push(PackWarning { file: file.to_owned(), line: 0, rule: None, what });
            return read;
        }
        other => {
            let what = format!("a pack is a list of rules, and this is {}", other.kind());
            read.errors.push(PackError::new(
                file,
                pack.at,
                None,
                what,
                "Begin each rule with `- id: …` at the left margin.",
            ));
            return read;
        }
    };
    if is_zones(rules) {
        let what = "these are safe zones, not rules: they hold only in a file called safe_zones.yaml of a rule \
                    directory"
            .to_owned();
        read.warnings.push(PackWarning { file: file.to_owned(), line: 0, rule: None, what });
        return read;
    }
    if rules.len() > MAX_RULES {
        let what = format!("the pack has {} rules; the most is {MAX_RULES}", rules.len());
        read.errors.push(PackError::new(file, pack.at, None, what, "Split it, or drop rules nobody needs."));
        return read;
    }
    for node in rules {
        let mut reading = Reading::new(file, node, &mut read.errors, &mut read.warnings);
        let rule = if old::is_old(node) { old::read(&mut reading, node) } else { new::read(&mut reading, node) };
        read.rules.extend(rule);
    }
    read
}

/// Whether the list is a `safe_zones.yaml` of mcp-vanguard 1.5.0.
fn is_zones(rules: &[Node]) -> bool {
    !rules.is_empty()
        && rules.iter().all(|node| node.get("allowed_prefixes").is_some() && node.get("pattern").is_none())
}

/// One rule being read: where errors go, and whose they are.
struct Reading<'r> {
    file: &'r str,
    rule: Option<Cow<'static, str>>,
    errors: &'r mut Vec<PackError>,
    warnings: &'r mut Vec<PackWarning>,
}

impl<'r> Reading<'r> {
    fn new(file: &'r str, node: &Node, errors: &'r mut Vec<PackError>, warnings: &'r mut Vec<PackWarning>) -> Self {
        let rule = match node.get("id").map(|id| &id.value) {
            Some(Value::Text(id)) => Some(id.clone()),
            _ => None,
        };
        Self { file, rule, errors, warnings }
    }

    fn error(&mut self, at: At, what: String, mend: &str) {
        self.errors.push(PackError::new(self.file, at, self.rule.as_deref(), what, mend));
    }

    fn warn(&mut self, at: At, what: String) {
        self.warnings.push(PackWarning {
            file: self.file.to_owned(),
            line: at.line,
            rule: self.rule.as_deref().map(str::to_owned),
            what,
        });
    }

    /// The rule's members, each of a known key.
    fn members<'n>(&mut self, node: &'n Node, known: &[&str]) -> Option<&'n [(Key, Node)]> {
        let Value::Map(members) = &node.value else {
            let what = format!("a rule is a map of keys, and this is {}", node.value.kind());
            self.error(node.at, what, "Write `- id: …`, and the other keys below it with the same indentation.");
            return None;
        };
        for (key, _) in members {
            if !known.contains(&&*key.name) {
                let mend = words::suggestion(&key.name, known.iter().copied());
                self.error(key.at, format!("`{}` is no key of a rule", key.name), &mend);
            }
        }
        Some(members)
    }

    fn text(&mut self, node: &Node, key: &str) -> Option<Written> {
        match &node.value {
            Value::Text(text) => Some(Written { at: node.at, text: text.clone() }),
            other => {
                let what = format!("`{key}` takes a text, and this is {}", other.kind());
                self.error(node.at, what, "Put it in 'single quotes'.");
                None
            }
        }
    }

    /// A list of texts; a single text stands for a list of one.
    fn texts(&mut self, node: &Node, key: &str) -> Vec<Written> {
        match &node.value {
            Value::List(nodes) => nodes.iter().filter_map(|node| self.text(node, key)).collect(),
            _ => self.text(node, key).into_iter().collect(),
        }
    }

    fn word<T: Copy>(&mut self, node: &Node, key: &str, words: words::Words<T>) -> Option<T> {
        let written = self.text(node, key)?;
        self.meaning(&written, key, words)
    }

    fn word_list<T: Copy>(&mut self, node: &Node, key: &str, words: words::Words<T>) -> Vec<T> {
        let written = self.texts(node, key);
        if written.is_empty() {
            self.error(
                node.at,
                format!("`{key}` is empty"),
                "Name at least one, or leave the key out for its default.",
            );
        }
        written.iter().filter_map(|written| self.meaning(written, key, words)).collect()
    }

    fn meaning<T: Copy>(&mut self, written: &Written, key: &str, words: words::Words<T>) -> Option<T> {
        let value = words::value(words, &written.text);
        if value.is_none() {
            let mend = words::suggestion(&written.text, words.iter().map(|(name, _)| *name));
            self.error(written.at, format!("`{}` is no value of `{key}`", written.text), &mend);
        }
        value
    }

    fn flag(&mut self, node: &Node, key: &str) -> bool {
        let Value::Bool(value) = node.value else {
            self.error(node.at, format!("`{key}` takes true or false"), "Write `true` or `false`, without quotes.");
            return false;
        };
        value
    }

    /// A pattern within its bounds.
    fn pattern(&mut self, node: &Node, key: &str) -> Option<Written> {
        let written = self.text(node, key)?;
        if written.text.is_empty() {
            self.error(
                node.at,
                format!("`{key}` is empty, and an empty pattern matches everything"),
                "Write a pattern.",
            );
            return None;
        }
        if written.text.len() > MAX_PATTERN_BYTES {
            let what = format!("`{key}` has {} bytes; the most is {MAX_PATTERN_BYTES}", written.text.len());
            self.error(node.at, what, "Split it into `patterns`.");
            return None;
        }
        Some(written)
    }

    fn patterns(&mut self, node: &Node, key: &str) -> Vec<Written> {
        match &node.value {
            Value::List(nodes) => nodes.iter().filter_map(|node| self.pattern(node, key)).collect(),
            _ => self.pattern(node, key).into_iter().collect(),
        }
    }
}

/// The role a bare case is of: the rule's first.
fn first_role(roles: &[Role]) -> Role {
    roles.first().copied().unwrap_or(Role::Text)
}
