//! A classifier of the user's own: a transformer in an ONNX file, with its `tokenizer.json`, run in this process.
//!
//! Nothing leaves the machine, so texts are read as they stand, with their secrets: a mask would hide more from the classifier than from anybody
//! else. A model is trusted as far as a program is that a user installs: it may take time and memory. What it may not do is give anything but a
//! score from 0 to 1 or an error, or end the process by a panic.

mod file;
mod frame;
mod graph;
mod labels;
mod tokens;

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;
use vanguard_engine::meaning::{Meaning, Question, Scored, Unscored};

use crate::remote::{Adviser, Score, Shown, TEXTS, TriedOut};
use file::MAX_CONFIG;
use frame::Flaw;
use graph::Graph;
use labels::{Config, Labels};
use tokens::{Tokens, Window};

pub use file::{MAX_MODEL, MAX_TOKENIZER};
pub use labels::LabelError;

/// Tokens of a window, unless said otherwise or the model has room for fewer.
pub const WINDOW: usize = 512;
/// The most windows of one text.
pub const MAX_WINDOWS: usize = 64;
/// The stack of the thread that reads a model.
const STACK: usize = 32 << 20;

/// A classifier as its user describes it.
#[derive(Debug, Clone)]
pub struct Description {
    /// The ONNX file.
    pub model: PathBuf,
    /// Its `tokenizer.json`; the one beside it, unless said.
    pub tokenizer: Option<PathBuf>,
    /// Labels that are attacks, by name or number; those that are called so, unless said.
    pub attack: Vec<String>,
    /// Tokens of a window.
    pub window: Option<usize>,
    /// Threads that run it, for all texts together.
    pub threads: usize,
    /// How long it may take over one text.
    pub timeout: Duration,
}

