//! Who is asked beside the scorer inside the program, and how.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use vanguard_engine::meaning::{About, Asking, Counsel, Wait};
use vanguard_engine::policy::Profile;
use vanguard_semantic::remote::{Adviser, Backend, Client, Format, Kind, Limits, Remote};

use super::{AboutName, BackendName, FormatName, ModeName, OnFailureName, Scored};
use crate::config::origin::pick;
use crate::config::{Layer, Origin, Set};
use crate::exit::Failure;

/// What holds.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) backend: Set<BackendName>,
    pub(crate) mode: Set<ModeName>,
    pub(crate) about: Set<Vec<AboutName>>,
    /// `None` where nobody said: then it depends on the profile.
    pub(crate) on_failure: Set<Option<OnFailureName>>,
    /// Each with its key and what it must lie between.
    pub(crate) numbers: Vec<Number>,
    pub(crate) ca_file: Set<Option<PathBuf>>,
    pub(crate) ollama_url: Set<Option<String>>,
    pub(crate) ollama_model: Set<Option<String>>,
    pub(crate) openai_url: Set<Option<String>>,
    pub(crate) openai_model: Set<Option<String>>,
    pub(crate) openai_key: Set<Option<String>>,
    pub(crate) openai_format: Set<FormatName>,
    pub(crate) anthropic_url: Set<Option<String>>,
    pub(crate) anthropic_model: Set<Option<String>>,
    pub(crate) anthropic_key: Set<Option<String>>,
    pub(crate) onnx_model: Set<Option<PathBuf>>,
    pub(crate) onnx_tokenizer: Set<Option<PathBuf>>,
    pub(crate) onnx_attack: Set<Option<Vec<String>>>,
    pub(crate) onnx_max_tokens: Set<Option<u32>>,
    pub(crate) onnx_threads: Set<u32>,
}

/// Who is asked, and about what.
type Advised = (Arc<dyn Counsel>, Asking);

/// One number, and its bounds.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    pub(crate) key: &'static str,
    pub(crate) set: Set<u32>,
    least: u32,
    most: u32,
}

/// The numbers in their order.
#[derive(Clone, Copy)]
enum Of {
    Deadline,
    Timeout,
    Concurrency,
    Calls,
    Tokens,
    Cached,
    CachedFor,
    Failures,
    Pause,
    Risk,
}

impl Asked {
    pub(super) fn from_layers(layers: &[Layer], enabled: &Set<bool>) -> Self {
        let text =
            |get: fn(&super::Semantic) -> &Option<String>| pick(layers, None, |w| get(&w.semantic).clone().map(Some));
        let number = |key, default, least, most, get: fn(&super::Semantic) -> Option<u32>| Number {
            key,
            set: pick(layers, default, |w| get(&w.semantic)),
            least,
            most,
        };
        let mut asked = Self {
            backend: pick(layers, BackendName::Embedded, |w| w.semantic.backend),
            mode: pick(layers, ModeName::Async, |w| w.semantic.mode),
            about: pick(layers, vec![AboutName::Doubts, AboutName::Acts, AboutName::Tools], |w| w.semantic.ask.clone()),
            on_failure: pick(layers, None, |w| w.semantic.on_failure.map(Some)),
            numbers: vec![
                number("semantic.deadline_ms", 1_500, 10, 60_000, |s| s.deadline_ms),
                number("semantic.timeout_ms", 5_000, 10, 600_000, |s| s.timeout_ms),
                number("semantic.concurrency", 4, 1, 64, |s| s.concurrency),
                number("semantic.calls_per_minute", 120, 1, 1_000_000, |s| s.calls_per_minute),
                number("semantic.tokens_per_minute", 200_000, 1_000, 1_000_000_000, |s| s.tokens_per_minute),
                number("semantic.cache_entries", 4_096, 0, 1_000_000, |s| s.cache_entries),
                number("semantic.cache_seconds", 3_600, 1, 604_800, |s| s.cache_seconds),
                number("semantic.failures", 5, 1, 1_000, |s| s.failures),
                number("semantic.pause_seconds", 30, 1, 3_600, |s| s.pause_seconds),
                number("semantic.risk_seconds", 900, 1, 604_800, |s| s.risk_seconds),
            ],
            ca_file: pick(layers, None, |w| w.semantic.ca_file.clone().map(Some)),
            ollama_url: text(|s| &s.ollama.url),
            ollama_model: text(|s| &s.ollama.model),
            openai_url: text(|s| &s.openai.url),
            openai_model: text(|s| &s.openai.model),
            openai_key: text(|s| &s.openai.key),
            openai_format: pick(layers, FormatName::Schema, |w| w.semantic.openai.format),
            anthropic_url: text(|s| &s.anthropic.url),
            anthropic_model: text(|s| &s.anthropic.model),
            anthropic_key: text(|s| &s.anthropic.key),
            onnx_model: pick(layers, None, |w| w.semantic.onnx.model.clone().map(Some)),
            onnx_tokenizer: pick(layers, None, |w| w.semantic.onnx.tokenizer.clone().map(Some)),
            onnx_attack: pick(layers, None, |w| w.semantic.onnx.attack.clone().map(Some)),
            onnx_max_tokens: pick(layers, None, |w| w.semantic.onnx.max_tokens.map(Some)),
            onnx_threads: pick(layers, 1, |w| w.semantic.onnx.threads),
        };
        if let Some(implied) = asked.implied(enabled) {
            asked.backend = implied;
        }
        asked
    }

