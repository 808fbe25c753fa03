//! Flags that say whether texts are scored.

use crate::config::{Layer, Origin, Written};

/// Whether what texts mean is scored.
#[derive(Debug, clap::Args)]
#[expect(clippy::doc_markdown, reason = "these comments are the help that a terminal shows")]
pub(crate) struct Scoring {
    /// Score what texts mean (layer 2) [env: VANGUARD_SEMANTIC_ENABLED] [default: on]
    #[arg(long, overrides_with = "no_semantic")]
    semantic: bool,
    /// The opposite
    #[arg(long, overrides_with = "semantic")]
    no_semantic: bool,
}

impl Scoring {
    /// The layer that the flags make, if there are any.
    pub(crate) fn layer(&self) -> Option<Layer> {
        let flag = match self {
            Self { semantic: true, .. } => "--semantic",
            Self { no_semantic: true, .. } => "--no-semantic",
            Self { .. } => return None,
        };
        let mut written = Written::default();
        written.semantic.enabled = Some(self.semantic);
        Some(Layer { origin: Origin::Flag(flag), written })
    }
}
