//! What there is to say of something that is not as it was pinned.

use crate::finding::{Action, Confidence, RuleInfo, Severity};

/// One way to differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drift {
    /// A tool is another, and the server's version says that it is not.
    Changed,
    /// A tool is another, of another version of the server.
    Renewed,
    /// A tool that was not there.
    Added,
    /// The server goes by another name.
    Server,
    /// It tells models something else.
    Instructions,
    /// It has another version.
    Version,
    /// Nobody can say what was pinned, or keep what is.
    Store,
}

impl Drift {
    pub(crate) const ALL: [Self; 7] =
        [Self::Changed, Self::Renewed, Self::Added, Self::Server, Self::Instructions, Self::Version, Self::Store];

    /// What it asks for.
    pub(crate) fn action(self, strict: bool) -> Action {
        match self {
            Self::Added | Self::Version => Action::Warn,
            _ if strict => Action::Block,
            // Whoever writes a server changes its tools all day and its version once a month: told, not refused.
            Self::Changed | Self::Server | Self::Renewed | Self::Instructions | Self::Store => Action::Warn,
        }
    }

    pub(crate) fn info(self) -> RuleInfo {
        let (id, title, message, severity) = match self {
            Self::Changed => (
                "PIN-CHANGED",
                "Tool that is another than when it was pinned",
                "A tool was changed although the server has the same version. Recorded and pinned anew; where it is refused, look at it by `vanguard pins diff`, then `vanguard pins accept`.",
                Severity::High,
            ),
            Self::Renewed => (
                "PIN-RENEWED",
                "Tool that a new version of the server changed",
                "A tool is another than in the version that it was pinned of. Recorded and pinned anew; refused in strict mode until it is accepted.",
                Severity::Medium,
            ),
            Self::Added => (
                "PIN-ADDED",
                "Tool that the server did not have",
                "The server had been seen with all its tools, and this one is new. Recorded and pinned.",
                Severity::Low,
            ),
            Self::Server => (
                "PIN-SERVER",
                "Server that goes by another name",
                "The same command or URL leads to a server of another name. A person should look: `vanguard pins diff`, then `vanguard pins accept`.",
                Severity::High,
            ),
            Self::Instructions => (
                "PIN-INSTRUCTIONS",
                "Server that instructs models otherwise",
                "What the server tells every model is not what it was. Recorded and pinned anew; refused in strict mode until it is accepted.",
                Severity::Medium,
            ),
            Self::Version => (
                "PIN-VERSION",
                "Server of another version",
                "The server says that it has another version. Recorded.",
                Severity::Low,
            ),
            Self::Store => (
                "PIN-STORE",
                "Pins that cannot be relied on",
                "What the server's tools were cannot be read, or what they are not be kept. Recorded; refused in strict mode. Mend the store, or `vanguard pins reset`.",
                Severity::High,
            ),
        };
        RuleInfo {
            id: id.into(),
            title: title.into(),
            family: "pins".into(),
            message: message.into(),
            severity,
            confidence: Confidence::High,
            references: match self {
                Self::Store => vec!["CWE-353".into()],
                _ => vec!["OWASP MCP03".into(), "CWE-494".into()],
            },
            tune: Some(match self {
                Self::Store => {
                    "Name a directory that can be written to in `pins.path`, or set `pins.mode` to memory.".into()
                }
                _ => "Accept it with `vanguard pins accept`; where it always changes, make an exception for the tool."
                    .into(),
            }),
        }
    }
}