    /// As 1.5.0 had it: who asks for scores, and has a key or an Ollama, asks that. A key that lies in the environment for something else sends
    /// nobody's messages anywhere.
    fn implied(&self, enabled: &Set<bool>) -> Option<Set<BackendName>> {
        if self.backend.origin != Origin::Default || enabled.origin == Origin::Default || !enabled.value {
            return None;
        }
        let named = [
            (&self.openai_key, BackendName::OpenAi),
            (&self.ollama_url, BackendName::Ollama),
            (&self.ollama_model, BackendName::Ollama),
        ];
        let (set, value) = named.into_iter().find(|(set, _)| set.value.is_some())?;
        Some(Set { value, origin: set.origin.clone() })
    }

    pub(super) fn within_reason(&self) -> Result<(), Failure> {
        let of_onnx = self.onnx_max_tokens.value.map(|value| {
            let set = Set { value, origin: self.onnx_max_tokens.origin.clone() };
            Number { key: "semantic.onnx.max_tokens", set, least: 16, most: 8_192 }
        });
        let threads = Number { key: "semantic.onnx.threads", set: self.onnx_threads.clone(), least: 1, most: 64 };
        for Number { key, set, least, most } in self.numbers.iter().chain(&of_onnx).chain([&threads]) {
            if !(*least..=*most).contains(&set.value) {
                let what = format!("{key} is {} ({}); it must lie between {least} and {most}", set.value, set.origin);
                return Err(Failure::Configuration(what));
            }
        }
        Ok(())
    }

    fn number(&self, of: Of) -> u32 {
        self.numbers.get(of as usize).map_or(0, |number| number.set.value)
    }

    fn duration(&self, of: Of) -> Duration {
        let number = self.number(of).into();
        match of {
            Of::Deadline | Of::Timeout => Duration::from_millis(number),
            _ => Duration::from_secs(number),
        }
    }
}

impl Scored {
    /// Whoever is to be asked, if anybody is.
    pub(crate) fn adviser(&self) -> Result<Option<Box<dyn Adviser>>, Failure> {
        let asked = &self.asked;
        let kind = match asked.backend.value {
            _ if !self.enabled.value => return Ok(None),
            BackendName::Embedded => return Ok(None),
            BackendName::Ollama => Kind::Ollama,
            BackendName::OpenAi => Kind::OpenAi,
            BackendName::Anthropic => Kind::Anthropic,
            BackendName::Onnx => return self.classifier().map(Some),
        };
        self.client(kind).map(|client| Some(Box::new(client) as Box<dyn Adviser>))
    }

    /// The classifier in a file.
    #[cfg(feature = "onnx")]
    fn classifier(&self) -> Result<Box<dyn Adviser>, Failure> {
        let asked = &self.asked;
        let model = asked.onnx_model.value.clone().ok_or_else(|| {
            let origin = &asked.backend.origin;
            Failure::Configuration(format!(
                "semantic.backend is onnx ({origin}): semantic.onnx.model must name the file"
            ))
        })?;
        let description = vanguard_semantic::onnx::Description {
            model,
            tokenizer: asked.onnx_tokenizer.value.clone(),
            attack: asked.onnx_attack.value.clone().unwrap_or_default(),
            window: asked.onnx_max_tokens.value.map(|tokens| tokens as usize),
            threads: asked.onnx_threads.value as usize,
            timeout: asked.duration(Of::Timeout),
        };
        let classifier = vanguard_semantic::onnx::Classifier::open(&description);
        let classifier = classifier
            .map_err(|error| Failure::Configuration(format!("semantic.onnx ({}): {error}", asked.onnx_model.origin)));
        Ok(Box::new(classifier?))
    }

