//! What texts mean, as it is written and as it is meant.

mod asked;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vanguard_engine::meaning::Meaning;

use super::origin::pick;
use super::{Layer, Set};
use crate::exit::Failure;

pub(crate) use asked::Asked;

/// Layer 2: what texts mean, by a scorer inside the program, and by a language model where there is one.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Semantic {
    /// Whether texts are scored.
    pub(crate) enabled: Option<bool>,
    /// The score from which on a text is worth a warning: 0 to 1.
    pub(crate) warn: Option<f32>,
    /// The score from which on it is refused: 0 to 1.
    pub(crate) block: Option<f32>,
    /// Who is asked beside the scorer inside the program: `embedded` (nobody), `ollama`, `openai` (and all servers that speak like it),
    /// `anthropic`, or `onnx` (a classifier in a file; in builds with the feature `onnx`). Where nobody says: nobody, unless `enabled` is said and
    /// a server is named below.
    pub(crate) backend: Option<BackendName>,
    /// Whether messages wait for it: `async` (they go on; what is said later is recorded, and calls that send or run something are judged
    /// by it), `sync` (they are held for `deadline_ms` at most) or `off`.
    pub(crate) mode: Option<ModeName>,
    /// What it is asked about: `doubts` (texts in which a rule warns), `acts` (calls that send or run something), `tools` (lists of tools).
    /// All of it by default.
    pub(crate) ask: Option<Vec<AboutName>>,
    /// What becomes of a text that should have a score and has none: `open` (it passes, and the record says so) or `closed` (it is
    /// refused; where it has passed already, calls that send or run something are, for as long as `pause_seconds`). `closed` in `strict` by default.
    pub(crate) on_failure: Option<OnFailureName>,
    /// Milliseconds that a message is held for a score: 10 to 60,000.
    pub(crate) deadline_ms: Option<u32>,
    /// Milliseconds that the server's answer may take: 10 to 600,000.
    pub(crate) timeout_ms: Option<u32>,
    /// Calls of the server at once: 1 to 64.
    pub(crate) concurrency: Option<u32>,
    /// Calls in a minute.
    pub(crate) calls_per_minute: Option<u32>,
    /// Tokens in a minute, as reckoned from the length of texts.
    pub(crate) tokens_per_minute: Option<u32>,
    /// Scores that are remembered: 0 to 1,000,000.
    pub(crate) cache_entries: Option<u32>,
    /// How long they are.
    pub(crate) cache_seconds: Option<u32>,
    /// Failures in a row after which the server is left alone: 1 to 1,000.
    pub(crate) failures: Option<u32>,
    /// How long it is left alone, before one question tries it: 1 to 3,600.
    pub(crate) pause_seconds: Option<u32>,
    /// PEM file of who may vouch for the server over https, in the place of the public authorities.
    pub(crate) ca_file: Option<PathBuf>,
    /// How long calls of a session are judged by what was said of texts that had passed.
    pub(crate) risk_seconds: Option<u32>,
    /// An Ollama server.
    pub(crate) ollama: Ollama,
    /// `OpenAI`, Azure, vLLM, Groq, LM Studio, llama.cpp: all that take `/chat/completions`.
    pub(crate) openai: OpenAi,
    /// Anthropic.
    pub(crate) anthropic: Anthropic,
    /// A classifier in an ONNX file, which is run in this process.
    pub(crate) onnx: Onnx,
}

/// An Ollama server.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Ollama {
    /// Where it is.
    pub(crate) url: Option<String>,
    /// The model that is asked.
    pub(crate) model: Option<String>,
}

/// A server like that of `OpenAI`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct OpenAi {
    /// Its base address, up to what stands before `/chat/completions`; for Azure with the deployment and `?api-version=…`.
    pub(crate) url: Option<String>,
    /// The model that is asked.
    pub(crate) model: Option<String>,
    /// The key. Shown masked.
    pub(crate) key: Option<String>,
    /// How it is asked to keep to the form of the answer: `schema`, or where it does not know that `object` or `words`.
    pub(crate) format: Option<FormatName>,
}

/// Anthropic.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Anthropic {
    /// Its base address.
    pub(crate) url: Option<String>,
    /// The model that is asked.
    pub(crate) model: Option<String>,
    /// The key. Shown masked.
    pub(crate) key: Option<String>,
}

