//! The revisions of the protocol, and which era each belongs to.

/// The last of those that begin with a handshake, and all before it that are spoken over Streamable HTTP.
pub(super) const HANDSHAKE: [&str; 3] = ["2025-03-26", "2025-06-18", "2025-11-25"];
/// The first in which every request stands by itself.
pub(super) const STATELESS: &str = "2026-07-28";

/// How the messages of a revision belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    /// A handshake, then a session.
    Handshake,
    /// Each request says for itself what it needs.
    Stateless,
}

impl Era {
    /// That of the revision that the header `MCP-Protocol-Version` names. Without one it is 2025-03-26.
    pub(super) fn of(revision: Option<&str>) -> Self {
        match revision {
            Some(revision) if is_date(revision) && revision >= STATELESS => Self::Stateless,
            _ => Self::Handshake,
        }
    }
}

/// Whether a body may hold several messages.
pub(super) fn has_batches(revision: Option<&str>) -> bool {
    revision.is_none_or(|revision| revision == "2025-03-26")
}

/// Whether a client of this revision knows events without data, which it can resume from.
pub(super) fn knows_priming(revision: Option<&str>) -> bool {
    revision == Some("2025-11-25")
}

fn is_date(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_says_its_era() {
        assert_eq!(Era::of(None), Era::Handshake);
        for revision in HANDSHAKE {
            assert_eq!(Era::of(Some(revision)), Era::Handshake);
        }
        for revision in [STATELESS, "2027-01-01"] {
            assert_eq!(Era::of(Some(revision)), Era::Stateless);
        }
        for nonsense in ["", "zzz", "9999999999", "draft"] {
            assert_eq!(Era::of(Some(nonsense)), Era::Handshake);
        }
    }
}