    /// What runs it was left out of this build.
    #[cfg(not(feature = "onnx"))]
    fn classifier(&self) -> Result<Box<dyn Adviser>, Failure> {
        let origin = &self.asked.backend.origin;
        Err(Failure::Configuration(format!(
            "semantic.backend is onnx ({origin}), and this build has no ONNX: build it with `cargo install --locked --path crates/vanguard --features onnx`"
        )))
    }

    /// A client of a server.
    fn client(&self, kind: Kind) -> Result<Client, Failure> {
        let asked = &self.asked;
        let (url, model, key) = match kind {
            Kind::Ollama => (&asked.ollama_url, &asked.ollama_model, None),
            Kind::OpenAi => (&asked.openai_url, &asked.openai_model, Some(&asked.openai_key)),
            Kind::Anthropic => (&asked.anthropic_url, &asked.anthropic_model, Some(&asked.anthropic_key)),
        };
        let format = match asked.openai_format.value {
            FormatName::Schema => Format::Schema,
            FormatName::Object => Format::Object,
            FormatName::Words => Format::Words,
        };
        let key = key.and_then(|key| key.value.as_deref());
        let (at, model) = (url.value.as_deref().unwrap_or(kind.url()), model.value.as_deref().unwrap_or(kind.model()));
        let backend = Backend::new(kind, at, model, key, format).map_err(|error| {
            Failure::Configuration(format!("semantic.{} ({}): {error}", kind.name(), asked.backend.origin))
        })?;
        let Set { value: file, origin } = &asked.ca_file;
        let of_file = |error: &dyn fmt::Display| {
            let file = file.as_deref().unwrap_or(Path::new("")).display();
            Failure::Configuration(format!("semantic.ca_file ({origin}): {file}: {error}"))
        };
        let roots = file.as_ref().map(std::fs::read).transpose().map_err(|error| of_file(&error))?;
        Client::new(backend, asked.duration(Of::Timeout), roots.as_deref()).map_err(|error| of_file(&error))
    }

    /// Who is asked at the edge, and about what.
    pub(crate) fn counsel(&self, profile: Profile) -> Result<Option<Advised>, Failure> {
        let asked = &self.asked;
        let wait = match asked.mode.value {
            ModeName::Off => return Ok(None),
            ModeName::Async => Wait::Goes,
            ModeName::Sync => Wait::Held,
        };
        let Some(adviser) = self.adviser()? else { return Ok(None) };
        let limits = Limits {
            timeout: asked.duration(Of::Timeout),
            deadline: (wait == Wait::Held).then(|| asked.duration(Of::Deadline)),
            concurrency: asked.number(Of::Concurrency) as usize,
            calls_a_minute: asked.number(Of::Calls),
            tokens_a_minute: asked.number(Of::Tokens),
            cached: asked.number(Of::Cached) as usize,
            cached_for: asked.duration(Of::CachedFor),
            failures: asked.number(Of::Failures),
            pause: asked.duration(Of::Pause),
        };
        let about = asked.about.value.iter().fold(About::empty(), |all, name| {
            all | match name {
                AboutName::Doubts => About::DOUBTS,
                AboutName::Acts => About::ACTS,
                AboutName::Tools => About::TOOLS,
            }
        });
        let asking = Asking {
            about,
            wait,
            warn: self.warn.value,
            block: self.block.value,
            closed: self.on_failure(profile) == OnFailureName::Closed,
            memory: asked.duration(Of::Risk),
            unscored_memory: asked.duration(Of::Pause),
        };
        Ok(Some((Arc::new(Remote::new(adviser, limits)), asking)))
    }