/// A classifier in an ONNX file.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(inline)]
pub(crate) struct Onnx {
    /// The file.
    pub(crate) model: Option<PathBuf>,
    /// Its `tokenizer.json`. The one beside the model by default.
    pub(crate) tokenizer: Option<PathBuf>,
    /// The labels that are attacks, by name, or by number from 0. By default those that are called so (`INJECTION`, `JAILBREAK`, `MALICIOUS`…) in
    /// the `config.json` beside the model.
    pub(crate) attack: Option<Vec<String>>,
    /// Tokens that it reads at once: 16 to 8,192. By default 512, or as many as the `config.json` has room for.
    pub(crate) max_tokens: Option<u32>,
    /// Threads that run it, for all texts together: 1 to 64.
    pub(crate) threads: Option<u32>,
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum BackendName {
    Embedded,
    Ollama,
    #[serde(rename = "openai")]
    OpenAi,
    Anthropic,
    Onnx,
}

/// Whether messages wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum ModeName {
    Async,
    Sync,
    Off,
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum AboutName {
    Doubts,
    Acts,
    Tools,
}

/// What becomes of a text that has no score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum OnFailureName {
    Open,
    Closed,
}

/// How a server is asked for the form of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum FormatName {
    Schema,
    Object,
    Words,
}

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Scored {
    pub(crate) enabled: Set<bool>,
    pub(crate) warn: Set<f32>,
    pub(crate) block: Set<f32>,
    pub(crate) asked: Asked,
}

impl Scored {
    pub(crate) fn from_layers(layers: &[Layer]) -> Self {
        let enabled = pick(layers, true, |w| w.semantic.enabled);
        Self {
            warn: pick(layers, Meaning::WARN, |w| w.semantic.warn),
            block: pick(layers, Meaning::BLOCK, |w| w.semantic.block),
            asked: Asked::from_layers(layers, &enabled),
            enabled,
        }
    }

    /// Refuses scores that there are not, and what cannot be asked.
    pub(crate) fn within_reason(&self) -> Result<(), Failure> {
        for (key, set) in [("semantic.warn", &self.warn), ("semantic.block", &self.block)] {
            if !(0.0..=1.0).contains(&set.value) {
                let what = format!("{key} is {} ({}); it must lie between 0 and 1", set.value, set.origin);
                return Err(Failure::Configuration(what));
            }
        }
        self.asked.within_reason()
    }

    /// Who says what texts mean, unless nobody is to.
    pub(crate) fn meaning(&self) -> Result<Option<Meaning>, Failure> {
        if !self.enabled.value {
            return Ok(None);
        }
        let meaning = vanguard_semantic::embedded(self.warn.value, self.block.value);
        meaning.map(Some).map_err(|error| Failure::Configuration(format!("the scorer of layer 2: {error}")))
    }
}

impl Semantic {
    /// The keys that a file which nobody vouches for must not set as it does, where `others` is what holds without it: they say who gets to read
    /// messages, or make less of what is said of them.
    pub(crate) fn loosens(&self, others: &Scored) -> Vec<&'static str> {
        let keys = [
            ("semantic.enabled", self.enabled == Some(false) && others.enabled.value),
            ("semantic.warn", self.warn.is_some_and(|warn| warn > others.warn.value)),
            ("semantic.block", self.block.is_some_and(|block| block > others.block.value)),
            ("semantic.backend", self.backend.is_some()),
            ("semantic.mode", self.mode.is_some()),
            ("semantic.ask", self.ask.is_some()),
            ("semantic.on_failure", self.on_failure == Some(OnFailureName::Open)),
            ("semantic.deadline_ms", self.deadline_ms.is_some()),
            ("semantic.timeout_ms", self.timeout_ms.is_some()),
            ("semantic.concurrency", self.concurrency.is_some()),
            ("semantic.calls_per_minute", self.calls_per_minute.is_some()),
            ("semantic.tokens_per_minute", self.tokens_per_minute.is_some()),
            ("semantic.cache_entries", self.cache_entries.is_some()),
            ("semantic.cache_seconds", self.cache_seconds.is_some()),
            ("semantic.failures", self.failures.is_some()),
            ("semantic.pause_seconds", self.pause_seconds.is_some()),
            ("semantic.ca_file", self.ca_file.is_some()),
            ("semantic.risk_seconds", self.risk_seconds.is_some()),
            ("semantic.ollama", self.ollama.url.is_some() || self.ollama.model.is_some()),
            ("semantic.openai", self.openai.is_written()),
            ("semantic.anthropic", self.anthropic.is_written()),
            ("semantic.onnx", self.onnx.is_written()),
        ];
        keys.into_iter().filter(|(_, refused)| *refused).map(|(key, _)| key).collect()
    }
}

impl OpenAi {
    fn is_written(&self) -> bool {
        self.url.is_some() || self.model.is_some() || self.key.is_some() || self.format.is_some()
    }
}

impl Onnx {
    fn is_written(&self) -> bool {
        let Self { model, tokenizer, attack, max_tokens, threads } = self;
        model.is_some() || tokenizer.is_some() || attack.is_some() || max_tokens.is_some() || threads.is_some()
    }
}

impl Anthropic {
    fn is_written(&self) -> bool {
        self.url.is_some() || self.model.is_some() || self.key.is_some()
    }
}
