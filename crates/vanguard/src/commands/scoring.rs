//! Flags that say whether texts are scored.

use crate::config::semantic::{Ollama, Semantic};
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
    /// Where an Ollama answers that is asked as well, with --semantic [env: VANGUARD_OLLAMA_URL]
    #[arg(long, value_name = "URL")]
    ollama_url: Option<String>,
    /// Which of its models is asked [env: VANGUARD_OLLAMA_MODEL] [default: phi4-mini]
    #[arg(long, short = 'm', value_name = "MODEL")]
    ollama_model: Option<String>,
}

impl Scoring {
    /// A layer for each flag.
    pub(crate) fn layers(&self) -> impl Iterator<Item = Layer> {
        let flag = if self.semantic { "--semantic" } else { "--no-semantic" };
        let said = (self.semantic || self.no_semantic).then_some(self.semantic);
        let of = |flag: &'static str, semantic: Semantic| Layer {
            origin: Origin::Flag(flag),
            written: Written { semantic, ..Written::default() },
        };
        let enabled = said.map(|enabled| of(flag, Semantic { enabled: Some(enabled), ..Semantic::default() }));
        let ollama = |url, model| Semantic { ollama: Ollama { url, model }, ..Semantic::default() };
        let url = self.ollama_url.clone().map(|url| of("--ollama-url", ollama(Some(url), None)));
        let model = self.ollama_model.clone().map(|model| of("--ollama-model", ollama(None, Some(model))));
        [enabled, url, model].into_iter().flatten()
    }
}
