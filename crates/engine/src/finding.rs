//! What a layer found, and how it says so.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::views::Chain;

mod grade;

pub use grade::{Action, Confidence, Severity};

/// The layer that added a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// The strict reading of the message itself.
    #[serde(rename = "wire")]
    Wire,
    /// Deterministic rules and detectors.
    #[serde(rename = "l1")]
    L1,
    /// What a text means, by a scorer.
    #[serde(rename = "l2")]
    L2,
    /// What only shows over time.
    #[serde(rename = "l3")]
    L3,
    /// The walls round the server's process.
    #[serde(rename = "sandbox")]
    Sandbox,
    /// The proxy itself, where it fails closed: a crash of the engine, an audit that can't be written.
    #[serde(rename = "gateway")]
    Gateway,
}

/// What is true of every finding of one rule: shared, never copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleInfo {
    /// Stable id, e.g. `FS-003`.
    pub id: Cow<'static, str>,
    /// One line: what it stops.
    pub title: Cow<'static, str>,
    /// Family, which groups rules in reports, e.g. `path`.
    pub family: Cow<'static, str>,
    /// What the person whose call was refused reads: what is wrong and what to do instead.
    pub message: Cow<'static, str>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// CWE, CVE, OWASP, MITRE ATT&CK or RFC references, e.g. `CWE-22`.
    pub references: Vec<Cow<'static, str>>,
    /// What to do about it where it is a false alarm.
    #[serde(skip)]
    pub tune: Option<Cow<'static, str>>,
}

/// One thing a layer found in one message.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule that fired.
    pub rule: Arc<RuleInfo>,
    /// The layer it belongs to.
    pub layer: Layer,
    /// What the rule asks for under the active profile, before overrides and exceptions.
    pub action: Action,
    /// RFC 6901 pointer of the field in the message; empty for the whole message.
    pub pointer: String,
    /// Byte range in the view that matched (in the message itself for [`Layer::Wire`]).
    pub span: Range<usize>,
    /// The decodings that led to the view, outermost first; empty for the field as it came.
    pub chain: Chain,
    /// The matched text, secrets masked, at most [`Evidence::MAX`] bytes.
    pub evidence: Evidence,
    /// The reason an exception of the policy lets it pass, where one does.
    pub excepted: Option<Arc<str>>,
}

impl Finding {
    /// What the finding asks for once exceptions are heard.
    pub fn effective(&self) -> Action {
        if self.excepted.is_some() { self.action.min(Action::Warn) } else { self.action }
    }

    /// Whether it holds in monitor mode too: the message could not be read in one way only.
    pub fn is_binding(&self) -> bool {
        self.layer == Layer::Wire
    }
}

/// Matched text that is safe to show: bounded, without control characters, secrets masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Evidence(String);

impl Evidence {
    /// The most bytes of matched text that are kept.
    pub const MAX: usize = 160;
    /// The most of it that is looked at, for what masking shortens.
    const READ: usize = 64 << 10;

    /// Bounds and cleans `matched`; with `secret` everything but a short prefix and the length is masked.
    pub fn new(matched: &str, secret: bool) -> Self {
        if secret {
            let head: String = matched.chars().take(4).filter(char::is_ascii_alphanumeric).collect();
            return Self(format!("{head}… ({} characters, masked)", matched.chars().count()));
        }
        let masked = mask(matched.get(..matched.floor_char_boundary(Self::READ)).unwrap_or(matched));
        let mut clean = String::with_capacity(masked.len().min(Self::MAX));
        for c in masked.chars() {
            if clean.len() >= Self::MAX {
                clean.push('…');
                break;
            }
            match c {
                ' ' => clean.push(' '),
                c if c.is_control() || crate::views::is_invisible(c) => {
                    clean.extend(c.escape_unicode());
                }
                c => clean.push(c),
            }
        }
        Self(clean)
    }

    /// The cleaned text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Replaces what looks like a credential, since any rule may match text that holds one: a run of 20 or more token
/// characters that mixes letters and digits, and the password in `scheme://user:password@host`.
pub(crate) fn mask(text: &str) -> Cow<'_, str> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '=' | '~');
    let mut masked = String::new();
    let mut rest = text;
    let mut changed = false;
    while let Some(start) = rest.find(is_token) {
        let (before, from) = rest.split_at(start);
        let (run, after) = from.split_at(from.find(|c| !is_token(c)).unwrap_or(from.len()));
        masked.push_str(before);
        let mixed = run.bytes().any(|b| b.is_ascii_digit()) && run.bytes().any(|b| b.is_ascii_alphabetic());
        let password = before == ":" && after.starts_with('@') && !run.is_empty();
        if password || (run.len() >= SECRET_LEN && mixed) {
            masked.extend(run.chars().take(if password { 0 } else { 4 }));
            masked.push('…');
            changed = true;
        } else {
            masked.push_str(run);
        }
        rest = after;
    }
    masked.push_str(rest);
    if changed { Cow::Owned(masked) } else { Cow::Borrowed(text) }
}

/// The shortest run that is taken for a credential: vendor tokens are longer, words and file names shorter.
const SECRET_LEN: usize = 20;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn finding(id: &'static str, action: Action) -> Finding {
        Finding {
            rule: Arc::new(RuleInfo {
                id: id.into(),
                title: "title".into(),
                family: "family".into(),
                message: "message".into(),
                severity: Severity::High,
                confidence: Confidence::High,
                references: vec![],
                tune: None,
            }),
            layer: Layer::L1,
            action,
            pointer: String::new(),
            span: 0..0,
            chain: Chain::default(),
            evidence: Evidence::default(),
            excepted: None,
        }
    }

    #[test]
    fn evidence_shows_no_secret() {
        let token = "Zq9fK2mP7xW4tR8sV1bN";
        for text in [
            format!("curl -H 'Authorization: Bearer {token}' http://x"),
            format!("postgres://app:{token}@db/x"),
            "postgres://app:hunter2@db/x".to_owned(),
        ] {
            let shown = Evidence::new(&text, false);
            assert!(!shown.as_str().contains(token) && !shown.as_str().contains("hunter2"), "{shown}");
        }
        assert!(!Evidence::new(token, true).as_str().contains(&token[4..]));
        assert_eq!(Evidence::new("cat ../../etc/passwd", false).as_str(), "cat ../../etc/passwd");
    }

    #[test]
    fn evidence_is_bounded_and_shows_the_hidden() {
        assert_eq!(Evidence::new("a\u{200b}b\n", false).as_str(), "a\\u{200b}b\\u{a}");
        assert!(Evidence::new(&"é ".repeat(500), false).as_str().len() <= Evidence::MAX + 8);
    }

    #[test]
    fn an_exception_lowers_to_a_warning() {
        let excepted = Finding { excepted: Some("known".into()), ..finding("A", Action::Block) };
        assert_eq!(excepted.effective(), Action::Warn);
    }
}
