//! Flags of 1.5.0 for layers that are not in this release.

/// Flags of 1.5.0 for layers that are not in this release.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Accepted for compatibility, not in this release")]
pub(crate) struct Later {
    /// Where Ollama answers
    #[arg(long, value_name = "URL")]
    ollama_url: Option<String>,
    /// Which model to ask
    #[arg(long, short = 'm', value_name = "MODEL")]
    ollama_model: Option<String>,
}

impl Later {
    /// A line for what was asked for by flag and is not there.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let asked = self.ollama_url.is_some() || self.ollama_model.is_some();
        let what = "--ollama-… is for scoring by a language model, which is not in this release";
        asked.then(|| what.to_owned()).into_iter().collect()
    }
}
