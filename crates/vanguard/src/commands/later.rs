//! Flags of 1.5.0 for layers that are not in this release.

/// Flags of 1.5.0 for layers that are not in this release.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted for compatibility, not in this release")]
pub(crate) struct Later {
    /// Score calls by a language model (layer 2)
    #[arg(long, overrides_with = "no_semantic")]
    semantic: bool,
    /// The opposite
    #[arg(long, overrides_with = "semantic")]
    no_semantic: bool,
    /// Where Ollama answers
    #[arg(long, value_name = "URL")]
    ollama_url: Option<String>,
    /// Which model to ask
    #[arg(long, short = 'm', value_name = "MODEL")]
    ollama_model: Option<String>,
}

impl Later {
    /// A line for each protection that was asked for by flag and is not there.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let asked = [
            (self.semantic, "--semantic asks for semantic scoring (layer 2)"),
            (
                !self.semantic && (self.ollama_url.is_some() || self.ollama_model.is_some()),
                "--ollama-… is for semantic scoring (layer 2)",
            ),
        ];
        let asked = asked.into_iter().filter(|(asked, _)| *asked);
        asked.map(|(_, what)| format!("{what}, which is not in this release: layer 1 alone judges")).collect()
    }
}