/// Why there is no such classifier.
#[derive(Debug, Error)]
pub enum OnnxError {
    /// It cannot be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is too large.
    #[error("{} has more than {most} bytes, which is the most that is read; take a smaller or a quantised one", path.display())]
    Large {
        /// What.
        path: PathBuf,
        /// How much would do.
        most: u64,
    },
    /// It does not hold together.
    #[error("{} is no whole ONNX model (at byte {at}): it was cut off or damaged on its way, or is something else; fetch it again", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// Where.
        at: usize,
    },
    /// It stands for a file.
    #[error("{} is a pointer of Git LFS and not the model itself; `git lfs pull` brings it", path.display())]
    Pointer {
        /// Which file.
        path: PathBuf,
    },
    /// It is of another version.
    #[error(
        "{} is for {}, and this build knows the opsets {} to {}; export it again with opset_version=17",
        path.display(),
        opset.map_or("no opset that it names".to_owned(), |opset| format!("opset {opset} of ONNX")),
        frame::OPSETS.start(),
        frame::OPSETS.end()
    )]
    Opset {
        /// Which file.
        path: PathBuf,
        /// Which version.
        opset: Option<u64>,
    },
    /// Its weights are in another file.
    #[error(
        "{} keeps its weights in another file; put all into one: onnx.save(onnx.load(\"model.onnx\"), \"whole.onnx\") in Python does it",
        path.display()
    )]
    External {
        /// Which file.
        path: PathBuf,
    },
    /// The runtime cannot run it.
    #[error("{}: the model cannot be run: {why}", path.display())]
    Model {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// What it says of itself cannot be read.
    #[error("{}: {error}; fetch it again, or leave it out and say semantic.onnx.attack", path.display())]
    Config {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: serde_json::Error,
    },
    /// Its labels say nothing.
    #[error("{}: {error}", path.display())]
    Labels {
        /// Whose.
        path: PathBuf,
        /// Why.
        error: LabelError,
    },
    /// Its tokenizer cannot be read.
    #[error("{}: no tokenizer as Hugging Face writes them: {why}; semantic.onnx.tokenizer names the tokenizer.json of the model", path.display())]
    Tokenizer {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It scores nothing.
    #[error("{}: it gives no score: {why}", path.display())]
    Trial {
        /// Which model.
        path: PathBuf,
        /// What was tried.
        why: String,
    },
    /// There is something in the environment that would have the runtime speak into the session.
    #[error("{0} is set: the runtime would write to stdout, where the session is; unset it")]
    Talks(&'static str),
}

/// A classifier.
pub struct Classifier {
    name: Arc<str>,
    graph: Graph,
    tokens: Tokens,
    labels: Labels,
    timeout: Duration,
}

impl fmt::Debug for Classifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Classifier").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Classifier {
    /// Reads it, and tries it out: a model that is not for classifying texts is no scorer, and that is better said at the start.
    ///
    /// # Errors
    /// A file is missing, damaged, too large or of another version, or together they give no score.
    pub fn open(description: &Description) -> Result<Self, OnnxError> {
        // A thread of its own: it has stack enough for any nesting that passes, and where the runtime falls over the damage ends with it.
        let path = &description.model;
        let fell = || OnnxError::Model { path: path.clone(), why: "the runtime fell over it".to_owned() };
        thread::scope(|scope| {
            let opening = thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK);
            let opened = opening.spawn_scoped(scope, || Self::read(description));
            let opened = opened.map_err(|error| OnnxError::Read { path: path.clone(), error })?;
            opened.join().unwrap_or_else(|_| Err(fell()))
        })
    }

    fn read(description: &Description) -> Result<Self, OnnxError> {
        for talks in ["RTEN_TIMING", "RTEN_OPTIMIZER_DEBUG", "RTEN_INFER_SHAPES_DEBUG"] {
            if std::env::var_os(talks).is_some() {
                return Err(OnnxError::Talks(talks));
            }
        }
        let path = &description.model;
        let model = file::read(path, MAX_MODEL)?;
        framed(path, &model)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        // Models are called `model.onnx`, each in a folder that says more.
        let called = if stem == "model" && !folder.is_empty() { folder } else { stem };
        let called: String = called.chars().filter(|c| !c.is_control()).take(64).collect();
        let name = format!("onnx {called} {}", file::print(&model)).into();

        let beside = |name| path.with_file_name(name);
        let config = config(&beside("config.json"))?;
        let labels = Labels::new(&config, &description.attack);
        let labels = labels.map_err(|error| OnnxError::Labels { path: path.clone(), error })?;
        let window = description.window.unwrap_or_else(|| config.max_position_embeddings.unwrap_or(WINDOW).min(WINDOW));
        let tokenizer = description.tokenizer.clone().unwrap_or_else(|| beside("tokenizer.json"));
        let tokens = Tokens::new(&tokenizer, &file::read(&tokenizer, MAX_TOKENIZER)?, window)?;
        let graph = Graph::new(path, model, description.threads)?;
        let classifier = Self { name, graph, tokens, labels, timeout: description.timeout };
        classifier.prove().map_err(|why| OnnxError::Trial { path: path.clone(), why })?;
        Ok(classifier)
    }

    /// Whether it scores a text of our own, and has a place for every token and for as many as a window holds.
    fn prove(&self) -> Result<(), String> {
        let (_, text) = TEXTS[0];
        let windows = self.tokens.windows(text).ok_or("its tokenizer makes nothing of a sentence")?;
        for window in &windows {
            self.window(window)
                .map_err(|_| "of a sentence it makes no numbers, one for each of its labels".to_owned())?;
        }
        let fullest = self.tokens.fullest();
        let (count, last) = (fullest.ids.len(), fullest.ids.first().copied().unwrap_or_default());
        let scored = self.window(&fullest).map_err(|_| {
            format!("it fails on {count} tokens with the number {last}; is the tokenizer another model's, or semantic.onnx.max_tokens too large?")
        });
        scored.map(|_| ())
    }

    /// The score of one window, and its likeliest label.
    fn window(&self, window: &Window) -> Result<(f32, String), Unscored> {
        self.labels.score(&self.graph.logits(window)?)
    }

    /// The score of a text: that of its worst window. What has not been read when the time is over has none; but what is found by then is found.
    fn text(&self, text: &str) -> Result<(Scored, Option<u64>), Unscored> {
        let begun = Instant::now();
        let windows = self.tokens.windows(text).ok_or(Unscored::NoScore)?;
        if windows.len() > MAX_WINDOWS {
            return Err(Unscored::Endless);
        }
        let (mut worst, mut tokens) = (None::<(f32, String, usize)>, 0);
        for (n, window) in windows.iter().enumerate() {
            if n > 0 && begun.elapsed() > self.timeout {
                match &worst {
                    Some((score, ..)) if *score >= Meaning::WARN => break,
                    _ => return Err(Unscored::Endless),
                }
            }
            let (score, label) = self.window(window)?;
            tokens += window.ids.len() as u64;
            if worst.as_ref().is_none_or(|(worst, ..)| score > *worst) {
                worst = Some((score, label, n + 1));
            }
        }
        let (score, label, at) = worst.ok_or(Unscored::NoScore)?;
        let label: String = label.chars().filter(|c| !c.is_control()).take(100).collect();
        let reason = match windows.len() {
            1 => format!("classified as {label:?}"),
            count => format!("classified as {label:?} in part {at} of {count}"),
        };
        let took = begun.elapsed().max(Duration::from_nanos(1));
        Ok((Scored { score, reason: reason.into(), by: Arc::clone(&self.name), took }, Some(tokens)))
    }

    /// The same where a panic is no score either. It can be the doing of a text, so it does not count as the scorer's state.
    fn caught(&self, text: &str) -> Result<(Scored, Option<u64>), Unscored> {
        catch_unwind(AssertUnwindSafe(|| self.text(text))).unwrap_or(Err(Unscored::NoScore))
    }
}