    /// What becomes of a text that has no score.
    pub(crate) fn on_failure(&self, profile: Profile) -> OnFailureName {
        let own = if profile == Profile::Strict { OnFailureName::Closed } else { OnFailureName::Open };
        self.asked.on_failure.value.unwrap_or(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::parse;

    fn scored(texts: &[&str]) -> Scored {
        let layer = |text: &&str| Layer { origin: Origin::Flag("x"), written: parse(text, "x").expect("valid") };
        Scored::from_layers(&texts.iter().map(layer).collect::<Vec<_>>())
    }

    #[test]
    fn nobody_is_asked_unless_somebody_says_so() {
        for (text, backend) in [
            ("semantic: {}", BackendName::Embedded),
            ("semantic: {openai: {key: k}}", BackendName::Embedded),
            ("semantic: {ollama: {url: 'http://a'}}", BackendName::Embedded),
            ("semantic: {enabled: false, openai: {key: k}}", BackendName::Embedded),
            ("semantic: {enabled: true}", BackendName::Embedded),
            ("semantic: {enabled: true, openai: {key: k}}", BackendName::OpenAi),
            ("semantic: {enabled: true, ollama: {model: m}}", BackendName::Ollama),
            ("semantic: {enabled: true, openai: {key: k}, ollama: {model: m}}", BackendName::OpenAi),
            ("semantic: {enabled: true, backend: embedded, openai: {key: k}}", BackendName::Embedded),
            ("semantic: {backend: anthropic}", BackendName::Anthropic),
        ] {
            assert_eq!(scored(&[text]).asked.backend.value, backend, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_asked_is_said_without_the_key() {
        for (text, said) in [
            ("semantic: {backend: openai}", "takes a key"),
            ("semantic: {backend: anthropic}", "takes a key"),
            ("semantic: {backend: openai, openai: {key: 'sk hunter2', url: 'https://a/v1'}}", "no header"),
            ("semantic: {backend: openai, openai: {key: hunter2, url: 'http://a/v1'}}", "https only"),
            ("semantic: {backend: ollama, ollama: {url: localhost}}", "http://host:port"),
            ("semantic: {backend: ollama, ollama: {url: 'http://a:hunter2@b'}}", "a password"),
            ("semantic: {backend: ollama, ollama: {model: ' '}}", "no name"),
        ] {
            let failure = scored(&[text]).counsel(Profile::Balanced).expect_err(text).to_string();
            assert!(failure.contains(said) && !failure.contains("hunter2"), "{text}: {failure}");
        }
        let fits = "semantic: {backend: openai, mode: sync, openai: {key: hunter2, url: 'http://127.0.0.1:1/v1'}}";
        let counsel = scored(&[fits]).counsel(Profile::Balanced).expect("valid");
        let (counsel, asking) = counsel.expect("somebody");
        assert!(!format!("{counsel:?} {:?}", scored(&[fits]).adviser()).contains("hunter2"));
        assert_eq!((asking.wait, asking.closed), (Wait::Held, false));
    }

    #[test]
    fn a_file_of_authorities_that_holds_none_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("ca.pem");
        let text = format!("semantic: {{backend: ollama, ca_file: {}}}", file.display());
        let said = || scored(&[&text]).adviser().expect_err("no authority").to_string();
        assert!(said().contains("semantic.ca_file") && said().contains("ca.pem"), "{}", said());
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----").expect("written");
        assert!(said().contains("hold none in PEM"), "{}", said());
    }

    #[test]
    fn a_classifier_that_cannot_be_had_is_said() {
        let failure =
            scored(&["semantic: {backend: onnx}"]).counsel(Profile::Balanced).expect_err("no model").to_string();
        let said = if cfg!(feature = "onnx") { "semantic.onnx.model must name the file" } else { "--features onnx" };
        assert!(failure.contains(said), "{failure}");
        // Whoever does not ask for it gets on without it.
        assert!(scored(&["semantic: {onnx: {model: /nowhere}}"]).adviser().expect("nobody").is_none());
    }

    #[test]
    fn what_has_no_score_is_refused_in_strict_or_by_word() {
        let of = |text: &str, profile| scored(&[text]).on_failure(profile);
        assert_eq!(of("semantic: {}", Profile::Balanced), OnFailureName::Open);
        assert_eq!(of("semantic: {}", Profile::Strict), OnFailureName::Closed);
        assert_eq!(of("semantic: {on_failure: closed}", Profile::Monitor), OnFailureName::Closed);
        assert_eq!(of("semantic: {on_failure: open}", Profile::Strict), OnFailureName::Open);
    }

    #[test]
    fn a_number_out_of_bounds_is_refused() {
        for (text, fits) in [
            ("semantic: {deadline_ms: 10}", true),
            ("semantic: {deadline_ms: 9}", false),
            ("semantic: {concurrency: 65}", false),
            ("semantic: {cache_entries: 0}", true),
            ("semantic: {onnx: {max_tokens: 256, threads: 2}}", true),
            ("semantic: {onnx: {max_tokens: 15}}", false),
            ("semantic: {onnx: {threads: 0}}", false),
        ] {
            assert_eq!(scored(&[text]).within_reason().is_ok(), fits, "{text}");
        }
    }
}