/// The texts of a question as one: a part of an attack in each of them is an attack.
fn joined(question: &Question) -> String {
    question.texts().collect::<Vec<_>>().join("\n")
}

impl Score for Classifier {
    fn score(&self, question: &Question) -> Result<(Scored, Option<u64>), Unscored> {
        self.caught(&joined(question))
    }
}

impl Adviser for Classifier {
    fn name(&self) -> &str {
        &self.name
    }

    fn try_out(&self) -> [TriedOut; 2] {
        TEXTS.map(|(text, words)| TriedOut {
            text,
            scored: self.caught(words).map(|(scored, _)| scored),
            wrote: String::new(),
        })
    }

    fn shows(&self, question: &Question) -> Result<Shown, Unscored> {
        let text = joined(question);
        let windows = catch_unwind(AssertUnwindSafe(|| self.tokens.windows(&text))).ok().flatten();
        let windows = windows.ok_or(Unscored::NoScore)?.iter().map(|window| window.ids.len()).collect();
        Ok(Shown::Read { text, windows })
    }
}

/// Refuses a file that does not hold together.
fn framed(path: &Path, model: &[u8]) -> Result<(), OnnxError> {
    let path = path.to_owned();
    if model.starts_with(b"version https://git-lfs.github.com/") {
        return Err(OnnxError::Pointer { path });
    }
    frame::check(model).map_err(|flaw| match flaw {
        Flaw::Broken(at) => OnnxError::Broken { path, at },
        Flaw::Empty => OnnxError::Broken { path, at: model.len() },
        Flaw::Deep => OnnxError::Model { path, why: "its graphs are nested beyond reason".to_owned() },
        Flaw::Opset(opset) => OnnxError::Opset { path, opset },
    })
}

/// What stands beside the model, if anything does.
fn config(path: &Path) -> Result<Config, OnnxError> {
    match file::read(path, MAX_CONFIG) {
        Ok(json) => serde_json::from_slice(&json).map_err(|error| OnnxError::Config { path: path.to_owned(), error }),
        Err(OnnxError::Read { error, .. }) if error.kind() == io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(error),
    }
}

/// What threads of a scorer are called.
const THREAD: &str = "scorer";
